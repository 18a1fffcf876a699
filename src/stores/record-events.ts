import {
  EVENT_SCHEMA,
  type EventHead,
  type RunEvent,
  type RunFinished,
  type RunResumed,
  type RunStarted,
  type StepFinished,
} from '../core/events.ts'
import { NOT_LOOKED_AT } from '../core/fold-run.ts'
import type { LeaseToken } from '../core/lease.ts'
import type { DeviceOutcome, DeviceState } from '../core/outcome.ts'
import { emptyCounts, type RunRecord, runbookLabel } from '../core/run.ts'
import type { NewEvent } from '../core/run-store.ts'
import { auditEvents } from './audit-entries.ts'
import { compiledLater } from './compiled-later.ts'
import { lostOf } from './leases.ts'
import { recordNotes } from './notes.ts'
import { queueEvents } from './outbox-entries.ts'
import { processIdentity, thisProcess } from './process-identity.ts'
import { isoOf, recordPutOff, replaceStatuses, takeBackAhead } from './record-status.ts'
import { type EventRow, type RunRow, type StatusRow, tables } from './schema.ts'
import { put, rowsOf, type Steps, sharedClockMs } from './steps.ts'

type Ending = Extract<RunEvent, { type: 'device.finished' }>

/** Compiled once: it runs for every event, and compiling costs several times what running does. */
const INSERT_EVENT = compiledLater(() =>
  tables
    .insertInto('events')
    .values({ run: '', seq: 0, at: '', type: '', device: '', json: '' } satisfies EventRow)
    .compile(),
)

const UPDATE_SEEN = compiledLater(() =>
  tables
    .updateTable('device_status')
    .set({ seen_at: '' })
    .where('device', '=', '')
    .where(({ or, eb }) => or([eb('seen_at', 'is', null), eb('seen_at', '<', '')]))
    .compile(),
)

const UNSETTLE = compiledLater(() =>
  tables.updateTable('runs').set({ settled: 0 }).where('run', '=', '').where('settled', '=', 0).compile(),
)

const LAST_SEQ = compiledLater(() =>
  tables.selectFrom('events').select('seq').where('run', '=', '').orderBy('seq', 'desc').limit(1).compile(),
)

/**
 * Numbers events, and writes them and all that follows from them. What its writer has lost the lease of is left out, and
 * undefined in the answer. To be called inside one transaction.
 */
export function* appendEvents(
  events: readonly NewEvent[],
  leasesOf: (event: NewEvent) => readonly LeaseToken[],
): Steps<readonly (RunEvent | undefined)[]> {
  const wanted = events.map(leasesOf)
  const lost = yield* lostOf(new Set(wanted.flat()))
  const last = new Map<string, number>()
  const numbered: (RunEvent | undefined)[] = []
  for (const [index, event] of events.entries()) {
    const { run } = event
    if (wanted[index]?.some((token) => lost.has(token))) {
      numbered.push(undefined)
      continue
    }
    const seq = 1 + (last.get(run) ?? (yield* lastSeqOf(run)))
    last.set(run, seq)
    numbered.push({ ...event, seq } as RunEvent)
  }
  yield* recordEvents(numbered.filter((event) => event !== undefined))
  return numbered
}

/** The number of the last event of a run; 0 where there is none. */
export function* lastSeqOf(run: string): Steps<number> {
  return (yield* rowsOf(LAST_SEQ, [run, 1]))[0]?.seq ?? 0
}

function* recordEvents(events: readonly RunEvent[]): Steps<void> {
  // One after the other, so that a database far away gets them in one go.
  const written = events.map(parametersOf)
  for (const parameters of written) yield* put(INSERT_EVENT, parameters)
  yield* queueEvents(
    events,
    written.map((parameters) => String(parameters.at(-1)).length),
  )
  for (const event of events) if (isBeginning(event)) yield* recordBeginning(event)
  yield* recordNotesOf(events)
  // Somebody may have taken the run for dead: whatever is changed from now on is in doubt once it is.
  const changing = events.filter(({ type }) => type === 'step.converging')
  for (const run of new Set(changing.map((event) => event.run))) yield* put(UNSETTLE, [0, run, 1])
  const endings = events.filter(isEnding)
  for (const run of new Set(endings.map((ending) => ending.run))) {
    yield* recordEndings(
      run,
      endings.filter((ending) => ending.run === run),
    )
  }
  for (const event of events) if (event.type === 'run.finished') yield* recordFinish(event)
  yield* auditEvents(events)
}

