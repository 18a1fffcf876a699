import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { AdmissionStore } from '../core/admission.ts'
import type { AuditLog } from '../core/audit.ts'
import { DAY_MS } from '../core/duration.ts'
import type { RunEvent } from '../core/events.ts'
import { foldRun } from '../core/fold-run.ts'
import type { KeptRuns } from '../core/kept-run.ts'
import type { LeaseStore, LeaseToken } from '../core/lease.ts'
import type { AvailabilityStore } from '../core/ledger.ts'
import type { NewEvent, Retention, RunStore } from '../core/ports.ts'
import {
  type DeviceStatus,
  type DeviceVisit,
  emptyCounts,
  type RunbookStatus,
  type RunPlace,
  type RunSummary,
} from '../core/run.ts'
import type { RunReads } from '../core/run-reads.ts'
import type { DeviceMark, Marks, Sample } from '../core/sample.ts'
import type { SessionStore } from '../core/session.ts'
import { admissionStore } from './admission.ts'
import { auditLog, cutAudit } from './audit.ts'
import { availabilityStore } from './availability.ts'
import { readVisits } from './device-visits.ts'
import { FORGOTTEN, forgetRuns } from './forget-runs.ts'
import { keptRuns } from './kept-runs.ts'
import { labelled } from './labelled.ts'
import { acquire, beat, Onlooker, release, retire } from './leases.ts'
import { forgetSamples, readMachine, readMarks, readSamples } from './notes.ts'
import { whereabouts } from './process-identity.ts'
import { appendEvents, eventOf, indeterminateDevices, recordStatus } from './record-events.ts'
import { inList, runReads } from './run-reads.ts'
import { migrationsFrom, type RunRow, SCHEMA_VERSION, tables } from './schema.ts'
import { sessionStore } from './sessions.ts'
import { SqliteSession, stateUnusable } from './sqlite-session.ts'

/** So long is known who has decided and done what, whatever else is kept. */
const AUDIT_DAYS = 730
/** Rows of one read: small enough to leave the event loop free, large enough to be cheap. */
const PAGE = 1000
/** A run on a machine that this one cannot look at is given up when nothing was heard of it for so long. */
const SILENCE_MS = 24 * 3_600_000

/**
 * Opens the state file at `path`, and makes or migrates it where needed. Any number of processes of one machine may
 * have it open. Throws InputError with STATE_UNUSABLE where it cannot be used.
 */
export async function openSqliteStore(path: string): Promise<RunStore> {
  const session = SqliteSession.open(path)
  try {
    await prepare(session, path)
    return new SqliteStore(session, await identityOf(session))
  } catch (error) {
    session.abandon()
    throw error
  }
}

/** By which this store is told from others; given once. */
async function identityOf(session: SqliteSession): Promise<string> {
  const known = tables.selectFrom('state_facts').select('value').where('name', '=', 'id')
  const [row] = await session.read(known)
  if (row) return row.value
  const fact = tables.insertInto('state_facts').values({ name: 'id', value: randomUUID() })
  return session.write(() => {
    session.all(fact.onConflict((conflict) => conflict.doNothing()))
    return session.all(known)[0]?.value ?? ''
  })
}

/** Makes or migrates a state file, and refuses one that is not ours. */
export async function prepare(session: SqliteSession, path: string): Promise<void> {
  const version = await session.patiently(() => schemaVersion(session, path))
  await session.read(sql`PRAGMA journal_mode = WAL`.compile(tables))
  if (version >= SCHEMA_VERSION) return
  await session.write(() => {
    const now = schemaVersion(session, path)
    if (now < SCHEMA_VERSION) for (const statement of migrationsFrom(now)) session.all(statement)
  })
}

