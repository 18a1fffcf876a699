import type { Compilable, CompiledQuery, Generated } from 'kysely'
import { compileOnly } from './compile-only.ts'
import type { SchemaWords } from './schema-words.ts'

/** Times are milliseconds since 1970: there are many of them. */
interface AvailabilityTables {
  readonly availability_devices: { id: Generated<number>; device: string; seen_at: number | null }
  /** Tracks, causes and runs, each once. */
  readonly availability_words: { id: Generated<number>; word: string }
  /** By month of UTC (`202611`), so that what is asked for lies together. */
  readonly availability_spans: {
    month: number
    device: number
    track: number
    first: number
    last: number
    found: string
    cause: number | null
    looks: number
    run: number
    last_run: number
  }
  /** Up to which event a run was taken in; `finished_at` as it was when all of it had been. */
  readonly availability_runs: { run: string; seq: number; finished_at: string | null }
  readonly availability_months: {
    contract: string
    month: string
    version: number
    closed_at: string
    by: string
    why: string | null
    json: string
    hash: string
  }
}

export const availability = compileOnly<AvailabilityTables>()

export function availabilityStatements(w: SchemaWords): readonly (Compilable | CompiledQuery)[] {
  const { schema } = availability
  return [
    schema
      .createTable('availability_devices')
      .addColumn('id', w.counter, (c) => c.primaryKey())
      .addColumn('device', w.text, (c) => c.notNull().unique())
      .addColumn('seen_at', w.integer),
    schema
      .createTable('availability_words')
      .addColumn('id', w.counter, (c) => c.primaryKey())
      .addColumn('word', w.text, (c) => c.notNull().unique()),
    schema
      .createTable('availability_spans')
      .addColumn('month', w.integer, (c) => c.notNull())
      .addColumn('device', w.integer, (c) => c.notNull())
      .addColumn('track', w.integer, (c) => c.notNull())
      .addColumn('first', w.integer, (c) => c.notNull())
      .addColumn('last', w.integer, (c) => c.notNull())
      .addColumn('found', w.text, (c) => c.notNull())
      .addColumn('cause', w.integer)
      .addColumn('looks', w.integer, (c) => c.notNull())
      .addColumn('run', w.integer, (c) => c.notNull())
      .addColumn('last_run', w.integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('availability_spans_pk', ['month', 'device', 'track', 'first'])
      .modifyEnd(w.byKey),
    schema
      .createTable('availability_runs')
      .addColumn('run', w.text, (c) => c.primaryKey())
      .addColumn('seq', w.integer, (c) => c.notNull())
      .addColumn('finished_at', w.text)
      .modifyEnd(w.byKey),
    schema
      .createTable('availability_months')
      .addColumn('contract', w.text, (c) => c.notNull())
      .addColumn('month', w.text, (c) => c.notNull())
      .addColumn('version', w.integer, (c) => c.notNull())
      .addColumn('closed_at', w.text, (c) => c.notNull())
      .addColumn('by', w.text, (c) => c.notNull())
      .addColumn('why', w.text)
      .addColumn('json', w.text, (c) => c.notNull())
      .addColumn('hash', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('availability_months_pk', ['contract', 'month', 'version']),
    // A closed month stays as it is, whoever asks.
    ...w
      .unchanging('availability_months', 'a closed month does not change')
      .map((query) => query.compile(availability)),
  ]
}
