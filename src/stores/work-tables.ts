import type { Compilable } from 'kysely'
import { compileOnly } from './compile-only.ts'
import type { SchemaWords } from './schema-words.ts'

interface WorkTables {
  readonly workers: {
    name: string
    session: string
    /** What it said of itself, as JSON. */
    json: string
    /** By the clock that leases go by, in milliseconds. */
    until: number
  }
  /** Runs that workers work for. */
  readonly handed_runs: { run: string; json: string; stop: number }
  /** Workers ask for leave to change a device here. */
  readonly leave_questions: { run: string; id: string; device: string; asked: string; answer: string | null }
  readonly events: { run: string; seq: number; at: string; type: string; device: string | null; json: string }
  readonly lease_keys: {
    key: string
    epoch: number
    controller: string | null
    run: string | null
    taken_as: string | null
  }
}

export const workTables = compileOnly<WorkTables>()

/** The change of the schema that brings workers. */
export function workStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = workTables
  return [
    schema
      .createTable('workers')
      .addColumn('name', w.text, (c) => c.primaryKey())
      .addColumn('session', w.text, (c) => c.notNull())
      .addColumn('json', w.text, (c) => c.notNull())
      .addColumn('until', w.integer, (c) => c.notNull())
      .modifyEnd(w.byKey),
    schema
      .createTable('handed_runs')
      .addColumn('run', w.text, (c) => c.primaryKey())
      .addColumn('json', w.text, (c) => c.notNull())
      .addColumn('stop', w.integer, (c) => c.notNull())
      .modifyEnd(w.byKey),
    schema
      .createTable('leave_questions')
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('id', w.text, (c) => c.notNull())
      .addColumn('device', w.text, (c) => c.notNull())
      .addColumn('asked', w.text, (c) => c.notNull())
      .addColumn('answer', w.text)
      .addPrimaryKeyConstraint('leave_questions_pk', ['run', 'id'])
      .modifyEnd(w.byKey),
  ]
}