/** What a preview notes is in force nowhere, and is left out. */
function* recordNotesOf(events: readonly RunEvent[]): Steps<void> {
  const previews = new Map<string, boolean>()
  for (const event of events) {
    if (event.type !== 'step.finished' || !hasNotes(event)) continue
    if (!previews.has(event.run)) previews.set(event.run, yield* isPreview(event.run))
    if (!previews.get(event.run)) yield* recordNotes(event)
  }
}

function isEnding(event: RunEvent): event is Ending {
  return event.type === 'device.finished'
}

/** The columns of an event. What stands in one of them is left out of the JSON: half of an event is its head. */
function parametersOf(event: RunEvent): readonly unknown[] {
  const { schema: _schema, run, seq, at, type, ...body } = event
  const { device = null, ...rest } = 'device' in body ? body : { ...body, device: null }
  return [run, seq, at, type, device, JSON.stringify(rest)]
}

/** The event of a row; older rows hold all of it as JSON. */
export function eventOf({ run, seq, at, type, device, json }: EventRow): RunEvent {
  const head = { schema: EVENT_SCHEMA, run, seq, at, type, ...(device !== null && { device }) }
  return { ...head, ...(JSON.parse(json) as object) } as RunEvent
}

/** Devices that were being changed when their run died. */
export function indeterminateDevices(record: RunRecord, run: RunRow, at: string): StatusRow[] {
  const lost = [...record.devices.values()].filter((device) => device.failure?.code === 'RUN_LOST_CONVERGING')
  return lost.map((device) => statusRow(device.device, device, { run: run.run, runbooks: run.runbooks, at }))
}

function* recordStart(event: RunStarted & EventHead): Steps<void> {
  const mine = thisProcess()
  yield* put(
    tables.insertInto('runs').values({
      run: event.run,
      mode: event.mode,
      runbooks: JSON.stringify(event.runbooks.map(({ name, about }) => runbookLabel(name, about))),
      started_at: event.at,
      finished_at: null,
      devices: event.devices,
      counts: JSON.stringify(emptyCounts()),
      exit_code: null,
      by: event.by,
      host: event.host,
      pid: event.pid,
      process: event.host === mine.host ? processIdentity(event.pid) : null,
      settled: 0,
    }),
  )
}

function* recordEndings(run: string, endings: readonly Ending[]): Steps<void> {
  const [row] = yield* rowsOf(tables.selectFrom('runs').select(['mode', 'runbooks', 'counts']).where('run', '=', run))
  if (row === undefined) return
  const counts = { ...emptyCounts(), ...(JSON.parse(row.counts) as Record<DeviceState, number>) }
  const news: Ending[] = []
  const now = isoOf(yield* sharedClockMs())
  for (const ending of endings) {
    // Whoever wrote it may be ahead of the clock that all share.
    if (yield* recordEnd(ending, counts)) news.push(ending.at > now ? { ...ending, at: now } : ending)
  }
  yield* takeBackAhead(news)
  const { runbooks } = row
  const isWord = row.mode !== 'exec' && !(row.mode === 'plan' && (yield* isPreview(run)))
  const rowOf = (ending: Ending): StatusRow => statusRow(ending.device, ending, { run, runbooks, at: ending.at })
  const looks = news.filter((ending) => isWord && wasLookedAt(ending))
  yield* replaceStatuses(looks.filter(({ state }) => state !== 'deferred').map(rowOf))
  yield* recordPutOff(looks.filter(({ state }) => state === 'deferred').map(rowOf))
  for (const { device, at, answered } of news) if (answered) yield* put(UPDATE_SEEN, [at, device, at])
  yield* put(
    tables
      .updateTable('runs')
      .set({ counts: JSON.stringify(counts) })
      .where('run', '=', run),
  )
}

