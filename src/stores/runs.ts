import { randomUUID } from 'node:crypto'
import type { AdmissionStore } from '../core/admission.ts'
import type { AssignmentStore } from '../core/assignment-store.ts'
import { type AuditLog, auditKeptSince } from '../core/audit.ts'
import type { ChangeTimeStore } from '../core/change-times.ts'
import type { RunEvent } from '../core/events.ts'
import type { FleetKeys } from '../core/fleet-key.ts'
import { foldRun } from '../core/fold-run.ts'
import type { WorkStore } from '../core/handed-work.ts'
import type { KeptRuns } from '../core/kept-run.ts'
import type { LeaseStore, LeaseToken } from '../core/lease.ts'
import type { AvailabilityStore } from '../core/ledger.ts'
import type { OutageStore } from '../core/outage.ts'
import type { ReportDeliveryStore } from '../core/report-schedule.ts'
import type { RevisionStore } from '../core/revision-store.ts'
import {
  type DeviceStatus,
  emptyCounts,
  type PastVisit,
  type RunbookStatus,
  type RunPlace,
  type RunSummary,
} from '../core/run.ts'
import type { RunReads } from '../core/run-reads.ts'
import type { NewEvent, Retention, RunStore } from '../core/run-store.ts'
import type { DeviceFact, DeviceMark, Marks, Sample } from '../core/sample.ts'
import type { SessionStore } from '../core/session.ts'
import type { StateFacts } from '../core/state-facts.ts'
import type { StateUsage } from '../core/state-usage.ts'
import type { Period } from '../core/trading-hours.ts'
import { admissionStore } from './admission.ts'
import { assignmentStore } from './assignments.ts'
import { auditLog } from './audit.ts'
import { AUDITED } from './audit-entries.ts'
import { availabilityStore } from './availability.ts'
import { changeTimeStore } from './change-times.ts'
import { readVisits } from './device-visits.ts'
import { fleetKeys } from './fleet-keys.ts'
import { FORGOTTEN, forgetRuns } from './forget-runs.ts'
import { inList } from './in-list.ts'
import { dropNeverBegun, keptRuns } from './kept-runs.ts'
import { labelled } from './labelled.ts'
import { isHeard, leaseStore } from './leases.ts'
import { AUDIT, journalOf, LEASES, OUTBOX } from './locks.ts'
import { forgetSamples, readFact, readMachine, readMarks, readSamples } from './notes.ts'
import { outageStore } from './outages.ts'
import { appendEvents, eventOf, indeterminateDevices, lastSeqOf } from './record-events.ts'
import { recordStatuses } from './record-status.ts'
import { reportDeliveryStore } from './report-deliveries.ts'
import { revisionStore } from './revisions.ts'
import { runReads } from './run-reads.ts'
import { type RunRow, type StatusRow, tables } from './schema.ts'
import { sessionStore } from './sessions.ts'
import { readUsage } from './state-usage.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'
import { workStore } from './work.ts'

/** Rows of one read: small enough to leave the event loop free, large enough to be cheap. */
const PAGE = 1000
/** A run on a machine that this one cannot look at is given up when nothing was heard of it for so long. */
const SILENCE_MS = 24 * 3_600_000

/** Journal, history, last states and leases in a database that has been brought to the present schema. */
export async function storedRuns(session: StoreSession): Promise<RunStore> {
  return new StoredRuns(session, await identityOf(session))
}

/** By which this store is told from others; given once. */
export async function identityOf(session: StoreSession): Promise<string> {
  const known = tables.selectFrom('state_facts').select('value').where('name', '=', 'id')
  const [row] = await session.read(known)
  if (row) return row.value
  const fact = tables.insertInto('state_facts').values({ name: 'id', value: randomUUID() })
  return session.write(
    function* () {
      yield* put(fact.onConflict((conflict) => conflict.doNothing()))
      return (yield* rowsOf(known))[0]?.value ?? ''
    },
    { locks: {} },
  )
}

