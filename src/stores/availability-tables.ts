import { type Compilable, type CompiledQuery, type Generated, sql } from 'kysely'
import { compileOnly } from './compile-only.ts'

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

/** A closed month stays as it is, whoever asks. */
function isFixed(event: 'UPDATE' | 'DELETE'): CompiledQuery {
  const name = sql.raw(`availability_months_${event.toLowerCase()}`)
  return sql`CREATE TRIGGER ${name} BEFORE ${sql.raw(event)} ON availability_months
    BEGIN SELECT RAISE(ABORT, 'a closed month does not change'); END`.compile(availability)
}

export function availabilityStatements(): readonly (Compilable | CompiledQuery)[] {
  const { schema } = availability
  return [
    schema
      .createTable('availability_devices')
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('device', 'text', (c) => c.notNull().unique())
      .addColumn('seen_at', 'integer'),
    schema
      .createTable('availability_words')
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('word', 'text', (c) => c.notNull().unique()),
    schema
      .createTable('availability_spans')
      .addColumn('month', 'integer', (c) => c.notNull())
      .addColumn('device', 'integer', (c) => c.notNull())
      .addColumn('track', 'integer', (c) => c.notNull())
      .addColumn('first', 'integer', (c) => c.notNull())
      .addColumn('last', 'integer', (c) => c.notNull())
      .addColumn('found', 'text', (c) => c.notNull())
      .addColumn('cause', 'integer')
      .addColumn('looks', 'integer', (c) => c.notNull())
      .addColumn('run', 'integer', (c) => c.notNull())
      .addColumn('last_run', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('availability_spans_pk', ['month', 'device', 'track', 'first'])
      .modifyEnd(sql`WITHOUT ROWID`),
    schema
      .createTable('availability_runs')
      .addColumn('run', 'text', (c) => c.primaryKey())
      .addColumn('seq', 'integer', (c) => c.notNull())
      .addColumn('finished_at', 'text')
      .modifyEnd(sql`WITHOUT ROWID`),
    schema
      .createTable('availability_months')
      .addColumn('contract', 'text', (c) => c.notNull())
      .addColumn('month', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('closed_at', 'text', (c) => c.notNull())
      .addColumn('by', 'text', (c) => c.notNull())
      .addColumn('why', 'text')
      .addColumn('json', 'text', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('availability_months_pk', ['contract', 'month', 'version']),
    isFixed('UPDATE'),
    isFixed('DELETE'),
  ]
}
