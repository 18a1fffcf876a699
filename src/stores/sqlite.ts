import { sql } from 'kysely'
import type { RunEvent } from '../core/events.ts'
import { foldRun } from '../core/fold-run.ts'
import type { LeaseHolder, Retention, RunStore } from '../core/ports.ts'
import { type DeviceStatus, emptyCounts, type RunSummary } from '../core/run.ts'
import type { DeviceMark, Sample } from '../core/sample.ts'
import { FORGOTTEN, forgetRuns } from './forget-runs.ts'
import { dropLease, takeLease } from './leases.ts'
import { forgetSamples, readMarks, readSamples } from './notes.ts'
import { whereabouts } from './process-identity.ts'
import { eventOf, indeterminateDevices, recordEvents, recordStatus } from './record-events.ts'
import { migrationsFrom, type RunRow, SCHEMA_VERSION, tables } from './schema.ts'
import { SqliteSession, stateUnusable } from './sqlite-session.ts'

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
  } catch (error) {
    session.abandon()
    throw error
  }
  return new SqliteStore(session)
}

async function prepare(session: SqliteSession, path: string): Promise<void> {
  const version = await session.patiently(() => schemaVersion(session, path))
  await session.read(sql`PRAGMA journal_mode = WAL`.compile(tables))
  await session.read(sql`PRAGMA synchronous = NORMAL`.compile(tables))
  if (version === SCHEMA_VERSION) return
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
  if (version > SCHEMA_VERSION) {
    throw stateUnusable(
      `The state file "${path}" was written by a newer Tillwright (schema ${version}, this one knows ${SCHEMA_VERSION})`,
      'Use that version, or name another file as `state` in tillwright.yaml.',
    )
  }
  return version
}

class SqliteStore implements RunStore {
  readonly #session: SqliteSession

  constructor(session: SqliteSession) {
    this.#session = session
  }

  async append(events: readonly RunEvent[]): Promise<void> {
    if (events.length > 0) await this.#session.write(() => recordEvents(this.#session, events))
  }

  async runs(options: { readonly limit?: number } = {}): Promise<readonly RunSummary[]> {
    const listed = tables.selectFrom('runs').selectAll().where('settled', '!=', FORGOTTEN)
    const newestFirst = listed.orderBy('started_at', 'desc').orderBy('run', 'desc')
    const rows = await this.#session.read(options.limit === undefined ? newestFirst : newestFirst.limit(options.limit))
    return rows.map((row) => this.#summary(row))
  }

  async *events(run: string): AsyncGenerator<RunEvent> {
    const page = tables.selectFrom('events').selectAll().where('run', '=', run).orderBy('seq').limit(PAGE)
    for (let after = 0; ; ) {
      // By key rather than with an open cursor, which would keep the write-ahead log from being cut.
      const rows = await this.#session.read(page.where('seq', '>', after))
      for (const row of rows) yield eventOf(row)
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = last.seq
    }
  }

  async *status(): AsyncGenerator<DeviceStatus> {
    await this.#settleInterrupted()
    const page = tables.selectFrom('device_status').selectAll().orderBy('device').limit(PAGE)
    for (let after = ''; ; ) {
      const rows = await this.#session.read(page.where('device', '>', after))
      for (const row of rows) {
        const runbooks = JSON.parse(row.runbooks) as string[]
        yield { ...row, state: row.state as DeviceStatus['state'], unknown: row.unknown === 1, runbooks }
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = last.device
    }
  }

  samples(device: string, series: string, since: Date, until?: Date): Promise<readonly Sample[]> {
    return readSamples(this.#session, { device, series, since, until })
  }

  marks(): AsyncIterable<DeviceMark> {
    return readMarks(this.#session)
  }

  acquireLease(
    device: string,
    holder: { readonly run: string; readonly ttlMs: number },
  ): Promise<{ readonly granted: true } | { readonly granted: false; readonly holder: LeaseHolder }> {
    return this.#session.write(() => takeLease(this.#session, device, holder))
  }

  async releaseLease(device: string, run: string): Promise<void> {
    await this.#session.write(() => dropLease(this.#session, device, run))
  }

  async forget(run: string, keep: Retention): Promise<void> {
    // What an interrupted run left in doubt outlives it.
    await this.#settleInterrupted()
    const isOver = (row: RunRow): boolean => row.finished_at !== null || this.#isInterrupted(row)
    await forgetRuns(this.#session, run, { keep, isOver })
    await forgetSamples(this.#session, keep.days)
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
      runbooks: JSON.parse(row.runbooks) as string[],
      started_at,
      finished_at,
      state,
      devices,
      counts: { ...emptyCounts(), ...(JSON.parse(row.counts) as RunSummary['counts']) },
      exit_code,
      by,
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