/** What must be known after a power cut too: that a change may be under way, that nothing more comes, and what goes on record. */
const MUST_SURVIVE: ReadonlySet<RunEvent['type']> = new Set([...AUDITED, 'run.targets', 'step.converging'])

class StoredRuns implements RunStore {
  readonly fleets: FleetKeys
  readonly leases: LeaseStore
  readonly admission: AdmissionStore
  readonly outages: OutageStore
  readonly reportDeliveries: ReportDeliveryStore
  readonly kept: KeptRuns
  readonly changeTimes: ChangeTimeStore
  readonly audit: AuditLog
  readonly availability: AvailabilityStore
  readonly sessions: SessionStore
  readonly assignments: AssignmentStore
  readonly revisions: RevisionStore
  readonly reads: RunReads
  readonly work: WorkStore
  readonly #session: StoreSession

  constructor(session: StoreSession, id: string) {
    this.#session = session
    this.fleets = fleetKeys(session)
    this.leases = leaseStore(session, id)
    this.admission = admissionStore(session)
    this.outages = outageStore(session)
    this.reportDeliveries = reportDeliveryStore(session)
    this.kept = keptRuns(session)
    this.changeTimes = changeTimeStore(session)
    this.audit = auditLog(session)
    this.availability = availabilityStore(session)
    this.sessions = sessionStore(session)
    this.assignments = assignmentStore(session)
    this.revisions = revisionStore(session)
    this.reads = runReads(session)
    this.work = workStore(session)
  }

  nowMs(): number {
    return this.#session.nowMs()
  }