function schemaVersion(session: SqliteSession, path: string): number {
  const names = session.all(sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`.compile(tables))
  if (names.length === 0) return 0
  if (!names.some(({ name }) => name === 'state_schema')) {
    throw stateUnusable(
      `The state file "${path}" is a database of another program`,
      'Name another file as `state` in tillwright.yaml.',
    )
  }
  const version = session.all(tables.selectFrom('state_schema').select('version'))[0]?.version ?? 0
  if (!Number.isInteger(version) || version < 1) {
    throw stateUnusable(
      `The state file "${path}" has a version that is not understood (${JSON.stringify(version)})`,
      'It is damaged, or not of Tillwright: take it from a backup, or name another file as `state` in tillwright.yaml.',
    )
  }
  if (version > SCHEMA_VERSION && !names.some(({ name }) => name === 'state_facts' && isUsable(session))) {
    throw stateUnusable(
      `The state file "${path}" was written by a newer Tillwright (schema ${version}, this one knows ${SCHEMA_VERSION})`,
      'Use that version, or name another file as `state` in tillwright.yaml.',
    )
  }
  return version
}

/** What must be known after a power cut too: that a change may be under way, and that nothing more comes. */
const MUST_SURVIVE: ReadonlySet<RunEvent['type']> = new Set([
  'run.started',
  'run.resumed',
  'run.targets',
  'step.converging',
  'run.finished',
])

function leaseStore(session: SqliteSession, id: string): LeaseStore {
  const onlooker = new Onlooker()
  return {
    id,
    beat: (controller, ttlMs) => session.write(() => beat(session, controller, ttlMs)),
    acquire: (keys, holder) => session.write(() => acquire(session, keys, { ...holder, onlooker })),
    release: (token) => session.write(() => release(session, token)),
    retire: (controller) => session.write(() => retire(session, controller)),
  }
}

/** Whether a file of a newer version says that this code may use it as well. */
function isUsable(session: SqliteSession): boolean {
  const [fact] = session.all(tables.selectFrom('state_facts').select('value').where('name', '=', 'usable_from'))
  return fact !== undefined && Number(fact.value) <= SCHEMA_VERSION
}

class SqliteStore implements RunStore {
  readonly leases: LeaseStore
  readonly admission: AdmissionStore
  readonly kept: KeptRuns
  readonly audit: AuditLog
  readonly availability: AvailabilityStore
  readonly sessions: SessionStore
  readonly reads: RunReads
  readonly #session: SqliteSession

  constructor(session: SqliteSession, id: string) {
    this.#session = session
    this.leases = leaseStore(session, id)
    this.admission = admissionStore(session)
    this.kept = keptRuns(session)
    this.audit = auditLog(session)
    this.availability = availabilityStore(session)
    this.sessions = sessionStore(session)
    this.reads = runReads(session)
  }

  async append(
    events: readonly NewEvent[],
    leasesOf: (event: NewEvent) => readonly LeaseToken[] = () => [],
  ): Promise<readonly (RunEvent | undefined)[]> {
    if (events.length === 0) return []
    const sync = events.some(({ type }) => MUST_SURVIVE.has(type))
    return this.#session.write(() => appendEvents(this.#session, events, leasesOf), { sync })
  }

  async runs({
    limit,
    after,
  }: {
    readonly limit?: number
    readonly after?: RunPlace
  } = {}): Promise<readonly RunSummary[]> {
    const all = tables.selectFrom('runs').selectAll().where('settled', '!=', FORGOTTEN)
    const listed = after
      ? all.where((eb) => eb(eb.refTuple('started_at', 'run'), '<', eb.tuple(after.started_at, after.run)))
      : all
    const newestFirst = listed.orderBy('started_at', 'desc').orderBy('run', 'desc')
    const rows = await this.#session.read(limit === undefined ? newestFirst : newestFirst.limit(limit))
    return rows.map((row) => this.#summary(row))
  }

  async *events(run: string, from = 0): AsyncGenerator<RunEvent> {
    const page = tables.selectFrom('events').selectAll().where('run', '=', run).orderBy('seq').limit(PAGE)
    for (let after = from; ; ) {
      // By key rather than with an open cursor, which would keep the write-ahead log from being cut.
      const rows = await this.#session.read(page.where('seq', '>', after))
      for (const row of rows) yield eventOf(row)
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = last.seq
    }
  }

  async *status({ since = '' }: { readonly since?: string } = {}): AsyncGenerator<DeviceStatus> {
    await this.#settleInterrupted()
    const page = tables.selectFrom('device_status').selectAll().where('at', '>=', since).orderBy('device').limit(PAGE)
    for (let after = ''; ; ) {
      const rows = await this.#session.read(page.where('device', '>', after))
      const last = rows.at(-1)
      const some = since === '' ? undefined : rows.map(({ device }) => device)
      const looks = await this.#looks(after, last?.device ?? after, some)
      for (const row of rows) yield { ...lookOf(row), looks: looks.get(row.device) ?? [] }
      if (last === undefined || rows.length < PAGE) return
      after = last.device
    }
  }

  async statusMark(): Promise<string> {
    await this.#settleInterrupted()
    const [row] = await this.#session.read(
      tables
        .selectFrom('device_status')
        .select(({ fn }) => [fn.countAll().as('count'), fn.max('at').as('at'), fn.max('seen_at').as('seen_at')]),
    )
    return JSON.stringify(row)
  }

  /** The looks at devices whose names lie behind the first and not behind the second, newest first; of `some` of them alone. */
  async #looks(after: string, upTo: string, some?: readonly string[]): Promise<ReadonlyMap<string, RunbookStatus[]>> {
    const looked = tables.selectFrom('runbook_status').selectAll()
    const part = some
      ? looked.where(({ eb, ref }) => eb(ref('device'), 'in', inList(some)))
      : looked.where('device', '>', after).where('device', '<=', upTo)
    const looks = new Map<string, RunbookStatus[]>()
    for (const { device, ...row } of await this.#session.read(part.orderBy('at', 'desc'))) {
      const known = looks.get(device)
      if (known) known.push(lookOf(row))
      else looks.set(device, [lookOf(row)])
    }
    return looks
  }

  visits(device: string, options: { readonly limit: number; readonly since?: Date }): Promise<readonly DeviceVisit[]> {
    const isOver = (row: RunRow): boolean => row.finished_at !== null || this.#isInterrupted(row)
    return readVisits(this.#session, device, { ...options, isOver })
  }

  samples(device: string, series: string, since: Date, until?: Date): Promise<readonly Sample[]> {
    return readSamples(this.#session, { device, series, since, until })
  }

  machineOf(device: string): Promise<Marks> {
    return readMachine(this.#session, device)
  }

  marks(): AsyncIterable<DeviceMark> {
    return readMarks(this.#session)
  }

  async forget(run: string, keep: Retention): Promise<void> {
    // What an interrupted run left in doubt outlives it.
    await this.#settleInterrupted()
    const isOver = (row: RunRow): boolean => row.finished_at !== null || this.#isInterrupted(row)
    await forgetRuns(this.#session, run, { keep, isOver })
    await forgetSamples(this.#session, keep.days)
    const longAgo = new Date(Date.now() - Math.max(keep.days, AUDIT_DAYS) * DAY_MS).toISOString()
    await this.#session.write(() => cutAudit(this.#session, longAgo))
  }

  async close(): Promise<void> {
    await this.#session.close()
  }

  #summary(row: RunRow): RunSummary {
    const { run, started_at, finished_at, devices, exit_code, by } = row
    const state = finished_at !== null ? 'finished' : this.#isInterrupted(row) ? 'interrupted' : 'running'
    return {
      run,
      mode: row.mode as RunSummary['mode'],
      runbooks: labelled(row.runbooks).runbooks,
      started_at,
      finished_at,
      state,
      devices,
      counts: { ...emptyCounts(), ...(JSON.parse(row.counts) as RunSummary['counts']) },
      exit_code,
      by,
      resumed: row.resumed,
    }
  }

  /** Of a run without an end: nobody is there any more to write one. */
  #isInterrupted(row: RunRow): boolean {
    const where = whereabouts(row)
    if (where !== 'elsewhere') return where === 'dead'
    return Date.parse(this.#lastSign(row)) < Date.now() - SILENCE_MS
  }

  #lastSign(row: RunRow): string {
    const latest = tables.selectFrom('events').select('at').where('run', '=', row.run).orderBy('seq', 'desc').limit(1)
    return this.#session.all(latest)[0]?.at ?? row.started_at
  }

  /** A device whose run died in the middle of a change is in doubt, and must not be shown as it was before. */
  async #settleInterrupted(): Promise<void> {
    const open = tables.selectFrom('runs').selectAll().where('finished_at', 'is', null).where('settled', '=', 0)
    for (const row of await this.#session.read(open)) {
      if (!this.#isInterrupted(row)) continue
      const record = await foldRun(this.events(row.run), { ended: true })
      await this.#session.write(() => {
        for (const status of indeterminateDevices(record, row, this.#lastSign(row))) recordStatus(this.#session, status)
        this.#session.all(tables.updateTable('runs').set({ settled: 1 }).where('run', '=', row.run))
      })
    }
  }
}

interface Raw {
  readonly state: string
  readonly unknown: number
  readonly runbooks: string
}

type Read = Pick<RunbookStatus, keyof Raw | 'about'>

function lookOf<Row extends Raw>(row: Row): Omit<Row, keyof Raw> & Read {
  const { state, unknown, runbooks } = row
  return {
    ...row,
    state: state as RunbookStatus['state'],
    unknown: unknown === 1,
    ...labelled(runbooks),
  }
}
