import { sql } from 'kysely'
import type { RunEvent } from '../core/events.ts'
import { compiledLater } from './compiled-later.ts'
import { outboxTables } from './outbox-tables.ts'
import { put, type Steps } from './steps.ts'

const INSERT = compiledLater(() =>
  sql`INSERT INTO outbox (run, seq, at, bytes, sink)
  SELECT ${''}, ${0}, ${0}, ${0}, NULL WHERE EXISTS (SELECT 1 FROM sinks)`.compile(outboxTables),
)

/**
 * Puts events into the queue of the sinks, where there are any: in the transaction that journals them, so that what is in
 * the journal is sent, and nothing else. `bytes` is about how long an event is.
 */
export function* queueEvents(events: readonly RunEvent[], bytes: readonly number[]): Steps<void> {
  const now = Date.now()
  for (const [index, { run, seq }] of events.entries()) yield* put(INSERT, [run, seq, now, bytes[index] ?? 0])
}
