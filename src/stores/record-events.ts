import {
  EVENT_SCHEMA,
  type EventHead,
  type RunEvent,
  type RunFinished,
  type RunResumed,
  type RunStarted,
} from '../core/events.ts'
import { NOT_LOOKED_AT } from '../core/fold-run.ts'
import type { LeaseToken } from '../core/lease.ts'
import type { DeviceOutcome, DeviceState } from '../core/outcome.ts'
import type { NewEvent } from '../core/ports.ts'
import { emptyCounts, type RunRecord, runbookLabel } from '../core/run.ts'
import { auditEvents } from './audit-entries.ts'
import { isHeld } from './leases.ts'
import { recordNotes } from './notes.ts'
import { processIdentity, thisProcess } from './process-identity.ts'
import { type EventRow, type RunRow, type StatusRow, tables } from './schema.ts'
import type { SqliteSession } from './sqlite-session.ts'

type Ending = Extract<RunEvent, { type: 'device.finished' }>

/** Compiled once: it runs for every event, and compiling costs several times what running does. */
const INSERT_EVENT = tables
  .insertInto('events')
  .values({ run: '', seq: 0, at: '', type: '', device: '', json: '' } satisfies EventRow)
  .compile().sql

const NOTHING: StatusRow = {
  device: '',
  state: '',
  unknown: 0,
  code: '',
  message: '',
  run: '',
  runbooks: '',
  at: '',
  seen_at: '',
}

const UPSERT_STATUS = tables
  .insertInto('device_status')
  .values(NOTHING)
  .onConflict((conflict) =>
    conflict
      .column('device')
      .doUpdateSet(({ ref }) => ({
        state: ref('excluded.state'),
        unknown: ref('excluded.unknown'),
        code: ref('excluded.code'),
        message: ref('excluded.message'),
        run: ref('excluded.run'),
        runbooks: ref('excluded.runbooks'),
        at: ref('excluded.at'),
      }))
      .whereRef('device_status.at', '<=', 'excluded.at'),
  )
  .compile().sql

const UPSERT_LOOK = tables
  .insertInto('runbook_status')
  .values({ device: '', runbooks: '', state: '', unknown: 0, code: '', message: '', run: '', at: '' })
  .onConflict((conflict) =>
    conflict
      .columns(['device', 'runbooks'])
      .doUpdateSet(({ ref }) => ({
        state: ref('excluded.state'),
        unknown: ref('excluded.unknown'),
        code: ref('excluded.code'),
        message: ref('excluded.message'),
        run: ref('excluded.run'),
        at: ref('excluded.at'),
      }))
      .whereRef('runbook_status.at', '<=', 'excluded.at'),
  )
  .compile().sql

const UPDATE_SEEN = tables
  .updateTable('device_status')
  .set({ seen_at: '' })
  .where('device', '=', '')
  .where(({ or, eb }) => or([eb('seen_at', 'is', null), eb('seen_at', '<', '')]))
  .compile().sql

const LAST_SEQ = tables
  .selectFrom('events')
  .select('seq')
  .where('run', '=', '')
  .orderBy('seq', 'desc')
  .limit(1)
  .compile()

/**
 * Numbers events, and writes them and all that follows from them. What its writer has lost the lease of is left out, and
 * undefined in the answer. To be called inside one transaction.
 */
export function appendEvents(
  session: SqliteSession,
  events: readonly NewEvent[],
  leasesOf: (event: NewEvent) => readonly LeaseToken[],
): readonly (RunEvent | undefined)[] {
  const [last, held] = [new Map<string, number>(), new Map<LeaseToken, boolean>()]
  const holds = (token: LeaseToken): boolean => {
    const known = held.get(token) ?? isHeld(session, token)
    held.set(token, known)
    return known
  }
  const numbered = events.map((event): RunEvent | undefined => {
    if (!leasesOf(event).every(holds)) return undefined
    const { run } = event
    const seq = 1 + (last.get(run) ?? session.rows(LAST_SEQ, [run, 1])[0]?.seq ?? 0)
    last.set(run, seq)
    return { ...event, seq } as RunEvent
  })
  recordEvents(
    session,
    numbered.filter((event) => event !== undefined),
  )
  return numbered
}

