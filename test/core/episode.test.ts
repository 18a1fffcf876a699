import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Alert, alertKey, isOver, seriesKey, seriesOf } from '../../src/core/alert.ts'
import {
  begunAt,
  countsFrom,
  type Episode,
  type EpisodeEvent,
  episodeState,
  faultOf,
  foldEpisode,
  foldEpisodeEvents,
  isLost,
  isSpent,
  newEpisode,
  occurrencesOf,
  ruledEvent,
} from '../../src/core/episode.ts'

const HEAD = { episode: 'e1', about: 'device', device: 'PL-0001/pos1', store: 'PL-0001', rule: 'drawer' } as const

function alert(id: string, state: Alert['state'] = 'firing', more: Partial<Alert> = {}): Alert {
  const nothing = { severity: '', text: '', labels: {}, started_at: '', hosts: [] }
  return { source: 'zabbix', id, state, name: 'Drawer', ...nothing, ...more }
}

function at(minute: number): string {
  return new Date(Date.UTC(2026, 10, 30, 10, minute)).toISOString()
}

function heard(minute: number, id: string, state: Alert['state'] = 'firing', more: Partial<Alert> = {}): EpisodeEvent {
  return { type: 'alert', at: at(minute), alert: alert(id, state, more) }
}

const begun = newEpisode(HEAD, alert('1'), at(0))
const fold = (...events: readonly EpisodeEvent[]): Episode => foldEpisodeEvents(begun, events)
const started = (minute: number, attempt: number): EpisodeEvent => ({
  type: 'attempt.started',
  at: at(minute),
  attempt,
  params: {},
})
type Finished = Extract<EpisodeEvent, { type: 'attempt.finished' }>
const finished = (minute: number, attempt: number, more: Partial<Finished>): EpisodeEvent => ({
  type: 'attempt.finished',
  at: at(minute),
  attempt,
  run: 'r',
  state: 'changed',
  why: null,
  ...more,
})

describe('an episode in one word', () => {
  it.each<[string, string, readonly EpisodeEvent[]]>([
    ['waits while something fires and nothing is decided', 'waiting', [heard(0, '1')]],
    ['says what is decided', 'asks', [heard(0, '1'), { type: 'noted', at: at(1), note: 'asks', why: 'mode: ask' }]],
    ['is being repaired while an attempt is under way', 'repairing', [heard(0, '1'), started(1, 1)]],
    [
      'is repaired by one that helped, until monitoring says so',
      'repaired',
      [heard(0, '1'), started(1, 1), finished(2, 1, {})],
    ],
    ['is clear when all is resolved', 'clear', [heard(0, '1'), heard(3, '1', 'resolved')]],
    [
      'is lost when monitoring does not see it any more',
      'lost',
      [heard(0, '1'), heard(3, '1', 'resolved', { lost: 'the item is disabled' })],
    ],
    ['is closed by that alone', 'closed', [heard(0, '1'), { type: 'closed', at: at(9), why: 'clear for 10m' }]],
  ])('%s', (_, word, events) => {
    expect(episodeState(fold(...events))).toBe(word)
  })
})

