import type { CompiledQuery } from 'kysely'
import type { SinkPosition } from '../core/sink.ts'
import { compiledLater } from './compiled-later.ts'
import { outboxTables } from './outbox-tables.ts'
import type { StoreSession } from './steps.ts'

/** What is added up in one go: some ten milliseconds. */
const SUM_PAGE = 50_000

export const ROW = compiledLater(() => outboxTables.selectFrom('sinks').selectAll().where('name', '=', '').compile())

export type SinkRow = typeof ROW extends CompiledQuery<infer Row> ? Row : never

/** What waits is added up a page at a time, as there may be millions. */
export async function readPosition(session: StoreSession, row: SinkRow): Promise<SinkPosition> {
  const waits = { pending: 0, bytes: 0, oldest: null as number | null }
  for (let after = row.position; ; ) {
    const page = ofSink(row.name, after).select(['id', 'bytes', 'at']).orderBy('id').limit(SUM_PAGE).as('page')
    const sums = outboxTables
      .selectFrom(page)
      .select(({ fn }) => [
        fn.countAll<number>().as('count'),
        fn.sum<number>('bytes').as('bytes'),
        fn.min<number>('at').as('oldest'),
        fn.max<number>('id').as('last'),
      ])
    const [sum] = await session.read(sums)
    waits.pending += sum?.count ?? 0
    // PostgreSQL adds up to numbers without an end, which come as text.
    waits.bytes += Number(sum?.bytes ?? 0)
    waits.oldest = least(waits.oldest, sum?.oldest ?? null)
    if (!sum || sum.count < SUM_PAGE) return positionOf(row, waits)
    after = sum.last
    await new Promise((turn) => setImmediate(turn))
  }
}

/** What waits for a sink behind a number. */
export function ofSink(sink: string, after: number) {
  return outboxTables
    .selectFrom('outbox')
    .where('id', '>', after)
    .where(({ eb, or }) => or([eb('sink', 'is', null), eb('sink', '=', sink)]))
}

function positionOf(
  row: SinkRow,
  { pending, bytes, oldest }: { readonly pending: number; readonly bytes: number; readonly oldest: number | null },
): SinkPosition {
  return {
    sink: row.name,
    pending,
    pending_bytes: bytes,
    oldest_at: oldest === null ? null : new Date(oldest).toISOString(),
    sent: row.sent,
    skipped: row.skipped,
    refused: row.refused,
    dropped: row.dropped,
    trouble: row.trouble,
    trouble_since: row.trouble_since,
    last_sent_at: row.last_sent_at,
  }
}

function least(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}
