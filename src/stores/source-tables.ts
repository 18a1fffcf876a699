import type { Compilable, Generated } from 'kysely'
import { compileOnly } from './compile-only.ts'
import type { SchemaWords } from './schema-words.ts'

/** Times are milliseconds since 1970: there are many of them. */
interface SourceTables {
  readonly sample_series: { id: Generated<number>; device: string; series: string }
  readonly samples: { series: number; at: number; value: number }
  readonly marks: { device: string; name: string; value: string; at: string }
  /** How far a source is with a part of it. */
  readonly source_places: { source: string; part: string; place: string }
  readonly source_tallies: { source: string; what: string; n: number; at: number }
  /** Names that nobody knows, so many of each source. */
  readonly source_unknown: { source: string; what: string; name: string; n: number }
  /** Events that would be known again. */
  readonly source_seen: { source: string; id: string; at: number }
  readonly source_devices: { source: string; device: string; heard_at: number; event_at: number; told: string | null }
  readonly source_troubles: { source: string; why: string; since: string }
}

export const sourceTables = compileOnly<SourceTables>()

/** The change of the schema that brings events of devices. */
export function sourceStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = sourceTables
  return [
    schema
      .createTable('source_places')
      .addColumn('source', w.text, (c) => c.notNull())
      .addColumn('part', w.text, (c) => c.notNull())
      .addColumn('place', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('source_places_pk', ['source', 'part'])
      .modifyEnd(w.byKey),
    schema
      .createTable('source_tallies')
      .addColumn('source', w.text, (c) => c.notNull())
      .addColumn('what', w.text, (c) => c.notNull())
      .addColumn('n', w.integer, (c) => c.notNull())
      .addColumn('at', w.integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('source_tallies_pk', ['source', 'what'])
      .modifyEnd(w.byKey),
    schema
      .createTable('source_unknown')
      .addColumn('source', w.text, (c) => c.notNull())
      .addColumn('what', w.text, (c) => c.notNull())
      .addColumn('name', w.text, (c) => c.notNull())
      .addColumn('n', w.integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('source_unknown_pk', ['source', 'what', 'name'])
      .modifyEnd(w.byKey),
    schema
      .createTable('source_seen')
      .addColumn('source', w.text, (c) => c.notNull())
      .addColumn('id', w.text, (c) => c.notNull())
      .addColumn('at', w.integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('source_seen_pk', ['source', 'id'])
      .modifyEnd(w.byKey),
    schema.createIndex('source_seen_at').on('source_seen').columns(['at']),
    schema
      .createTable('source_devices')
      .addColumn('source', w.text, (c) => c.notNull())
      .addColumn('device', w.text, (c) => c.notNull())
      .addColumn('heard_at', w.integer, (c) => c.notNull())
      .addColumn('event_at', w.integer, (c) => c.notNull())
      .addColumn('told', w.text)
      .addPrimaryKeyConstraint('source_devices_pk', ['source', 'device'])
      .modifyEnd(w.byKey),
    schema.createIndex('source_devices_device').on('source_devices').columns(['device']),
    schema
      .createTable('source_troubles')
      .addColumn('source', w.text, (c) => c.primaryKey())
      .addColumn('why', w.text, (c) => c.notNull())
      .addColumn('since', w.text, (c) => c.notNull())
      .modifyEnd(w.byKey),
  ]
}
