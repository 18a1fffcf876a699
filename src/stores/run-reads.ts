import { sql } from 'kysely'
import type { RunEvent } from '../core/events.ts'
import type { DeviceState } from '../core/outcome.ts'
import type { ChangeBegun, DeviceEnd, EndsOf, RunReads } from '../core/run-reads.ts'
import { recordOf } from './device-visits.ts'
import { inList } from './in-list.ts'
import { eventOf } from './record-events.ts'
import { ENDS_OF_DEVICES, tables } from './schema.ts'
import type { StoreSession } from './steps.ts'

export function runReads(session: StoreSession): RunReads {
  return {
    ends: (of) => readEnds(session, of),
    changes: (device, of) => readChanges(session, device, of),
    async started(run) {
      const first = tables.selectFrom('events').selectAll().where('run', '=', run).where('seq', '=', 1)
      const [event] = (await session.read(first)).map(eventOf)
      return event?.type === 'run.started' ? event : undefined
    },
    record: (end) => recordOf(session, end.device, { run: end.run, end }),
    async states(run) {
      const rows = await session.read(
        tables.selectFrom('run_devices').select(['device', 'state']).where('run', '=', run),
      )
      return new Map(rows.map(({ device, state }) => [device, state as DeviceState]))
    },
    async ofTypes<T extends RunEvent['type']>(run: string, types: readonly T[]) {
      const rows = await session.read(
        tables.selectFrom('events').selectAll().where('run', '=', run).where('type', 'in', types).orderBy('seq'),
      )
      return rows.map((row) => eventOf(row) as Extract<RunEvent, { type: T }>)
    },
    undoing: (run) => undoing(session, run),
    async series(device) {
      const own = tables.selectFrom('sample_series').select('series').where('device', '=', device).orderBy('series')
      return (await session.read(own)).map(({ series }) => series)
    },
    countsAmong: (runs, devices) => countsAmong(session, runs, devices),
  }
}

/** A run tells of its beginning within so many events: what else is told of it by then came from others. */
const BEGUN_BY = 10

async function undoing(session: StoreSession, run: string): Promise<readonly string[]> {
  const own = tables.selectFrom('runs').select('started_at').where('run', '=', run)
  const [since] = await session.read(own)
  if (since === undefined) return []
  const begun = tables
    .selectFrom('events')
    .innerJoin('runs', 'runs.run', 'events.run')
    .selectAll('events')
    .where('runs.mode', '=', 'apply')
    .where('runs.started_at', '>=', since.started_at)
    .where('events.seq', '<=', BEGUN_BY)
    .where('events.type', '=', 'run.started')
    .where('events.json', 'like', `%"undoes":"${run}"%`)
    .orderBy('runs.started_at')
    .orderBy('runs.run')
  return (await session.read(begun)).map((row) => row.run)
}

async function readEnds(session: StoreSession, of: EndsOf): Promise<readonly DeviceEnd[]> {
  const { devices, run, from, until, limit } = of
  const ends = tables
    .selectFrom('events')
    .selectAll()
    .where(({ eb, ref }) => eb(ref('device'), 'in', inList(devices)))
    .where(ENDS_OF_DEVICES)
    .where('type', '=', 'device.finished')
    .where('at', '>=', from)
    .orderBy('at', 'desc')
    .orderBy('run', 'desc')
    .limit(limit)
  const within = until === undefined ? ends : ends.where('at', '<=', until)
  // By the column itself SQLite might go through the whole run.
  const rows = await session.read(run === undefined ? within : within.where(sql<string>`run || ''`, '=', run))
  return rows.map((row) => eventOf(row) as DeviceEnd)
}

/** By the index of what ended and what was begun. */
async function readChanges(
  session: StoreSession,
  device: string,
  { until, limit }: Parameters<RunReads['changes']>[1],
): Promise<readonly ChangeBegun[]> {
  const begun = tables
    .selectFrom('events')
    .selectAll()
    .where('device', '=', device)
    .where(ENDS_OF_DEVICES)
    .where('type', '=', 'step.converging')
    .where('at', '<=', until)
    .orderBy('at', 'desc')
    .limit(limit)
  return (await session.read(begun)).map((row) => eventOf(row) as ChangeBegun)
}

async function countsAmong(session: StoreSession, runs: readonly string[], devices: readonly string[]) {
  const rows = await session.read(
    tables
      .selectFrom('run_devices')
      .select(['run', 'state', ({ fn }) => fn.countAll<number>().as('count')])
      .where(({ eb, ref }) => eb(ref('run'), 'in', inList(runs)))
      .where(({ eb, ref }) => eb(ref('device'), 'in', inList(devices)))
      .groupBy(['run', 'state']),
  )
  const counts = new Map<string, Partial<Record<DeviceState, number>>>()
  for (const { run, state, count } of rows) {
    const known = counts.get(run) ?? {}
    counts.set(run, known)
    known[state as DeviceState] = Number(count)
  }
  return counts
}
