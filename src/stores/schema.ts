import { type Compilable, type CompiledQuery, type Generated, type Selectable, sql } from 'kysely'
import { availabilityStatements } from './availability-tables.ts'
import { compileOnly } from './compile-only.ts'
import { hookStatements } from './hook-tables.ts'
import { incidentStatements } from './incident-tables.ts'
import { batchStatements, messageStatements } from './message-tables.ts'
import { outboxStatements } from './outbox-tables.ts'
import type { SchemaWords } from './schema-words.ts'
import { sourceStatements } from './source-tables.ts'
import { workStatements } from './work-tables.ts'

/** Times are ISO 8601 in UTC with milliseconds, so that text compares as time; truth values are 0 and 1. */
export interface StateTables {
  readonly state_schema: { version: number }
  readonly runs: {
    run: string
    mode: string
    /** JSON list of `runbookLabel`. */
    runbooks: string
    started_at: string
    finished_at: string | null
    devices: number
    /** JSON map of device states to how many devices ended so until now. */
    counts: string
    exit_code: number | null
    by: string
    host: string
    pid: number
    /** See `processIdentity`; null where it cannot be told. */
    process: string | null
    /** How often another process has carried it on. */
    resumed: Generated<number>
    /** 1: what an interrupted run left behind is in the last known states; 2: it is being forgotten. */
    settled: number
  }
  readonly events: {
    run: string
    seq: number
    at: string
    type: string
    device: string | null
    /** What the other columns do not say. */
    json: string
  }
  readonly device_status: {
    device: string
    state: string
    unknown: number
    code: string | null
    message: string | null
    run: string
    /** JSON list of names. */
    runbooks: string
    at: string
    seen_at: string | null
  }
  /** The last look of each set of runbooks that was run together. */
  readonly runbook_status: {
    device: string
    /** JSON list of names. */
    runbooks: string
    state: string
    unknown: number
    code: string | null
    message: string | null
    run: string
    at: string
  }
  readonly sample_series: { id: Generated<number>; device: string; series: string }
  /** Times in milliseconds since 1970: there are many of them. */
  readonly samples: { series: number; at: number; value: number }
  readonly marks: { device: string; name: string; value: string; at: string }
  /** Keys stay when nobody has them: their epochs only ever go up. */
  readonly lease_keys: {
    key: string
    epoch: number
    controller: string | null
    run: string | null
    /** The first of the keys that it was taken with. */
    taken_as: string | null
  }
  readonly controllers: {
    id: string
    host: string
    pid: number
    process: string | null
    /** By the clock of its machine since boot, in milliseconds. */
    until: number
    ttl: number
    /** How often it was heard of. */
    beats: number
    /** When it was, in milliseconds since 1970; null: by the release before. */
    heard_at: number | null
  }
  /** How each device of a run ended: one row, of its last attempt that looked at it. */
  readonly run_devices: { run: string; device: string; attempt: number; state: string }
  /** What a run needs to be carried on, as long as something of it is left. */
  readonly kept_runs: { run: string; json: string }
  /** Its texts, by name. */
  readonly kept_files: { run: string; name: string; digest: string }
  /** Texts by their sha256 in hexadecimal, each once. */
  readonly kept_texts: { digest: string; text: string }
  /** Who has decided and done what; see `stores/audit.ts`. */
  readonly audit_log: { seq: number; json: string; hash: string }
  /** Who has signed in to the dashboard; times in milliseconds since 1970. */
  readonly sessions: { id: string; account: string; proof: string; begun: number; used: number }
  /** JSON lists of milliseconds, newest first, by runbooks and class of devices. */
  readonly change_times: { runbooks: string; class: string; changes: string; rollbacks: string }
  /** What is true of the whole store, by name. */
  readonly state_facts: { name: string; value: string }
}

export type RunRow = Selectable<StateTables['runs']>
export type EventRow = Selectable<StateTables['events']>
export type StatusRow = Selectable<StateTables['device_status']>

export const tables = compileOnly<StateTables>()

/** SQLite takes the index for a query that says the same word for word. */
export const ENDS_OF_DEVICES = sql<boolean>`type IN ('device.finished', 'step.converging')`

type Statements = readonly (Compilable | CompiledQuery)[]

const LOOK_COLUMNS = ['device', 'runbooks', 'state', 'unknown', 'code', 'message', 'run', 'at'] as const