describe('what comes of an attempt', () => {
  it.each<[string, Partial<Finished>, string]>([
    ['a change', { state: 'changed' }, 'helped'],
    ['nothing to change', { state: 'in-sync' }, 'helped'],
    ['nothing to change, by a runbook that only gathers', { state: 'in-sync', looked: true }, 'looked'],
    ['a failure, by a runbook that only gathers', { state: 'failed', looked: true }, 'failed'],
    ['a check that does not hold', { state: 'unmet' }, 'failed'],
    ['put off', { state: 'deferred', not_before: at(59) }, 'held'],
    ['never sent, for reasons of ours', { state: 'failed', unmade: true }, 'held'],
    ['no run', { state: null, why: 'no such runbook' }, 'failed'],
  ])('%s', (_, more, result) => {
    const [attempt] = fold(heard(0, '1'), started(1, 1), finished(2, 1, more)).attempts
    expect(attempt).toMatchObject({
      result,
      started_at: at(1),
      finished_at: at(2),
      ...(more.not_before && { not_before: at(59) }),
    })
    expect(attempt && isSpent(attempt)).toBe(result !== 'held')
  })

  it('what was held stands once, with how often and since when', () => {
    const held = (minute: number, attempt: number) => [
      started(minute, attempt),
      finished(minute + 1, attempt, { state: 'deferred' }),
    ]
    const { attempts } = fold(heard(0, '1'), ...held(1, 1), ...held(3, 2), ...held(5, 3), started(7, 4))
    expect(attempts).toMatchObject([{ attempt: 4, result: 'running', held: { times: 3, since: at(1) } }])
  })

  it('one whose maker is gone counts as made, and no late word of it changes that', () => {
    const doubtful: EpisodeEvent = { type: 'attempt.doubtful', at: at(2), attempt: 1 }
    const { attempts } = fold(heard(0, '1'), started(1, 1), doubtful, finished(9, 1, {}))
    expect(attempts).toMatchObject([{ result: 'doubtful', finished_at: at(2) }])
  })

  it('is told once monitoring took it', () => {
    const told = (why: string | null): EpisodeEvent => ({ type: 'told', at: at(3), attempt: 1, why })
    expect(fold(started(1, 1), told('502')).told).toBe(0)
    expect(fold(started(1, 1), told('502'), told(null)).told).toBe(1)
  })
})

describe('alerts of an episode', () => {
  it('one that was resolved stays so, however late its beginning is told', () => {
    const late = fold(heard(0, '1'), heard(2, '1', 'resolved'), heard(3, '1'))
    expect(episodeState(late)).toBe('clear')
    expect(late.alerts[alertKey(alert('1'))]).toMatchObject({ state: 'resolved', first_at: at(0) })
    const again = fold(heard(0, '1'), heard(2, '1', 'resolved'), { ...heard(3, '1'), again: true } as EpisodeEvent)
    expect(again).toMatchObject({ flaps: 1, firing_since: at(3), clear_since: null })
    expect(occurrencesOf(again)).toBe(2)
  })

  it('what is lost is none that fires, and no all-clear', () => {
    const gone = heard(2, '1', 'resolved', { lost: 'the host is disabled' })
    expect(isLost(fold(heard(0, '1'), gone))).toBe(true)
    expect(isLost(fold(heard(0, '1'), gone, heard(3, '2')))).toBe(false)
    expect(isLost(fold(heard(0, '1'), gone, heard(3, '1', 'resolved')))).toBe(false)
  })

  it('of a device that flaps for days a hundred resolved ones are known, and all are counted', () => {
    const events = Array.from({ length: 250 }, (_, n) => [heard(n, `${n}`), heard(n, `${n}`, 'resolved')]).flat()
    const many = fold(...events)
    expect(Object.keys(many.alerts)).toHaveLength(100)
    expect(occurrencesOf(many)).toBe(250)
    expect(many.flaps).toBe(249)
  })

  it('many at once come to what one after the other does', () => {
    const event = fc
      .tuple(fc.nat(5), fc.constantFrom<Alert['state']>('firing', 'resolved'), fc.boolean(), fc.boolean(), fc.nat(59))
      .map(([id, state, lost, again, minute]) => ({
        ...heard(minute, `${id}`, state, lost && state === 'resolved' ? { lost: 'gone' } : {}),
        ...(again && state === 'firing' && { again: true as const }),
      })) as fc.Arbitrary<EpisodeEvent>
    const other = fc.constantFrom<EpisodeEvent>(started(1, 1), finished(2, 1, {}), {
      type: 'noted',
      at: at(3),
      note: 'held',
      why: 'freeze',
    })
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: event }, other), { maxLength: 60 }), (events) => {
        const one = events.reduce(foldEpisode, begun)
        const all = foldEpisodeEvents(begun, events)
        expect(all).toEqual(one)
        const firing = Object.values(all.alerts).some(({ state }) => state === 'firing')
        expect(all.firing_since !== null && all.clear_since === null).toBe(firing)
      }),
      { numRuns: 300 },
    )
  })
})

