import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { callOfStorm, incidentOpening } from '../../src/app/incidents/incident-opening.ts'
import type { Alert } from '../../src/core/alert.ts'
import { type Episode, foldEpisodeEvents, isFiring, occurrencesOf } from '../../src/core/episode.ts'
import type { Fleet } from '../../src/core/fleet.ts'
import type { HookRule } from '../../src/core/hook-rule.ts'
import type { HookStore, Told } from '../../src/core/hook-store.ts'
import { type IncidentOpening, STORM_KEY } from '../../src/core/incident.ts'
import type { DeviceState } from '../../src/core/outcome.ts'
import { decide, eventsOf } from '../../src/hooks/decide.ts'
import { openSqliteHooks, openSqliteIncidents } from '../../src/stores/sqlite.ts'

const SOURCE = { file: 'tillwright.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 }
const RULE: HookRule = {
  name: 'stuck',
  fault: 'stuck',
  faultSource: SOURCE,
  match: { text: 'true', steps: [], evaluate: () => ({ ok: true, value: true }) },
  sources: [],
  about: 'device',
  mode: 'act',
  runbook: 'repair',
  params: [],
  forMs: 0,
  settleMs: 0,
  cooldownMs: 0,
  attempts: { episode: 1, day: 1, useless: 1 },
  perHour: 100,
  clearWithinMs: 1000,
  heldForMs: 1_800_000,
  quietMs: 0,
  source: SOURCE,
}
const NO_FLEET = { devices: new Map(), stores: new Map() } as unknown as Fleet
const NOTHING_TOLD = { alerts: {}, firing_since: null, clear_since: null, flaps: 0, more_alerts: 0 } as const
let folder: string
let store: HookStore
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'till-wake-'))
  store = await openSqliteHooks(join(folder, 'state.db'))
})
afterEach(async () => {
  vi.useRealTimers()
  await store.close()
  rmSync(folder, { recursive: true })
})

function told(device: string | null, of: string, state: Alert['state'] = 'firing'): Told {
  const alert = {
    source: 's',
    id: device ?? of,
    state,
    name: 'x',
    severity: '',
    text: '',
    labels: {},
    started_at: '',
    hosts: [],
  }
  const head = { rule: device ? 'stuck' : 'line', about: device ? 'device' : 'store', device, store: of } as const
  return { alert, why: null, head }
}

let bodies = 0
async function tell(...all: readonly Told[]): Promise<readonly string[]> {
  const [entry = ''] = await store.receive([{ source: 's', sender: 'x', body: String(++bodies) }])
  return (await store.join(entry, all)).map(({ episode }) => episode ?? '')
}

/** Decides what is due as a server does, at a moment; gives how many episodes that were. `callOf`: the incident of a storm. */
async function turn(
  now: Date,
  episodes = 10,
  settleMs = 0,
  callOf?: (why: string) => IncidentOpening,
): Promise<number> {
  const breaker = { episodes, withinMs: 60_000 }
  const due = await store.due(now, 100_000)
  for (const id of due) {
    await store.advance(id, {
      now,
      breaker,
      classOf: () => '',
      looksBackMs: () => 0,
      step(episode, world) {
        const rule = { ...RULE, settleMs, ...(episode.about === 'store' && { runbook: undefined }) } as HookRule
        const decision = decide({ episode, rule, world, breaker, now: now.getTime() })
        const opens = decision.do === 'note' && decision.isStorm ? callOf?.(decision.why) : undefined
        return { ...eventsOf(decision, { episode, now: now.getTime(), params: {} }), opens }
      },
    })
  }
  return due.length
}

/** Devices of which a repair is under way. */
async function running(): Promise<readonly (string | null)[]> {
  const all = await store.episodes()
  return all
    .filter(({ attempts }) => attempts.at(-1)?.result === 'running')
    .map(({ device }) => device)
    .sort()
}

test('symptoms of a store wait for its fault to end, and are looked at then, not before', async () => {
  await tell(told(null, 'S1'), ...[1, 2, 3].map((n) => told(`S1/pos${n}`, 'S1')), told('S2/pos1', 'S2'))
  const soon = new Date(Date.now() + 10)
  await turn(soon)
  expect((await store.episodes()).filter(({ note }) => note?.note === 'symptom')).toHaveLength(3)
  expect(await turn(new Date(soon.getTime() + 3_600_000))).toBe(0)
  await tell(told(null, 'S1', 'resolved'))
  // Their own all-clears come a moment later: nothing is done in that instant.
  const over = new Date(Date.now() + 10)
  await turn(over)
  expect(await running()).toEqual(['S2/pos1'])
  await turn(new Date(over.getTime() + 1))
  expect(await running()).toEqual(['S2/pos1'])
  await turn(new Date(over.getTime() + 10_001))
  expect(await running()).toEqual(['S1/pos1', 'S1/pos2', 'S1/pos3', 'S2/pos1'])
})

