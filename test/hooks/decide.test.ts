import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Alert } from '../../src/core/alert.ts'
import { type Episode, type EpisodeEvent, foldEpisode, isFiring, newEpisode } from '../../src/core/episode.ts'
import type { HookRule } from '../../src/core/hook-rule.ts'
import type { EpisodeWorld } from '../../src/core/hook-store.ts'
import type { DeviceState } from '../../src/core/outcome.ts'
import { type Decision, decide, eventsOf } from '../../src/hooks/decide.ts'

const RULE: HookRule = {
  name: 'stuck',
  fault: 'stuck',
  faultSource: { file: 'tillwright.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 },
  match: { text: 'true', steps: [], evaluate: () => ({ ok: true, value: true }) },
  sources: [],
  about: 'device',
  mode: 'act',
  runbook: 'repair',
  params: [],
  forMs: 0,
  settleMs: 30_000,
  cooldownMs: 60_000,
  attempts: { episode: 2, day: 3, useless: 3 },
  perHour: 20,
  clearWithinMs: 600_000,
  heldForMs: 1_800_000,
  quietMs: 300_000,
  source: { file: 'tillwright.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 },
}
const WORLD: EpisodeWorld = {
  deviceAttempts: 0,
  lastAttemptAt: null,
  ruleAttempts: 0,
  useless: 0,
  busy: false,
  earlier: [],
  cause: null,
  storm: null,
  opened: 1,
  calmAt: null,
}
const START = Date.parse('2026-11-29T10:00:00.000Z')
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString()

function alertOf(id: string, state: Alert['state']): Alert {
  const nothing = { severity: '', text: '', labels: {}, started_at: '', hosts: [] }
  return { source: 'test', id, state, name: 'Stuck', ...nothing }
}

function episodeOf(...events: readonly EpisodeEvent[]): Episode {
  const head = { episode: 'E000000000001', rule: 'stuck', about: 'device', device: 'S/pos1', store: 'S' } as const
  return events.reduce(foldEpisode, newEpisode(head, alertOf('a', 'firing'), at(0)))
}

const told = (seconds: number, id: string, state: Alert['state']): EpisodeEvent => {
  return { type: 'alert', at: at(seconds), alert: alertOf(id, state) }
}
const begun = (seconds: number, attempt: number): EpisodeEvent => {
  return { type: 'attempt.started', at: at(seconds), attempt, params: {} }
}
const ended = (seconds: number, attempt: number, state: DeviceState): EpisodeEvent => {
  return { type: 'attempt.finished', at: at(seconds), attempt, run: 'r', state, why: null }
}

function decided(
  episode: Episode,
  seconds: number,
  change: { rule?: Partial<HookRule>; world?: Partial<EpisodeWorld> } = {},
): string {
  const decision: Decision = decide({
    episode,
    rule: { ...RULE, ...change.rule },
    world: { ...WORLD, ...change.world },
    breaker: { episodes: 100, withinMs: 600_000 },
    now: START + seconds * 1000,
  })
  if (decision.do === 'run') return `run ${decision.attempt}`
  if (decision.do === 'note') return `note ${decision.note}`
  if (decision.do === 'close') return `close: ${decision.why}`
  return `wait ${decision.until === null ? 'for news' : (decision.until - START) / 1000}`
}

const FIRING = told(0, 'a', 'firing')
const lost = (seconds: number, id: string): EpisodeEvent => {
  return { type: 'alert', at: at(seconds), alert: { ...alertOf(id, 'resolved'), lost: 'MissingSeries' } }
}
const RULED: EpisodeEvent = { type: 'ruled', at: at(55), alert: alertOf('a', 'firing'), rule: 'other' }
const HELD: EpisodeEvent = { type: 'noted', at: at(1), note: 'held', why: 'works', outage: true }
const SYMPTOM: EpisodeEvent = { type: 'noted', at: at(1), note: 'symptom', why: 'line' }
const deferred = (seconds: number, attempt: number, not_before?: string): EpisodeEvent => {
  const held = { run: 'r', state: 'deferred', why: null, ...(not_before !== undefined && { not_before }) } as const
  return { type: 'attempt.finished', at: at(seconds), attempt, ...held }
}
const RELEASED: EpisodeEvent = { type: 'released', at: at(4_000) }
/** Told by a clock that was an hour ahead. */
const ahead = (...events: readonly EpisodeEvent[]): Episode => {
  return { ...episodeOf(told(3_600, 'a', 'firing'), ...events), opened_at: at(3_600) }
}
const STILL: EpisodeEvent = { type: 'released', at: at(4_020), still: true }

test.each<[string, Episode, number, Parameters<typeof decided>[2], string]>([
  ['waits for causes', episodeOf(FIRING), 29, {}, 'wait 30'],
  ['acts when settled', episodeOf(FIRING), 30, {}, 'run 1'],
  ['acts at once without a settle time', episodeOf(FIRING), 0, { rule: { settleMs: 0 } }, 'run 1'],
  ['waits no longer than its settle time where the clock was ahead', ahead(), 20, {}, 'wait 50'],
  [
    'acts in time where the clock was ahead',
    ahead({ type: 'released', at: at(20) }, { type: 'released', at: at(40), still: true }),
    50,
    {},
    'run 1',
  ],
  ['waits for as long as the rule says', episodeOf(FIRING), 60, { rule: { forMs: 120_000 } }, 'wait 120'],
  [
    'waits for as often as the rule says',
    episodeOf(FIRING),
    60,
    { rule: { often: { times: 2, withinMs: 60_000 } } },
    'wait for news',
  ],
  [
    'acts when it was often enough',
    episodeOf(FIRING, told(9, 'b', 'firing')),
    60,
    { rule: { often: { times: 2, withinMs: 99_000 } } },
    'run 1',
  ],
  ['is a symptom of its store', episodeOf(FIRING), 60, { world: { cause: 'E1' } }, 'note symptom'],
  ['holds still for as long as its storm is open', episodeOf(FIRING), 9_999, { world: { storm: 'I1' } }, 'note held'],
  ['waits until safety lets it be done', episodeOf(FIRING, begun(30, 1), deferred(31, 1, at(400))), 61, {}, 'wait 400'],
  [
    'asks what safety holds back for a weekend once in a while',
    episodeOf(FIRING, begun(30, 1), deferred(31, 1, at(99_999))),
    61,
    {},
    'wait 931',
  ],
  [
    'asks less and less often where nobody knows how long it lasts',
    episodeOf(FIRING, begun(30, 1), deferred(31, 1), begun(2_030, 2), deferred(2_031, 2)),
    2_040,
    {},
    'wait 2231.1',
  ],
  ['is seen to a moment after its store is well', episodeOf(FIRING, SYMPTOM), 4_000, {}, 'wait 4020'],
  ['holds still in a storm', episodeOf(FIRING), 60, { world: { opened: 101 } }, 'note held'],
  ['only watches in shadow', episodeOf(FIRING), 60, { rule: { mode: 'shadow' } }, 'note would-run'],
  ['asks', episodeOf(FIRING), 60, { rule: { mode: 'ask' } }, 'note asks'],
  [
    'acts once it is approved',
    episodeOf(FIRING, { type: 'approved', at: at(50), by: 'ann' }),
    60,
    { rule: { mode: 'ask' } },
    'run 1',
  ],
  [
    'asks again for the second repair',
    episodeOf(FIRING, { type: 'approved', at: at(50), by: 'ann' }, begun(60, 1), ended(70, 1, 'failed')),
    200,
    { rule: { mode: 'ask' } },
    'note asks',
  ],
  [
    'leaves a device alone that was just repaired',
    episodeOf(FIRING),
    60,
    { world: { lastAttemptAt: START + 10_000 } },
    'wait 70',
  ],
  ['leaves a device alone that is being repaired', episodeOf(FIRING), 60, { world: { busy: true } }, 'wait 61'],
  ['keeps to the cap of a device', episodeOf(FIRING), 60, { world: { deviceAttempts: 3 } }, 'note needs-people'],
  ['keeps to the cap of the rule', episodeOf(FIRING), 60, { world: { ruleAttempts: 20 } }, 'note held'],
  [
    'gives up what does not help on a class of devices',
    episodeOf(FIRING),
    60,
    { world: { useless: 3 } },
    'note needs-people',
  ],
  ['does not begin twice', episodeOf(FIRING, begun(30, 1)), 9_999, {}, 'wait for news'],
  [
    'waits for the all-clear after a repair',
    episodeOf(FIRING, begun(30, 1), ended(40, 1, 'changed')),
    60,
    {},
    'wait 640',
  ],
  [
    'tries again when the alert did not go out',
    episodeOf(FIRING, begun(30, 1), ended(40, 1, 'changed')),
    640,
    {},
    'run 2',
  ],
  [
    'counts a repair in doubt as made',
    episodeOf(FIRING, begun(30, 1), { type: 'attempt.doubtful', at: at(40), attempt: 1 }),
    99,
    { rule: { attempts: { episode: 1, day: 9, useless: 9 } } },
    'note needs-people',
  ],
  [
    'counts nothing that safety held back',
    episodeOf(FIRING, begun(30, 1), ended(31, 1, 'deferred')),
    61,
    { rule: { attempts: { episode: 1, day: 9, useless: 9 } } },
    'run 2',
  ],
  [
    'counts nothing that could not be made for reasons of ours',
    episodeOf(FIRING, begun(30, 1), { ...ended(31, 1, 'failed'), unmade: true } as EpisodeEvent),
    61,
    { rule: { attempts: { episode: 1, day: 9, useless: 9 } } },
    'run 2',
  ],
  ['repairs nothing that monitoring does not see any more', episodeOf(FIRING, lost(5, 'a')), 306, {}, 'wait 86405'],
  [
    'closes as not known what nobody has seen for a day',
    episodeOf(FIRING, begun(30, 1), ended(40, 1, 'changed'), lost(50, 'a')),
    86_450,
    {},
    'close: Monitoring does not see it any more: whether the fault is over is not known.',
  ],
  [
    'is over when the end is seen after all',
    episodeOf(FIRING, lost(5, 'a'), told(9, 'a', 'resolved')),
    310,
    {},
    'close: The alert went out by itself.',
  ],
  [
    'drops what was approved when another rule holds',
    episodeOf(FIRING, { type: 'approved', at: at(50), by: 'ann' }, RULED),
    60,
    { rule: { mode: 'ask' } },
    'note asks',
  ],
  [
    'keeps the repairs that were made when another rule holds',
    episodeOf(FIRING, begun(30, 1), ended(40, 1, 'failed'), begun(99, 2), ended(120, 2, 'failed'), RULED),
    999,
    {},
    'note needs-people',
  ],
  [
    'tells people after the last repair',
    episodeOf(FIRING, begun(30, 1), ended(40, 1, 'failed'), begun(99, 2), ended(120, 2, 'failed')),
    999,
    {},
    'note needs-people',
  ],
  ['looks for others when an outage is over', episodeOf(FIRING, HELD), 4_000, { rule: { settleMs: 0 } }, 'wait 4000'],
  ['waits for all-clears when an outage is over', episodeOf(FIRING, HELD), 4_000, {}, 'wait 4020'],
  ['waits for all-clears from the end of an outage on', episodeOf(FIRING, HELD, RELEASED), 4_001, {}, 'wait 4020'],
  ['waits for others that fire on when they are counted', episodeOf(FIRING, HELD, RELEASED), 4_020, {}, 'wait 4030'],
  ['waits for causes until others are counted', episodeOf(FIRING, HELD, RELEASED, STILL), 4_021, {}, 'wait 4030'],
  [
    'is a symptom again when its store is out again',
    episodeOf(FIRING, SYMPTOM, RELEASED),
    4_005,
    { world: { cause: 'E1' } },
    'note symptom',
  ],
  [
    'is looked at after others, also without a settle time',
    episodeOf(FIRING, HELD, RELEASED, told(4_002, 'b', 'firing')),
    4_002,
    { rule: { settleMs: 0 } },
    'wait 4012',
  ],
  [
    'waits for as long as the rule says from the end of an outage on',
    episodeOf(FIRING, HELD, RELEASED),
    4_030,
    { rule: { forMs: 120_000 } },
    'wait 4110',
  ],
  ['acts when an outage was over for long enough', episodeOf(FIRING, HELD, RELEASED, STILL), 4_030, {}, 'run 1'],
  [
    'is not held for what has only just been released',
    episodeOf(FIRING, HELD, RELEASED),
    4_010,
    { world: { opened: 101 } },
    'wait 4020',
  ],
  [
    'holds still when too many of those released fire on',
    episodeOf(FIRING, HELD, RELEASED, STILL),
    4_030,
    { world: { opened: 101 } },
    'note held',
  ],
  [
    'counts what fires on when an outage is over',
    episodeOf(FIRING, told(9, 'b', 'firing'), HELD, RELEASED, STILL),
    4_030,
    { rule: { often: { times: 2, withinMs: 60_000 } } },
    'run 1',
  ],
  [
    'counts nothing that came and went in an outage',
    episodeOf(FIRING, told(9, 'b', 'firing'), told(10, 'b', 'resolved'), HELD, RELEASED, STILL),
    4_030,
    { rule: { often: { times: 2, withinMs: 9_000_000 } } },
    'wait for news',
  ],
  ['waits before it is closed', episodeOf(FIRING, told(5, 'a', 'resolved')), 10, {}, 'wait 305'],
  [
    'closes what went out by itself',
    episodeOf(FIRING, told(5, 'a', 'resolved')),
    305,
    {},
    'close: The alert went out by itself.',
  ],
  [
    'closes what was repaired',
    episodeOf(FIRING, begun(30, 1), ended(40, 1, 'changed'), told(50, 'a', 'resolved')),
    350,
    {},
    'close: Repaired, and the alert went out.',
  ],
  [
    'is the same one when it flaps',
    episodeOf(FIRING, told(5, 'a', 'resolved'), told(9, 'b', 'firing')),
    310,
    {},
    'run 1',
  ],
])('%s', (...[, episode, seconds, change, expected]) => {
  expect(decided(episode, seconds, change)).toBe(expected)
})

test('an occurrence that is resolved stays so, in whatever order and however often it is told', () => {
  const news = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    state: fc.constantFrom<Alert['state']>('firing', 'resolved'),
  })
  fc.assert(
    fc.property(
      fc.array(news, { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      (all, picks) => {
        const events = all.map(({ id, state }, index) => told(index, id, state))
        const again = picks.map((pick) => events[pick % events.length] as EpisodeEvent)
        const shuffled = [...again, ...events].reverse()
        const states = (episode: Episode) =>
          Object.entries(episode.alerts)
            .map(([key, { state }]) => `${key} ${state}`)
            .sort()
        expect(states(episodeOf(...shuffled))).toEqual(states(episodeOf(...events)))
        expect(isFiring(episodeOf(...shuffled))).toBe(isFiring(episodeOf(...events)))
      },
    ),
  )
})

test('random news, crashes and clocks never make more repairs than the rule allows, nor two at once', () => {
  const turn = fc.record({
    wait: fc.integer({ min: 0, max: 900 }),
    news: fc.option(
      fc.record({ id: fc.constantFrom('a', 'b'), state: fc.constantFrom<Alert['state']>('firing', 'resolved') }),
    ),
    end: fc.constantFrom<DeviceState | 'crash' | 'runs on'>('changed', 'failed', 'crash', 'runs on'),
  })
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 60 }), (turns) => {
      let episode = episodeOf(FIRING)
      let seconds = 0
      for (const { wait, news, end } of turns) {
        seconds += wait
        const last = episode.attempts.at(-1)
        if (last?.result === 'running') {
          if (end === 'crash')
            episode = foldEpisode(episode, { type: 'attempt.doubtful', at: at(seconds), attempt: last.attempt })
          else if (end !== 'runs on') episode = foldEpisode(episode, ended(seconds, last.attempt, end))
        }
        if (news) episode = foldEpisode(episode, told(seconds, news.id, news.state))
        const now = START + seconds * 1000
        const decision = decide({ episode, rule: RULE, world: WORLD, breaker: { episodes: 9, withinMs: 9 }, now })
        const wasRunning = episode.attempts.some(({ result }) => result === 'running')
        if (decision.do === 'run') {
          expect(wasRunning).toBe(false)
          expect(isFiring(episode)).toBe(true)
          expect(seconds).toBeGreaterThanOrEqual(30)
        }
        const { events } = eventsOf(decision, { episode, now, params: {} })
        episode = events.reduce(foldEpisode, episode)
      }
      expect(episode.attempts.length).toBeLessThanOrEqual(RULE.attempts.episode)
      expect(new Set(episode.attempts.map(({ attempt }) => attempt)).size).toBe(episode.attempts.length)
    }),
  )
})
