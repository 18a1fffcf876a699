import { type RawBuilder, sql } from 'kysely'
import type { StateUsage } from '../core/state-usage.ts'
import { tables } from './schema.ts'
import type { StoreSession } from './steps.ts'

interface Counted {
  readonly runs: number
  readonly first: string | null
  readonly looks: number | null
  readonly events: number | null
}

/** Counts by the last number of each run: no event is read. `since`, `until`: ISO 8601 in UTC. */
export async function readUsage(
  session: StoreSession,
  { since, until }: { readonly since: string; readonly until: string },
): Promise<StateUsage> {
  const [[told], [all], used_bytes] = await Promise.all([
    session.read(counted(sql`started_at >= ${since} AND started_at < ${until}`)),
    session.read(counted(sql`true`)),
    session.usedBytes(),
  ])
  const [runs, looks, events] = [Number(told?.runs ?? 0), Number(told?.looks ?? 0), Number(told?.events ?? 0)]
  return { runs, first: told?.first ?? null, looks, events, kept_events: Number(all?.events ?? 0), used_bytes }
}

function counted(which: RawBuilder<unknown>) {
  return sql<Counted>`SELECT count(*) AS runs, min(started_at) AS first, sum(devices) AS looks,
    sum(coalesce((SELECT max(seq) FROM events WHERE events.run = runs.run), 0)) AS events
    FROM runs WHERE ${which}`.compile(tables)
}