  async append(
    events: readonly NewEvent[],
    leasesOf: (event: NewEvent) => readonly LeaseToken[] = () => [],
  ): Promise<readonly (RunEvent | undefined)[]> {
    if (events.length === 0) return []
    const sync = events.some(({ type }) => MUST_SURVIVE.has(type))
    const runs = [...new Set(events.map(({ run }) => journalOf(run)))]
    const alone = events.some(({ type }) => AUDITED.has(type)) ? [...runs, AUDIT] : runs
    return this.#session.write(() => appendEvents(events, leasesOf), {
      locks: { alone, shared: [LEASES, OUTBOX] },
      sync,
    })
  }

  async runs({
    limit,
    after,
    within,
    among,
  }: {
    readonly limit?: number
    readonly after?: RunPlace
    readonly within?: Period
    readonly among?: readonly string[]
  } = {}): Promise<readonly RunSummary[]> {
    const known = tables.selectFrom('runs').selectAll().where('settled', '!=', FORGOTTEN)
    const kept = among ? known.where(({ eb, ref }) => eb(ref('run'), 'in', inList(among))) : known
    const [from, to] = [within?.from, within?.to].map((at) => at !== undefined && new Date(at).toISOString())
    const all = from && to ? kept.where('started_at', '>=', from).where('started_at', '<', to) : kept
    const listed = after
      ? all.where((eb) => eb(eb.refTuple('started_at', 'run'), '<', eb.tuple(after.started_at, after.run)))
      : all
    const newestFirst = listed.orderBy('started_at', 'desc').orderBy('run', 'desc')
    const rows = await this.#session.read(limit === undefined ? newestFirst : newestFirst.limit(limit))
    return Promise.all(rows.map((row) => this.#summary(row)))
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

  visits(device: string, options: { readonly limit: number; readonly since?: Date }): Promise<readonly PastVisit[]> {
    return readVisits(this.#session, device, { ...options, isOver: (row) => this.#isOver(row) })
  }

  samples(device: string, series: string, since: Date, until?: Date): Promise<readonly Sample[]> {
    return readSamples(this.#session, { device, series, since, until })
  }

  machineOf(device: string): Promise<Marks> {
    return readMachine(this.#session, device)
  }

  fact(device: string, name: string, source: string): Promise<DeviceFact | null> {
    return readFact(this.#session, { device, name, source })
  }

  marks(): AsyncIterable<DeviceMark> {
    return readMarks(this.#session)
  }

  async forget(run: string, keep: Retention): Promise<void> {
    // What an interrupted run left in doubt outlives it.
    await this.#settleInterrupted()
    await forgetRuns(this.#session, run, { keep, isOver: (row) => this.#isOver(row) })
    await dropNeverBegun(this.#session)
    await forgetSamples(this.#session, keep.days)
    const { audit = 'unsigned' } = keep
    if (audit !== 'elsewhere') await this.audit.cut(auditKeptSince(keep.days), audit)
  }

  async facts(): Promise<StateFacts> {
    const runs = tables.selectFrom('runs').where('settled', '!=', FORGOTTEN)
    const counted = runs.select(({ fn }) => [fn.countAll().as('n'), fn.min('started_at').as('oldest')])
    const held = tables.selectFrom('lease_keys').where('controller', 'is not', null)
    const [[told], [leases], [schema], where] = await Promise.all([
      this.#session.read(counted),
      this.#session.read(held.select(({ fn }) => fn.countAll().as('n'))),
      this.#session.read(tables.selectFrom('state_schema').select('version')),
      this.#session.whereabouts(),
    ])
    const version = schema?.version ?? 0
    return { ...where, version, runs: Number(told?.n), leases: Number(leases?.n), oldest: told?.oldest ?? null }
  }

  usage({ since, until }: Parameters<RunStore['usage']>[0]): Promise<StateUsage> {
    return readUsage(this.#session, { since: since.toISOString(), until: until.toISOString() })
  }

  async close(): Promise<void> {
    await this.#session.close()
  }

  async #isOver(row: RunRow): Promise<boolean> {
    return row.finished_at !== null || this.#isInterrupted(row)
  }

  async #summary(row: RunRow): Promise<RunSummary> {
    const { run, started_at, finished_at, devices, exit_code, by } = row
    const state = finished_at !== null ? 'finished' : (await this.#isInterrupted(row)) ? 'interrupted' : 'running'
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
  async #isInterrupted(row: RunRow): Promise<boolean> {
    const where = this.#session.witness.whereabouts(row)
    if (where !== 'elsewhere') return where === 'dead'
    const isHeard = await this.#isHeard(row.run)
    if (isHeard !== undefined) return !isHeard
    return Date.parse(await this.#lastSign(row)) < Date.now() - SILENCE_MS
  }

  /** Whether a controller that has leases for a run is there; undefined where none has any. */
  #isHeard(run: string): Promise<boolean | undefined> {
    const { witness } = this.#session
    return this.#session.write(() => isHeard(run, witness), { locks: {} })
  }

  async #lastSign(row: RunRow): Promise<string> {
    const latest = tables.selectFrom('events').select('at').where('run', '=', row.run).orderBy('seq', 'desc').limit(1)
    return (await this.#session.read(latest))[0]?.at ?? row.started_at
  }

  /** A device whose run died in the middle of a change is in doubt, and must not be shown as it was before. */
  async #settleInterrupted(): Promise<void> {
    const open = tables.selectFrom('runs').selectAll().where('finished_at', 'is', null).where('settled', '=', 0)
    for (const row of await this.#session.read(open)) {
      if (!(await this.#isInterrupted(row))) continue
      let last = 0
      const told = async function* (events: AsyncIterable<RunEvent>) {
        for await (const event of events) {
          last = event.seq
          yield event
        }
      }
      const record = await foldRun(told(this.events(row.run)), { ended: true })
      const lost = indeterminateDevices(record, row, await this.#lastSign(row))
      await this.#session.write(() => settleRun(row, last, lost), { locks: { alone: [journalOf(row.run)] } })
    }
  }
}

/** Where it has gone on meanwhile, what was folded says nothing of it any more. */
function* settleRun({ run, resumed }: RunRow, last: number, lost: readonly StatusRow[]): Steps<void> {
  const [row] = yield* rowsOf(tables.selectFrom('runs').select('resumed').where('run', '=', run))
  if (row?.resumed !== resumed || (yield* lastSeqOf(run)) !== last) return
  yield* recordStatuses(lost)
  yield* put(tables.updateTable('runs').set({ settled: 1 }).where('run', '=', run))
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
