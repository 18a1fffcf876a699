import type { Compilable, Selectable } from 'kysely'
import type { Message, MessageKind, MessageState } from '../core/escalation.ts'
import { compileOnly } from './compile-only.ts'
import { incidentTables } from './incident-tables.ts'
import type { SchemaWords } from './schema-words.ts'

interface MessageTables {
  readonly messages: {
    message: string
    incident: string
    /** Once an incident. */
    key: string
    kind: string
    contact: string
    channel: string
    state: string
    attempts: number
    created_at: string
    /** When to see to it; null: there is nothing to be done. */
    next_at: string | null
    sent_at: string | null
    reference: string | null
    why: string | null
    /** Since when nobody knows whether it arrived. */
    doubt_since: string | null
    /** Who is sending it. */
    host: string | null
    pid: number | null
    process: string | null
    /** Of its incident; null: it goes together with no others. */
    store: string | null
    /** Name of those that it goes together with, once they were taken. */
    batch: string | null
  }
}

export type MessageRow = Selectable<MessageTables['messages']>

export const messageTables = compileOnly<MessageTables>()

/** A message as it is told to others. */
export function messageOf(row: MessageRow): Message {
  const { doubt_since: _doubt, host: _host, pid: _pid, process: _process, store: _store, kind, state, ...rest } = row
  return { ...rest, kind: kind as MessageKind, state: state as MessageState }
}

/** The change of the schema that brings the outbox of incidents. */
export function messageStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = messageTables
  return [
    incidentTables.schema.alterTable('incidents').addColumn('escalate_at', w.text),
    incidentTables.schema.createIndex('incidents_escalate').on('incidents').columns(['escalate_at']),
    schema
      .createTable('messages')
      .addColumn('message', w.text, (c) => c.primaryKey())
      .addColumn('incident', w.text, (c) => c.notNull())
      .addColumn('key', w.text, (c) => c.notNull())
      .addColumn('kind', w.text, (c) => c.notNull())
      .addColumn('contact', w.text, (c) => c.notNull())
      .addColumn('channel', w.text, (c) => c.notNull())
      .addColumn('state', w.text, (c) => c.notNull())
      .addColumn('attempts', w.integer, (c) => c.notNull())
      .addColumn('created_at', w.text, (c) => c.notNull())
      .addColumn('next_at', w.text)
      .addColumn('sent_at', w.text)
      .addColumn('reference', w.text)
      .addColumn('why', w.text)
      .addColumn('doubt_since', w.text)
      .addColumn('host', w.text)
      .addColumn('pid', w.integer)
      .addColumn('process', w.text)
      .addUniqueConstraint('messages_key', ['incident', 'key'])
      .modifyEnd(w.byKey),
    schema.createIndex('messages_next').on('messages').columns(['next_at']),
    schema.createIndex('messages_state').on('messages').columns(['state']),
  ]
}

/** The change of the schema that lets messages go out together. */
export function batchStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = messageTables
  return [
    schema.alterTable('messages').addColumn('store', w.text),
    schema.alterTable('messages').addColumn('batch', w.text),
    schema.createIndex('messages_batch').on('messages').columns(['batch']),
  ]
}
