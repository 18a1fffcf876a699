import type { Compilable, Selectable } from 'kysely'
import { compileOnly } from './compile-only.ts'
import type { SchemaWords } from './schema-words.ts'

/** Times are ISO 8601 in UTC with milliseconds, so that text compares as time. */
interface IncidentTables {
  readonly incidents: {
    incident: string
    /** One that is not closed for each. */
    key: string
    partner: string | null
    opened_at: string
    closed_at: string | null
    /** Date until which a corrective action is to be done; null where none is left. */
    action_due: string | null
    /** When to look at its chain; null: when something happens to it. */
    escalate_at: string | null
    /** Fold of its events. */
    json: string
  }
  readonly incident_events: { incident: string; seq: number; at: string; type: string; json: string }
  readonly incident_episodes: { episode: string; incident: string; at: string }
}

export type IncidentRow = Selectable<IncidentTables['incidents']>

export const incidentTables = compileOnly<IncidentTables>()

/** The change of the schema that brings the tables of incidents. */
export function incidentStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = incidentTables
  return [
    schema
      .createTable('incidents')
      .addColumn('incident', w.text, (c) => c.primaryKey())
      .addColumn('key', w.text, (c) => c.notNull())
      .addColumn('partner', w.text)
      .addColumn('opened_at', w.text, (c) => c.notNull())
      .addColumn('closed_at', w.text)
      .addColumn('action_due', w.text)
      .addColumn('json', w.text, (c) => c.notNull()),
    schema.createIndex('incidents_key').on('incidents').columns(['key', 'closed_at']),
    schema.createIndex('incidents_opened').on('incidents').columns(['opened_at']),
    schema.createIndex('incidents_partner').on('incidents').columns(['partner', 'opened_at']),
    schema
      .createTable('incident_events')
      .addColumn('incident', w.text, (c) => c.notNull())
      .addColumn('seq', w.integer, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull())
      .addColumn('type', w.text, (c) => c.notNull())
      .addColumn('json', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('incident_events_pk', ['incident', 'seq'])
      .modifyEnd(w.byKey),
    schema
      .createTable('incident_episodes')
      .addColumn('episode', w.text, (c) => c.notNull())
      .addColumn('incident', w.text, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('incident_episodes_pk', ['episode', 'incident'])
      .modifyEnd(w.byKey),
    schema.createIndex('incident_episodes_of').on('incident_episodes').columns(['incident', 'at']),
  ]
}