const FIRST_EVENT = compiledLater(() =>
  tables.selectFrom('events').select('json').where('run', '=', '').where('seq', '=', 1).compile(),
)

/** Most steps note nothing, and are not to cost a question. */
function hasNotes({ samples = [], marks = {} }: StepFinished): boolean {
  return samples.length > 0 || Object.keys(marks).length > 0
}

/** Whether a run shows what a merge would make of devices: that is no word about what they are. */
function* isPreview(run: string): Steps<boolean> {
  const [first] = yield* rowsOf(FIRST_EVENT, [run, 1])
  return first !== undefined && previewOf(first) !== undefined
}

/** The commit that a run previews, by its first event; undefined for any other run. */
export function previewOf({ json }: Pick<EventRow, 'json'>): string | undefined {
  return (JSON.parse(json) as Partial<RunStarted>).previews
}

const INSERT_END = compiledLater(() =>
  tables
    .insertInto('run_devices')
    .values({ run: '', device: '', attempt: 0, state: '' })
    .onConflict((conflict) =>
      conflict.columns(['run', 'device']).doUpdateSet(({ ref }) => ({
        attempt: ref('excluded.attempt'),
        state: ref('excluded.state'),
      })),
    )
    .compile(),
)

const SELECT_END = compiledLater(() =>
  tables.selectFrom('run_devices').selectAll().where('run', '=', '').where('device', '=', '').compile(),
)

/** Counts how a device ended, in the place of what an earlier attempt came to; false where that one says more. */
function* recordEnd(ending: Ending, counts: Record<DeviceState, number>): Steps<boolean> {
  const { run, device, attempt = 1, state } = ending
  const [before] = attempt === 1 ? [] : yield* rowsOf(SELECT_END, [run, device])
  const isNews = before === undefined || NOT_LOOKED_AT.has(before.state as DeviceState) || !NOT_LOOKED_AT.has(state)
  if (before && (before.attempt > attempt || !isNews)) return false
  if (before) counts[before.state as DeviceState] -= 1
  counts[state] += 1
  yield* put(INSERT_END, [run, device, attempt, state])
  return true
}

type Beginning = EventHead & (RunStarted | RunResumed)

function isBeginning(event: RunEvent): event is Beginning {
  return event.type === 'run.started' || event.type === 'run.resumed'
}

function* recordBeginning(event: Beginning): Steps<void> {
  if (event.type === 'run.started') yield* recordStart(event)
  else yield* recordResumption(event)
}

/** It is in progress again, in the process that carries it on. */
function* recordResumption({ run, host, pid }: RunResumed & EventHead): Steps<void> {
  const here = thisProcess()
  const process = host === here.host ? processIdentity(pid) : null
  const again = tables.updateTable('runs').set({ host, pid, process, finished_at: null, exit_code: null, settled: 0 })
  yield* put(again.set(({ eb }) => ({ resumed: eb('resumed', '+', 1) })).where('run', '=', run))
}

function* recordFinish(event: RunFinished & EventHead): Steps<void> {
  const end = { finished_at: event.at, counts: JSON.stringify(event.counts), exit_code: event.exit_code }
  yield* put(tables.updateTable('runs').set(end).where('run', '=', event.run))
}

/** A device that the run never got to is as it was known before. */
function wasLookedAt(outcome: DeviceOutcome): boolean {
  const code = outcome.failure?.code
  return outcome.state !== 'cancelled' && code !== 'LEASE_HELD' && code !== 'LEASE_LOST'
}

function statusRow(
  device: string,
  outcome: DeviceOutcome,
  of: { readonly run: string; readonly runbooks: string; readonly at: string },
): StatusRow {
  return {
    device,
    // What was taken back differs from what the runbook asks for.
    state: outcome.undone && outcome.state === 'changed' ? 'drifted' : outcome.state,
    unknown: outcome.unknown === true ? 1 : 0,
    code: outcome.failure?.code ?? null,
    message: outcome.failure?.message ?? null,
    ...of,
    seen_at: outcome.answered ? of.at : null,
  }
}