/** Schema changes in order; the version of a file is how many of them it has had. Released ones are never edited. */
const MIGRATIONS: readonly ((w: SchemaWords) => Statements)[] = [
  (w) => [
    tables.schema
      .createTable('runs')
      .addColumn('run', w.text, (c) => c.primaryKey())
      .addColumn('mode', w.text, (c) => c.notNull())
      .addColumn('runbooks', w.text, (c) => c.notNull())
      .addColumn('started_at', w.text, (c) => c.notNull())
      .addColumn('finished_at', w.text)
      .addColumn('devices', w.integer, (c) => c.notNull())
      .addColumn('counts', w.text, (c) => c.notNull())
      .addColumn('exit_code', w.integer)
      .addColumn('by', w.text, (c) => c.notNull())
      .addColumn('host', w.text, (c) => c.notNull())
      .addColumn('pid', w.integer, (c) => c.notNull())
      .addColumn('process', w.text)
      .addColumn('settled', w.integer, (c) => c.notNull()),
    tables.schema.createIndex('runs_started_at').on('runs').columns(['started_at', 'run']),
    tables.schema
      .createTable('events')
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('seq', w.integer, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull())
      .addColumn('type', w.text, (c) => c.notNull())
      .addColumn('device', w.text)
      .addColumn('json', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('events_pk', ['run', 'seq'])
      // The key would stand in the file twice.
      .modifyEnd(w.byKey),
    tables.schema
      .createTable('device_status')
      .addColumn('device', w.text, (c) => c.primaryKey())
      .addColumn('state', w.text, (c) => c.notNull())
      .addColumn('unknown', w.integer, (c) => c.notNull())
      .addColumn('code', w.text)
      .addColumn('message', w.text)
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('runbooks', w.text, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull()),
    tables.schema
      .createTable('leases')
      .addColumn('device', w.text, (c) => c.primaryKey())
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('host', w.text, (c) => c.notNull())
      .addColumn('pid', w.integer, (c) => c.notNull())
      .addColumn('process', w.text)
      .addColumn('until', w.text, (c) => c.notNull()),
  ],
  (w) => [
    tables.schema.alterTable('device_status').addColumn('seen_at', w.text),
    tables
      .updateTable('device_status')
      .set(({ ref }) => ({ seen_at: ref('at') }))
      .where('state', 'in', ['in-sync', 'drifted', 'changed']),
    tables.schema
      .createTable('sample_series')
      .addColumn('id', w.counter, (c) => c.primaryKey())
      .addColumn('device', w.text, (c) => c.notNull())
      .addColumn('series', w.text, (c) => c.notNull())
      .addUniqueConstraint('sample_series_of', ['device', 'series']),
    tables.schema
      .createTable('samples')
      .addColumn('series', w.integer, (c) => c.notNull())
      .addColumn('at', w.integer, (c) => c.notNull())
      .addColumn('value', w.real, (c) => c.notNull())
      .addPrimaryKeyConstraint('samples_pk', ['series', 'at'])
      .modifyEnd(w.byKey),
    tables.schema
      .createTable('marks')
      .addColumn('device', w.text, (c) => c.notNull())
      .addColumn('name', w.text, (c) => c.notNull())
      .addColumn('value', w.text, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('marks_pk', ['device', 'name'])
      .modifyEnd(w.byKey),
  ],
  (w) => [
    tables.schema.dropTable('leases').ifExists(),
    tables.schema
      .createTable('lease_keys')
      .addColumn('key', w.text, (c) => c.primaryKey())
      .addColumn('epoch', w.integer, (c) => c.notNull())
      .addColumn('controller', w.text)
      .addColumn('run', w.text)
      .modifyEnd(w.byKey),
    tables.schema.createIndex('lease_keys_controller').on('lease_keys').columns(['controller']),
    tables.schema
      .createTable('controllers')
      .addColumn('id', w.text, (c) => c.primaryKey())
      .addColumn('host', w.text, (c) => c.notNull())
      .addColumn('pid', w.integer, (c) => c.notNull())
      .addColumn('process', w.text)
      .addColumn('until', w.integer, (c) => c.notNull())
      .addColumn('ttl', w.integer, (c) => c.notNull())
      .addColumn('beats', w.integer, (c) => c.notNull()),
    tables.schema
      .createTable('run_devices')
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('device', w.text, (c) => c.notNull())
      .addColumn('attempt', w.integer, (c) => c.notNull())
      .addColumn('state', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('run_devices_pk', ['run', 'device'])
      .modifyEnd(w.byKey),
    tables.schema
      .createTable('state_facts')
      .addColumn('name', w.text, (c) => c.primaryKey())
      .addColumn('value', w.text, (c) => c.notNull())
      .modifyEnd(w.byKey),
    tables
      .updateTable('device_status')
      .set({ state: 'unknown' })
      .where('unknown', '=', 1)
      .where('state', 'in', ['in-sync', 'changed']),
  ],
  (w) => [
    tables.schema
      .createTable('runbook_status')
      .addColumn('device', w.text, (c) => c.notNull())
      .addColumn('runbooks', w.text, (c) => c.notNull())
      .addColumn('state', w.text, (c) => c.notNull())
      .addColumn('unknown', w.integer, (c) => c.notNull())
      .addColumn('code', w.text)
      .addColumn('message', w.text)
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('at', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('runbook_status_pk', ['device', 'runbooks'])
      .modifyEnd(w.byKey),
    tables
      .insertInto('runbook_status')
      .columns(LOOK_COLUMNS)
      .expression((eb) => eb.selectFrom('device_status').select(LOOK_COLUMNS)),
  ],
  hookStatements,
  (w) => [
    tables.schema.alterTable('lease_keys').addColumn('taken_as', w.text),
    tables.schema.createIndex('marks_value').on('marks').columns(['name', 'value']),
  ],
  (w) => [
    tables.schema
      .createTable('kept_runs')
      .addColumn('run', w.text, (c) => c.primaryKey())
      .addColumn('json', w.text, (c) => c.notNull()),
    tables.schema
      .createTable('kept_files')
      .addColumn('run', w.text, (c) => c.notNull())
      .addColumn('name', w.text, (c) => c.notNull())
      .addColumn('digest', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('kept_files_pk', ['run', 'name'])
      .modifyEnd(w.byKey),
    tables.schema
      .createTable('kept_texts')
      .addColumn('digest', w.text, (c) => c.primaryKey())
      .addColumn('text', w.text, (c) => c.notNull()),
    tables.schema.createIndex('kept_files_digest').on('kept_files').columns(['digest']),
    tables.schema.alterTable('runs').addColumn('resumed', w.integer, (c) => c.notNull().defaultTo(0)),
  ],
  // Few of the events of a device, so that what became of it is found without those of all others.
  () => [sql`CREATE INDEX events_of_devices ON events (device, at) WHERE ${ENDS_OF_DEVICES}`.compile(tables)],
  (w) => [
    tables.schema
      .createTable('audit_log')
      .addColumn('seq', w.integer, (c) => c.primaryKey())
      .addColumn('json', w.text, (c) => c.notNull())
      .addColumn('hash', w.text, (c) => c.notNull()),
  ],
  incidentStatements,
  availabilityStatements,
  (w) => [
    tables.schema
      .createTable('sessions')
      .addColumn('id', w.text, (c) => c.primaryKey())
      .addColumn('account', w.text, (c) => c.notNull())
      .addColumn('proof', w.text, (c) => c.notNull())
      .addColumn('begun', w.integer, (c) => c.notNull())
      .addColumn('used', w.integer, (c) => c.notNull())
      .modifyEnd(w.byKey),
  ],
  messageStatements,
  outboxStatements,
  workStatements,
  (w) => [
    tables.schema
      .createTable('change_times')
      .addColumn('runbooks', w.text, (c) => c.notNull())
      .addColumn('class', w.text, (c) => c.notNull())
      .addColumn('changes', w.text, (c) => c.notNull())
      .addColumn('rollbacks', w.text, (c) => c.notNull())
      .addPrimaryKeyConstraint('change_times_pk', ['runbooks', 'class'])
      .modifyEnd(w.byKey),
  ],
  sourceStatements,
  (w) => [
    tables.schema.alterTable('controllers').addColumn('heard_at', w.integer),
    // What is looked for every few seconds, among all that is kept.
    tables.schema.createIndex('hook_attempts_result').on('hook_attempts').columns(['result']),
    tables.schema.createIndex('episodes_closed').on('episodes').columns(['closed_at']),
  ],
  batchStatements,
]

/** What this code writes and reads; a file with a higher version was written by a newer Tillwright. */
export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * The oldest version of this code that may use a file as this one leaves it: a release and the one before share a store.
 * So what the one before needs is taken away one release after it is no longer needed.
 */
const USABLE_FROM = 3

/** The statements that bring a store from `version` to the present one, in the words of its database. */
export function migrationsFrom(version: number, words: SchemaWords): Statements {
  const first =
    version === 0
      ? [
          tables.schema.createTable('state_schema').addColumn('version', words.integer, (c) => c.notNull()),
          tables.insertInto('state_schema').values({ version: 0 }),
        ]
      : []
  const steps = MIGRATIONS.slice(version).flatMap((migration) => migration(words))
  const usable = tables.insertInto('state_facts').values({ name: 'usable_from', value: String(USABLE_FROM) })
  const replaced = usable.onConflict((conflict) => conflict.column('name').doUpdateSet({ value: String(USABLE_FROM) }))
  return [...first, ...steps, replaced, tables.updateTable('state_schema').set({ version: SCHEMA_VERSION })]
}
