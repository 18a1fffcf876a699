import type { Compilable, Selectable } from 'kysely'
import { compileOnly } from './compile-only.ts'
import type { SchemaWords } from './schema-words.ts'

/** Times are ISO 8601 in UTC with milliseconds, so that text compares as time; truth values are 0 and 1. */
interface HookTables {
  readonly hook_inbox: {
    /** sha256 of source, sender and body. */
    entry: string
    source: string
    sender: string
    body: string
    at: string
    times: number
    done: number
    /** An episode came of it, or an end of one. */
    joined: number
    /** JSON list: what became of its alerts. */
    answers: string
  }
  /** Every occurrence that was told; without an episode where its end came before its beginning. */
  readonly hook_alerts: { alert: string; key: string; episode: string | null; at: string }
  readonly episodes: {
    episode: string
    /** Rule and what it is about: one open episode a key. */
    key: string
    rule: string
    device: string | null
    store: string | null
    about: string
    /** `countsFrom`: later than that of its fold where a known outage or the fault of its store held it. */
    opened_at: string
    closed_at: string | null
    firing: number
    /** When to look at it again; null: when something happens. */
    due_at: string | null
    /** Their fold. */
    json: string
  }
  readonly episode_events: { episode: string; seq: number; at: string; type: string; json: string }
  readonly hook_attempts: {
    episode: string
    attempt: number
    rule: string
    device: string
    class: string
    started_at: string
    finished_at: string | null
    result: string
    host: string
    pid: number
    process: string | null
  }
  readonly hook_workers: {
    name: string
    host: string
    pid: number
    process: string | null
    since: string
    until: string
  }
}

export type InboxRow = Selectable<HookTables['hook_inbox']>
export type EpisodeRow = Selectable<HookTables['episodes']>
export type WorkerRow = Selectable<HookTables['hook_workers']>

export const hookTables = compileOnly<HookTables>()

/** The change of the schema that brings the tables of hooks. */
export function hookStatements(w: SchemaWords): readonly Compilable[] {
  return [...inboxStatements(w), ...episodeStatements(w), ...workStatements(w)]
}

function inboxStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = hookTables
  return [
    schema
      .createTable('hook_inbox')
      .addColumn('entry', w.text, (c) => c.primaryKey())
      .addColumn('source', w.text, (c) => c.notNull())
      .addColumn('sender', w.text, (c) => c.notNull())
      .addColumn('body', w.text, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull())
      .addColumn('times', w.integer, (c) => c.notNull())
      .addColumn('done', w.integer, (c) => c.notNull())
      .addColumn('joined', w.integer, (c) => c.notNull())
      .addColumn('answers', w.text, (c) => c.notNull()),
    schema.createIndex('hook_inbox_pending').on('hook_inbox').columns(['done', 'at']),
    schema
      .createTable('hook_alerts')
      .addColumn('alert', w.text, (c) => c.notNull())
      .addColumn('key', w.text, (c) => c.notNull())
      .addColumn('episode', w.text)
      .addColumn('at', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('hook_alerts_pk', ['alert', 'key'])
      .modifyEnd(w.byKey),
  ]
}

function episodeStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = hookTables
  return [
    schema
      .createTable('episodes')
      .addColumn('episode', w.text, (c) => c.primaryKey())
      .addColumn('key', w.text, (c) => c.notNull())
      .addColumn('rule', w.text, (c) => c.notNull())
      .addColumn('device', w.text)
      .addColumn('store', w.text)
      .addColumn('about', w.text, (c) => c.notNull())
      .addColumn('opened_at', w.text, (c) => c.notNull())
      .addColumn('closed_at', w.text)
      .addColumn('firing', w.integer, (c) => c.notNull())
      .addColumn('due_at', w.text)
      .addColumn('json', w.text, (c) => c.notNull()),
    schema.createIndex('episodes_key').on('episodes').columns(['key', 'closed_at']),
    schema.createIndex('episodes_due').on('episodes').columns(['due_at']),
    schema.createIndex('episodes_opened').on('episodes').columns(['opened_at']),
    schema.createIndex('episodes_store').on('episodes').columns(['store', 'about', 'firing']),
    schema
      .createTable('episode_events')
      .addColumn('episode', w.text, (c) => c.notNull())
      .addColumn('seq', w.integer, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull())
      .addColumn('type', w.text, (c) => c.notNull())
      .addColumn('json', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('episode_events_pk', ['episode', 'seq'])
      .modifyEnd(w.byKey),
  ]
}

function workStatements(w: SchemaWords): readonly Compilable[] {
  const { schema } = hookTables
  return [
    schema
      .createTable('hook_attempts')
      .addColumn('episode', w.text, (c) => c.notNull())
      .addColumn('attempt', w.integer, (c) => c.notNull())
      .addColumn('rule', w.text, (c) => c.notNull())
      .addColumn('device', w.text, (c) => c.notNull())
      .addColumn('class', w.text, (c) => c.notNull())
      .addColumn('started_at', w.text, (c) => c.notNull())
      .addColumn('finished_at', w.text)
      .addColumn('result', w.text, (c) => c.notNull())
      .addColumn('host', w.text, (c) => c.notNull())
      .addColumn('pid', w.integer, (c) => c.notNull())
      .addColumn('process', w.text)
      .addPrimaryKeyConstraint('hook_attempts_pk', ['episode', 'attempt']),
    schema.createIndex('hook_attempts_device').on('hook_attempts').columns(['device', 'started_at']),
    schema.createIndex('hook_attempts_rule').on('hook_attempts').columns(['rule', 'started_at']),
    schema
      .createTable('hook_workers')
      .addColumn('name', w.text, (c) => c.primaryKey())
      .addColumn('host', w.text, (c) => c.notNull())
      .addColumn('pid', w.integer, (c) => c.notNull())
      .addColumn('process', w.text)
      .addColumn('since', w.text, (c) => c.notNull())
      .addColumn('until', w.text, (c) => c.notNull()),
  ]
}
