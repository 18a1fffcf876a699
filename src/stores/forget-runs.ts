import { sql } from 'kysely'
import { DAY_MS } from '../core/duration.ts'
import type { Retention } from '../core/run-store.ts'
import { availability } from './availability-tables.ts'
import { dropKept } from './kept-runs.ts'
import { journalOf, KEPT } from './locks.ts'
import { outboxTables } from './outbox-tables.ts'
import { type RunRow, tables } from './schema.ts'
import { put, rowsOf, type StoreSession } from './steps.ts'

/** What `settled` says of a run that is no longer listed and whose events are being deleted, some at a time. */
export const FORGOTTEN = 2

/** Events deleted in one transaction: others who write wait no longer than for one of their own. */
const PAGE = 2_000
/** Events that even the smallest run takes away. */
const FEWEST = 10_000
/** Runs that are looked at for one that may go; those in progress are passed over. */
const CANDIDATES = 20
/** A run of which something is left is kept for so long, whatever else is to be kept. */
const UNFINISHED_DAYS = 30
const MEGABYTE = 1_000_000

/**
 * Deletes the oldest runs that are beyond what is to be kept, at the end of `run`. At most twice as many events go as
 * that run has written: it costs a fraction of the run, and keeps up with what comes. What is left over goes at the end
 * of the next. The file does not become smaller (`till state vacuum` does that); its room is used again.
 */
export async function forgetRuns(
  session: StoreSession,
  run: string,
  options: { readonly keep: Retention; readonly isOver: (row: RunRow) => Promise<boolean> },
): Promise<void> {
  const [own] = await session.read(
    tables.selectFrom('events').select('seq').where('run', '=', run).orderBy('seq', 'desc').limit(1),
  )
  let left = Math.max(FEWEST, 2 * (own?.seq ?? 0))
  while (left > 0) {
    const victim = await oldestBeyond(session, run, options)
    if (victim === undefined) return
    left -= await forgetSome(session, victim)
  }
}

async function oldestBeyond(
  session: StoreSession,
  run: string,
  { keep, isOver }: { readonly keep: Retention; readonly isOver: (row: RunRow) => Promise<boolean> },
): Promise<string | undefined> {
  const oldest = tables.selectFrom('runs').selectAll().orderBy('started_at').limit(CANDIDATES)
  const [begun] = await session.read(oldest.where('settled', '=', FORGOTTEN))
  if (begun) return begun.run
  const unfinished = tables.selectFrom('kept_runs').select('run')
  const longAgo = new Date(Date.now() - UNFINISHED_DAYS * DAY_MS).toISOString()
  const free = oldest.where(({ eb, or }) => or([eb('run', 'not in', unfinished), eb('started_at', '<', longAgo)]))
  // What waits for a sink is kept as long as the sink's own limits say.
  const settled = sql<number>`coalesce((SELECT min(position) FROM sinks), ${Number.MAX_SAFE_INTEGER})`
  const waiting = outboxTables.selectFrom('outbox').select('run').where('id', '>', settled)
  // What a sink has refused may be sent again for as long as runs are kept.
  const since = new Date(Date.now() - keep.days * DAY_MS).toISOString()
  const refused = outboxTables.selectFrom('outbox_refused').select('run').where('at', '>=', since)
  const others = free.where('run', '!=', run).where('run', 'not in', waiting).where('run', 'not in', refused)
  const rows = await session.read(others)
  let first: RunRow | undefined
  for (const row of rows) if (first === undefined && (await isOver(row))) first = row
  if (first === undefined) return undefined
  const expired = Date.parse(first.finished_at ?? first.started_at) < Date.now() - keep.days * DAY_MS
  return expired || (await session.usedBytes()) > keep.megabytes * MEGABYTE ? first.run : undefined
}

/** Resolves to how many events went. */
function forgetSome(session: StoreSession, run: string): Promise<number> {
  const events = tables.selectFrom('events').select('seq').where('run', '=', run).orderBy('seq').limit(PAGE)
  return session.write(
    function* () {
      const seqs = yield* rowsOf(events)
      const last = seqs.at(-1)
      if (last) yield* put(tables.deleteFrom('events').where('run', '=', run).where('seq', '<=', last.seq))
      if (seqs.length < PAGE) {
        yield* put(tables.deleteFrom('runs').where('run', '=', run))
        yield* put(tables.deleteFrom('run_devices').where('run', '=', run))
        yield* put(availability.deleteFrom('availability_runs').where('run', '=', run))
        yield* dropKept(run)
      } else yield* put(tables.updateTable('runs').set({ settled: FORGOTTEN }).where('run', '=', run))
      return seqs.length
    },
    { locks: { alone: [KEPT, journalOf(run)] } },
  )
}
