import type { Compilable, Generated } from 'kysely'
import { compileOnly } from './compile-only.ts'
import type { SchemaWords } from './schema-words.ts'

interface OutboxTables {
  /** Events that wait to be sent, by number; the events themselves stand in the journal. The last row stays, so that its number is not given again. */
  readonly outbox: {
    id: Generated<number>
    run: string
    seq: number
    /** Milliseconds since 1970. */
    at: number
    /** About how long the event is. */
    bytes: number
    /** For this sink alone; for all where it is null. */
    sink: string | null
  }
  readonly sinks: {
    name: string
    /** The last number that is settled. */
    position: number
    sent: number
    skipped: number
    refused: number
    dropped: number
    last_sent_at: string | null
    trouble: string | null
    trouble_since: string | null
    /** Who sends to it: host, pid and process as of `thisProcess`. */
    host: string | null
    pid: number | null
    process: string | null
    /** Milliseconds since 1970. */
    claimed_until: number
  }
  readonly outbox_refused: { sink: string; id: number; run: string; seq: number; at: string; why: string }
  readonly events: { run: string; seq: number; at: string; type: string; device: string | null; json: string }
}

export const outboxTables = compileOnly<OutboxTables>()

/** The change of the schema that brings the outbox. */
export function outboxStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = outboxTables
  return [
    schema
      .createTable('outbox')
      .addColumn('id', w.counter, (c) => c.primaryKey())
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('seq', w.integer, (c) => c.notNull())
      .addColumn('at', w.integer, (c) => c.notNull())
      .addColumn('bytes', w.integer, (c) => c.notNull())
      .addColumn('sink', w.text),
    schema.createIndex('outbox_run').on('outbox').columns(['run']),
    schema
      .createTable('sinks')
      .addColumn('name', w.text, (c) => c.primaryKey())
      .addColumn('position', w.integer, (c) => c.notNull())
      .addColumn('sent', w.integer, (c) => c.notNull())
      .addColumn('skipped', w.integer, (c) => c.notNull())
      .addColumn('refused', w.integer, (c) => c.notNull())
      .addColumn('dropped', w.integer, (c) => c.notNull())
      .addColumn('last_sent_at', w.text)
      .addColumn('trouble', w.text)
      .addColumn('trouble_since', w.text)
      .addColumn('host', w.text)
      .addColumn('pid', w.integer)
      .addColumn('process', w.text)
      .addColumn('claimed_until', w.integer, (c) => c.notNull())
      .modifyEnd(w.byKey),
    schema
      .createTable('outbox_refused')
      .addColumn('sink', w.text, (c) => c.notNull())
      .addColumn('id', w.integer, (c) => c.notNull())
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('seq', w.integer, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull())
      .addColumn('why', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('outbox_refused_pk', ['sink', 'id'])
      .modifyEnd(w.byKey),
  ]
}