test('what waits for a time that a clock which was ahead has said is judged when that is set back', async () => {
  const [episode = ''] = await tell(told('C1/pos1', 'C1'))
  const now = new Date(Date.now() + 10)
  const tomorrow = new Date(now.getTime() + 86_400_000)
  // It was told before the clock went ahead, and judged then.
  await turn(tomorrow, 10, 2 * 86_400_000)
  expect(await store.due(now, 100_000)).not.toContain(episode)
  await store.lookAgain(now)
  expect(await store.due(now, 100_000)).toContain(episode)
  await turn(now)
  expect(await running()).toContain('C1/pos1')
})

test('symptoms of lines that are back are a storm only if they fire for longer than their rule waits', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const start = Date.parse('2027-02-01T03:00:00Z')
  const at = (seconds: number): Date => {
    const date = new Date(start + seconds * 1000)
    vi.setSystemTime(date)
    return date
  }
  const goOn = (seconds: number): Promise<number> => turn(at(seconds), 2, 30_000)
  const storms = async (): Promise<readonly (string | null)[]> => {
    const all = await store.episodes()
    return all.flatMap(({ note, device }) => (device?.startsWith('L') && note?.note === 'held' ? [device] : []))
  }
  // Never three at once.
  for (const [index, line] of ['L1', 'L2', 'L3', 'L4'].entries()) {
    at(index * 100)
    await tell(told(null, line), told(`${line}/pos1`, line))
    await goOn(index * 100 + 1)
  }
  at(1_000)
  await tell(...['L1', 'L2', 'L3', 'L4'].map((line) => told(null, line, 'resolved')))
  await goOn(1_001)
  // Somebody else's fault of that moment is one fault.
  at(1_005)
  await tell(told('L9/pos1', 'L9'))
  await goOn(1_006)
  at(1_010)
  await tell(told('L1/pos1', 'L1', 'resolved'), told('L2/pos1', 'L2', 'resolved'))
  await goOn(1_022)
  // One that clears when it was counted already counts no more.
  at(1_030)
  await tell(told('L3/pos1', 'L3', 'resolved'))
  for (const seconds of [1_032, 1_036]) await goOn(seconds)
  expect(await storms()).toEqual([])
  expect((await running()).filter((device) => device?.startsWith('L'))).toEqual(['L4/pos1', 'L9/pos1'])
  // Those that go on firing are one.
  for (const [index, line] of ['L5', 'L6', 'L7'].entries()) {
    at(2_000 + index * 100)
    await tell(told(null, line), told(`${line}/pos1`, line))
    await goOn(2_001 + index * 100)
  }
  at(3_000)
  await tell(...['L5', 'L6', 'L7'].map((line) => told(null, line, 'resolved')))
  for (const seconds of [3_001, 3_022, 3_033]) await goOn(seconds)
  expect([...(await storms())].sort()).toEqual(['L5/pos1', 'L6/pos1', 'L7/pos1'])
})

test('what a storm holds is looked at when the storm may be over, not before', async () => {
  await tell(...Array.from({ length: 40 }, (_, n) => told(`S3/pos${n}`, 'S3')))
  const now = new Date(Date.now() + 10)
  expect(await turn(now)).toBe(40)
  expect(await turn(new Date(now.getTime() + 40_000))).toBe(0)
  expect(await turn(new Date(now.getTime() + 61_000))).toBe(40)
})

test('what clears within a storm and fires again is part of it, until its incident is closed', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const start = Date.parse('2027-02-02T03:00:00Z')
  const at = (minute: number): Date => {
    vi.setSystemTime(start + minute * 60_000)
    return new Date()
  }
  const incidents = await openSqliteIncidents(join(folder, 'state.db'))
  const storm = async () => (await incidents.incidents()).find(({ key }) => key === STORM_KEY)
  const callOf = (why: string) => incidentOpening({ fleet: NO_FLEET, duties: undefined }, callOfStorm(why))
  let round = 0
  const say = async (minute: number, state: Alert['state'], tills: number): Promise<void> => {
    at(minute)
    const all = Array.from({ length: tills }, (_, n) => told(`Q1/pos${n}`, 'Q1', state))
    await tell(...all.map(({ alert, ...rest }) => ({ ...rest, alert: { ...alert, id: `${alert.id} ${round}` } })))
    await turn(at(minute + 0.1), 10, 0, callOf)
  }
  await say(0, 'firing', 20)
  const begun = await storm()
  // Each time less than an hour after the one before, and long after the time of the breaker.
  for (round = 0; round < 3; ) {
    await say(round * 50 + 45, 'resolved', 5)
    round += 1
    await say(round * 50, 'firing', 5)
  }
  expect(await running()).toEqual([])
  round = 0
  await say(160, 'resolved', 20)
  round = 3
  await say(161, 'resolved', 5)
  expect((await storm())?.cleared_at).not.toBeNull()
  round = 4
  await say(170, 'firing', 3)
  expect(await running()).toEqual([])
  expect(await storm()).toMatchObject({ incident: begun?.incident, cleared_at: null })
  // Another one at that moment is a fault of its own.
  await tell(told('Q2/pos1', 'Q2'))
  await turn(at(171), 10, 0, callOf)
  expect(await running()).toEqual(['Q2/pos1'])
  const closed = { type: 'closed', at: at(172).toISOString(), by: 'test', despite: 'the line is back' } as const
  await incidents.note(begun?.incident ?? '', () => [closed])
  await turn(at(173), 10, 0, callOf)
  expect(await running()).toEqual(['Q1/pos0', 'Q1/pos1', 'Q1/pos2', 'Q2/pos1'])
  await incidents.close()
})