function recordEvents(session: SqliteSession, events: readonly RunEvent[]): void {
  const endings = new Map<string, Ending[]>()
  for (const event of events) {
    session.run(INSERT_EVENT, parametersOf(event))
    if (isBeginning(event)) recordBeginning(session, event)
    else if (event.type === 'step.finished') recordNotes(session, event)
    else if (event.type === 'device.finished') {
      const list = endings.get(event.run)
      if (list) list.push(event)
      else endings.set(event.run, [event])
    }
  }
  for (const [run, list] of endings) recordEndings(session, run, list)
  for (const event of events) if (event.type === 'run.finished') recordFinish(session, event)
  auditEvents(session, events)
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

/** Replaces what was known of a device, unless that is newer. */
export function recordStatus(session: SqliteSession, row: StatusRow): void {
  const { device, state, unknown, code, message, run, runbooks, at, seen_at } = row
  session.run(UPSERT_STATUS, [device, state, unknown, code, message, run, runbooks, at, seen_at])
  session.run(UPSERT_LOOK, [device, runbooks, state, unknown, code, message, run, at])
}

function recordStart(session: SqliteSession, event: RunStarted & EventHead): void {
  const mine = thisProcess()
  session.all(
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

function recordEndings(session: SqliteSession, run: string, endings: readonly Ending[]): void {
  const [row] = session.all(tables.selectFrom('runs').select(['mode', 'runbooks', 'counts']).where('run', '=', run))
  if (row === undefined) return
  const counts = { ...emptyCounts(), ...(JSON.parse(row.counts) as Record<DeviceState, number>) }
  for (const ending of endings) {
    if (!recordEnd(session, ending, counts)) continue
    if (row.mode !== 'exec' && wasLookedAt(ending)) {
      recordStatus(session, statusRow(ending.device, ending, { run, runbooks: row.runbooks, at: ending.at }))
    }
    if (ending.answered) session.run(UPDATE_SEEN, [ending.at, ending.device, ending.at])
  }
  session.all(
    tables
      .updateTable('runs')
      .set({ counts: JSON.stringify(counts) })
      .where('run', '=', run),
  )
}

const INSERT_END = tables
  .insertInto('run_devices')
  .values({ run: '', device: '', attempt: 0, state: '' })
  .onConflict((conflict) =>
    conflict.columns(['run', 'device']).doUpdateSet(({ ref }) => ({
      attempt: ref('excluded.attempt'),
      state: ref('excluded.state'),
    })),
  )
  .compile().sql

const SELECT_END = tables.selectFrom('run_devices').selectAll().where('run', '=', '').where('device', '=', '').compile()

/** Counts how a device ended, in the place of what an earlier attempt came to; false where that one says more. */
function recordEnd(session: SqliteSession, ending: Ending, counts: Record<DeviceState, number>): boolean {
  const { run, device, attempt = 1, state } = ending
  const [before] = attempt === 1 ? [] : session.rows(SELECT_END, [run, device])
  const isNews = before === undefined || NOT_LOOKED_AT.has(before.state as DeviceState) || !NOT_LOOKED_AT.has(state)
  if (before && (before.attempt > attempt || !isNews)) return false
  if (before) counts[before.state as DeviceState] -= 1
  counts[state] += 1
  session.run(INSERT_END, [run, device, attempt, state])
  return true
}

type Beginning = EventHead & (RunStarted | RunResumed)

function isBeginning(event: RunEvent): event is Beginning {
  return event.type === 'run.started' || event.type === 'run.resumed'
}

function recordBeginning(session: SqliteSession, event: Beginning): void {
  if (event.type === 'run.started') recordStart(session, event)
  else recordResumption(session, event)
}

/** It is in progress again, in the process that carries it on. */
function recordResumption(session: SqliteSession, { run, host, pid }: RunResumed & EventHead): void {
  const here = thisProcess()
  const process = host === here.host ? processIdentity(pid) : null
  const again = tables.updateTable('runs').set({ host, pid, process, finished_at: null, exit_code: null, settled: 0 })
  session.all(again.set(({ eb }) => ({ resumed: eb('resumed', '+', 1) })).where('run', '=', run))
}

function recordFinish(session: SqliteSession, event: RunFinished & EventHead): void {
  const end = { finished_at: event.at, counts: JSON.stringify(event.counts), exit_code: event.exit_code }
  session.all(tables.updateTable('runs').set(end).where('run', '=', event.run))
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
