import { expect, test } from 'vitest'
import { type Episode, foldEpisodeEvents, newEpisode } from '../../src/core/episode.ts'
import type { Decision } from '../../src/hooks/decide.ts'
import { peopleAt } from '../../src/hooks/held-back.ts'

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const hours = (day: readonly string[]) => ({
  week: Object.fromEntries(WEEK.map((each) => [each, day])) as never,
  exceptions: {},
})
const SHOP = { hours: hours(['07:00-22:00']), time_zone: 'Europe/Warsaw' }
const NEVER = { hours: hours([]), time_zone: 'Europe/Warsaw' }

const alert = {
  source: 's',
  id: 'a',
  state: 'firing',
  name: 'x',
  severity: '',
  text: '',
  labels: {},
  started_at: '',
  hosts: [],
} as const
const head = { episode: 'E1', rule: 'r', about: 'device', device: 'S/pos1', store: 'S' } as const
const WAITING: Decision = { do: 'wait', until: null, why: '', isWanted: true }

/** An episode whose repair was held back from a time on. */
function held(from: string, ...more: readonly string[]): Episode {
  const events = [from, ...more].flatMap((at, index) => [
    { type: 'attempt.started', at, attempt: index + 1, params: {} } as const,
    { type: 'attempt.finished', at, attempt: index + 1, run: 'r', state: 'deferred', why: 'GUARD_UNKNOWN' } as const,
  ])
  const at = '2026-12-01T00:00:00.000Z'
  return foldEpisodeEvents(newEpisode(head, alert, at), [{ type: 'alert', at, alert }, ...events])
}

function told(episode: Episode, { trading = SHOP as typeof SHOP | undefined, decision = WAITING, now = 0 } = {}) {
  const at = peopleAt(episode, {
    decision,
    rule: { heldForMs: 1_800_000 },
    trading,
    now: now || Date.parse('2026-12-09'),
  })
  return at === undefined ? undefined : new Date(at).toISOString()
}

test('by night a till that is closed calls nobody; the first half an hour of trading counts', () => {
  expect(told(held('2026-12-01T23:00:00.000Z'))).toBe('2026-12-02T06:30:00.000Z')
  expect(told(held('2026-12-01T20:45:00.000Z'))).toBe('2026-12-02T06:15:00.000Z')
  expect(told(held('2026-12-01T12:00:00.000Z'))).toBe('2026-12-01T12:30:00.000Z')
})

test('where nobody trades, or no store is known, all the time counts', () => {
  const night = held('2026-12-01T23:00:00.000Z')
  for (const trading of [NEVER, undefined]) {
    const at = peopleAt(night, {
      decision: WAITING,
      rule: { heldForMs: 60_000 },
      trading,
      now: Date.parse('2026-12-09'),
    })
    expect(at).toBe(Date.parse('2026-12-01T23:01:00.000Z'))
  }
})

test('it counts from the first of those in a row, and not from before it fires', () => {
  expect(told(held('2026-12-01T12:00:00.000Z', '2026-12-01T12:10:00.000Z', '2026-12-01T12:25:00.000Z'))).toBe(
    '2026-12-01T12:30:00.000Z',
  )
  const back = { ...held('2026-12-01T12:00:00.000Z'), firing_since: '2026-12-01T13:00:00.000Z' }
  expect(told(back)).toBe('2026-12-01T13:30:00.000Z')
})

test('what nobody approves counts from when it was asked, also where the words change', () => {
  const asks = (at: string, why: string) => ({ type: 'noted', at, note: 'asks', why, wanted: true }) as const
  const at = '2026-12-01T08:00:00.000Z'
  const asked = foldEpisodeEvents(newEpisode(head, alert, at), [
    { type: 'alert', at, alert },
    asks('2026-12-01T09:00:00.000Z', 'one'),
    asks('2026-12-01T09:20:00.000Z', 'other'),
  ])
  expect(told(asked)).toBe('2026-12-01T09:30:00.000Z')
})

test('what somebody knows of, or what waits for another reason, calls nobody', () => {
  const episode = held('2026-12-01T12:00:00.000Z')
  const note: Decision = { do: 'note', note: 'held', why: 'works', until: null, isKnown: true }
  expect([told(episode, { decision: note }), told(episode, { decision: { do: 'run', attempt: 2 } })]).toEqual([
    undefined,
    undefined,
  ])
})