describe('rules and what holds an episode', () => {
  it('another rule takes what was approved by the one before, but for what was spent', () => {
    const approved = (minute: number, by: string): EpisodeEvent => ({ type: 'approved', at: at(minute), by })
    const ask: EpisodeEvent = { type: 'noted', at: at(5), note: 'asks', why: 'mode: ask' }
    const head = { ...HEAD, rule: 'drawer-2', fault: 'drawer-stuck', values: { drawer: '2' } }
    const ruled = ruledEvent({ alert: alert('1'), head, at: at(6) })
    const now = fold(
      heard(0, '1'),
      approved(1, 'anna'),
      started(2, 1),
      finished(3, 1, { state: 'failed' }),
      approved(4, 'ewa'),
      ask,
      ruled,
    )
    expect(now).toMatchObject({ rule: 'drawer-2', fault: 'drawer-stuck', values: { drawer: '2' }, note: null })
    expect(now.approvals.map(({ by }) => by)).toEqual(['anna'])
    const plain = foldEpisode(now, ruledEvent({ alert: alert('1'), head: HEAD, at: at(7) }))
    expect([plain.fault, plain.values]).toEqual([undefined, undefined])
  })

  it('is the same fault by rule, place and values, in whatever order they stand', () => {
    const values = { b: '2', a: '1' }
    expect(faultOf({ ...HEAD, values })).toEqual(faultOf({ ...HEAD, values: { a: '1', b: '2' } }))
    expect(faultOf(HEAD)).toEqual(['drawer', 'PL-0001/pos1'])
    expect(faultOf({ ...HEAD, about: 'store', device: null })).toEqual(['drawer', 'PL-0001'])
  })

  it('since when a repair is wanted outlives the notes that say so, and no other', () => {
    const wanted = (minute: number): EpisodeEvent => ({
      type: 'noted',
      at: at(minute),
      note: 'held',
      why: 'freeze',
      wanted: true,
    })
    expect(fold(wanted(1), wanted(5), wanted(9)).note).toMatchObject({ at: at(9), since: at(1) })
    const between: EpisodeEvent = { type: 'noted', at: at(5), note: 'held', why: 'outage', outage: true }
    expect(fold(wanted(1), between, wanted(9)).note).not.toHaveProperty('since')
  })

  it('is seen to from the end of what held it, and counts once it has fired on without that', () => {
    const released: EpisodeEvent = { type: 'released', at: at(5) }
    const still: EpisodeEvent = { type: 'released', at: at(8), still: true }
    const free = fold(heard(0, '1'), released)
    expect([begunAt(begun), begunAt(free), countsFrom(free)]).toEqual([at(0), at(5), at(0)])
    expect(countsFrom(foldEpisode(free, still))).toBe(at(8))
    const clear = fold(heard(0, '1'), released, still, heard(9, '1', 'resolved'))
    expect(countsFrom(clear)).toBe(at(0))
    expect(fold(heard(0, '1'), still, released)).not.toHaveProperty('counted_at')
  })
})

describe('occurrences of a series', () => {
  const series = 'fp1'
  const key = (beginning: string): string => alertKey({ source: 'grafana', id: `${series} ${beginning}` })

  it('stand under one key', () => {
    expect(seriesOf(key(at(0)))).toBe(seriesKey({ source: 'grafana', series }))
    expect(seriesKey({ source: 'zabbix' })).toBeUndefined()
  })

  it('are over by an all-clear that began no earlier, or ended no earlier', () => {
    expect(isOver(key(at(5)), { started_at: at(5) })).toBe(true)
    expect(isOver(key(at(5)), { started_at: at(4) })).toBe(false)
    expect(isOver(key(at(5)), { started_at: at(4), ended_at: at(6) })).toBe(true)
    expect(isOver(key(at(5)), { started_at: '', ended_at: '' })).toBe(false)
  })
})