test('repairs of devices that nobody reaches switch no rule off, and neither does what a wrong clock dates ahead', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const start = Date.parse('2027-03-01T10:00:00Z')
  const useless = async (device: string, at: number): Promise<number> => {
    vi.setSystemTime(at)
    const [id = ''] = await tell(told(device, device.slice(0, 2)))
    let found = 0
    const started = await store.advance(id, {
      now: new Date(at),
      breaker: { episodes: 1_000, withinMs: 1 },
      classOf: () => 'unreached',
      looksBackMs: () => 0,
      step(_, world) {
        found = world.useless
        return {
          events: [{ type: 'attempt.started', at: new Date(at).toISOString(), attempt: 1, params: {} }],
          due: null,
        }
      },
    })
    expect(started?.started).toBe(1)
    return found
  }
  const end = async (device: string, at: number, state: DeviceState | null): Promise<void> => {
    const episode = (await store.episodes()).find((each) => each.device === device)?.episode ?? ''
    const ended = { run: null, state, why: null, attempt: 1, at: new Date(at).toISOString() } as const
    await store.note(episode, { type: 'attempt.finished', ...ended })
  }
  for (const [index, state] of (['unreachable', 'cancelled', null] as const).entries()) {
    expect(await useless(`U${index}/pos1`, start)).toBe(0)
    await end(`U${index}/pos1`, start + 1, state)
  }
  expect(await useless('U4/pos1', start + 10)).toBe(0)
  await end('U4/pos1', start + 20, 'failed')
  await useless('U5/pos1', start + 30)
  await end('U5/pos1', start + 40 * 60_000, 'failed')
  // The one that ended in forty minutes did so by a clock that was wrong.
  expect(await useless('U6/pos1', start + 50)).toBe(1)
  expect(await useless('U7/pos1', start + 41 * 60_000)).toBe(2)
  expect(await useless('U8/pos1', start + 25 * 3_600_000)).toBe(0)
})

test('what fires again long after its end has begun anew; a late copy has not', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const start = Date.parse('2027-04-01T10:00:00Z')
  const say = async (at: number, state: Alert['state'], body: string): Promise<readonly (string | null)[]> => {
    vi.setSystemTime(start + at)
    const [entry = ''] = await store.receive([{ source: 's', sender: 'x', body }])
    if ((await store.entry(entry))?.done) return ['as before']
    return (await store.join(entry, [{ ...told('R1/pos1', 'R1', state), mayReturn: true }])).map(({ why }) => why)
  }
  const firing = async (): Promise<readonly boolean[]> =>
    (await store.episodes()).flatMap((each) => (each.device === 'R1/pos1' ? [isFiring(each)] : []))
  expect(await say(0, 'firing', 'fires')).toEqual([null])
  expect(await say(60_000, 'resolved', 'over')).toEqual([null])
  expect(await say(61_000, 'firing', 'fires')).toEqual(['as before'])
  expect(await say(61_000, 'firing', 'fires late')).toEqual(['It was told before.'])
  expect(await firing()).toEqual([false])
  // The same text as at first: Alertmanager gives it the same beginning.
  expect(await say(300_000, 'firing', 'fires')).toEqual([null])
  expect(await firing()).toEqual([true])
  expect(await say(301_000, 'resolved', 'over again')).toEqual([null])
  expect(await firing()).toEqual([false])
})

test('of thousands of occurrences those that fire and the last that are over are named one by one, and all are counted', async () => {
  const one = (n: number, state: Alert['state']): Told => {
    const { alert, ...rest } = told('M1/pos1', 'M1', state)
    return { ...rest, alert: { ...alert, id: `m${n}` } }
  }
  const all = Array.from({ length: 2_500 }, (_, n) => n)
  await tell(...all.map((n) => one(n, 'firing')))
  const [id = ''] = await tell(...all.slice(0, 2_000).map((n) => one(n, 'resolved')))
  const episode = await store.episode(id)
  expect(episode && [Object.keys(episode.alerts).length, occurrencesOf(episode)]).toEqual([600, 2_500])
  expect(foldEpisodeEvents({ ...(episode as Episode), ...NOTHING_TOLD }, await store.events(id))).toEqual(episode)
  // What was left out is known all the same.
  await tell(one(3, 'resolved'), one(4, 'firing'))
  expect(await store.episode(id)).toEqual(episode)
})
