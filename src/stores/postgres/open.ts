import type pg from 'pg'
import type { EventStore } from '../../core/event-source.ts'
import type { Bell } from '../../core/handed-work.ts'
import type { HookStore } from '../../core/hook-store.ts'
import type { IncidentStore } from '../../core/incident-store.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Outbox } from '../../core/sink.ts'
import { storedHooks } from '../hooks.ts'
import { storedIncidents } from '../incidents.ts'
import { storedOutbox } from '../outbox.ts'
import { storedRuns } from '../runs.ts'
import { migrationsFrom, SCHEMA_VERSION } from '../schema.ts'
import { POSTGRES_WORDS } from '../schema-words.ts'
import { storedEvents } from '../sources.ts'
import { stateUnusable } from '../state-unusable.ts'
import { type DatabaseAddress, readAddress } from './address.ts'
import { PostgresBell } from './bell.ts'
import { ForeignTables } from './foreign-tables.ts'
import { PostgresSession } from './session.ts'
import { postgresQuery } from './statements.ts'
import { lockKey, NO_END } from './transaction.ts'

/** Older ones are not mended any more by their makers, and nothing here was tried with them. */
const OLDEST_SERVER = 13

export interface PostgresOptions {
  /** In tables beside those that are there otherwise: those of a sandbox. */
  readonly isApart?: boolean
  /** Tells people that the server is away, and that it is back. */
  readonly tell?: (text: string, state: 'away' | 'back') => void
  /** People wait no longer for a server that is away. */
  readonly isGivenUp?: () => boolean
  /** Tells the address anew where the server refuses it: somebody may have changed the password. Its schema stays. */
  readonly again?: () => Promise<string>
}

/**
 * Opens the state in a database of PostgreSQL, and makes or migrates its tables where needed. Any number of processes of any number of
 * machines may have it open. Throws InputError with STATE_UNUSABLE where it cannot be used.
 */
export async function openPostgresStore(address: string, options: PostgresOptions = {}): Promise<RunStore> {
  const session = await openSession(address, options)
  return storedRuns(session)
}

/** The tables of hooks in the same database. */
export async function openPostgresHooks(address: string, options: PostgresOptions = {}): Promise<HookStore> {
  return storedHooks(await openSession(address, options))
}

/** Those of incidents. */
export async function openPostgresIncidents(address: string, options: PostgresOptions = {}): Promise<IncidentStore> {
  return storedIncidents(await openSession(address, options))
}

/** What waits for sinks. */
export async function openPostgresOutbox(address: string, options: PostgresOptions = {}): Promise<Outbox> {
  return storedOutbox(await openSession(address, options))
}

/** Events of devices. */
export async function openPostgresEvents(address: string, options: PostgresOptions = {}): Promise<EventStore> {
  return storedEvents(await openSession(address, options))
}

/** By which processes that share a state wake each other up. */
export function openPostgresBell(address: string, options: PostgresOptions = {}): Bell {
  return new PostgresBell(placeOf(address, options))
}

/** For an engine that has tables of its own beside the state, in `schema`. */
export function openPostgresTables(address: string, options: PostgresOptions = {}): ForeignTables {
  const place = placeOf(address, options)
  return new ForeignTables({ ...place, schema: `${place.schema}_jobs` })
}

function placeOf(address: string, { isApart = false, again }: PostgresOptions): DatabaseAddress {
  const named = readAddress(address, again)
  return isApart ? { ...named, schema: `${named.schema}_sandbox` } : named
}

export async function openSession(address: string, options: PostgresOptions = {}): Promise<PostgresSession> {
  const { tell = () => undefined } = options
  const read = placeOf(address, options)
  const session = new PostgresSession({ ...options, address: read, tell })
  try {
    await session.once((client) => prepare(client, read))
  } catch (error) {
    await session.close()
    throw error
  }
  return session
}

type Place = Pick<DatabaseAddress, 'schema' | 'shown'>

/** Whether it can be used, and which PostgreSQL it is; writes nothing there. Throws InputError with STATE_UNUSABLE. */
export async function lookAtPostgres(address: string): Promise<{ readonly server: string }> {
  const place = readAddress(address)
  const session = new PostgresSession({ address: place, tell: () => undefined })
  try {
    return await session.once(async (client) => {
      const server = await serverOf(client, place)
      await versionOf(client, place)
      return { server }
    })
  } finally {
    await session.close()
  }
}

async function prepare(client: pg.Client, place: Place): Promise<void> {
  await serverOf(client, place)
  if ((await versionOf(client, place)) < SCHEMA_VERSION) await migrate(client, place)
}

/** Refuses one that is too old. */
async function serverOf(client: pg.Client, place: Place): Promise<string> {
  const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version') AS version")
  const { version = '' } = rows[0] ?? {}
  if (Number.parseInt(version, 10) < OLDEST_SERVER) {
    throw stateUnusable(
      `The state store, ${place.shown}, is PostgreSQL ${version}`,
      `Tillwright needs ${OLDEST_SERVER} or later; it is tested with 15.`,
    )
  }
  return version
}

/** Whoever comes first does it; the others wait, and find it done. */
async function migrate(client: pg.Client, place: Place): Promise<void> {
  try {
    const settings = ['SET LOCAL statement_timeout TO 0', 'SET LOCAL lock_timeout TO 0', NO_END]
    const lock = `SELECT pg_advisory_xact_lock(${lockKey(`${place.schema} migrate`)})`
    await client.query(['BEGIN', ...settings, lock].join('; '))
    const version = await versionOf(client, place)
    if (version < SCHEMA_VERSION) {
      if (version === 0) await client.query(`CREATE SCHEMA IF NOT EXISTS ${place.schema}`)
      await client.query(`SET LOCAL search_path TO ${place.schema}`)
      for (const statement of migrationsFrom(version, POSTGRES_WORDS)) {
        const { text, values } = postgresQuery(statement)
        await client.query(text, [...values])
      }
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** 0: there is nothing yet. Refuses what a newer Tillwright has written, and what is not ours. */
async function versionOf(client: pg.Client, { schema, shown }: Place): Promise<number> {
  const { rows: tables } = await client.query<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1',
    [schema],
  )
  const names = new Set(tables.map(({ name }) => name))
  if (names.size === 0) return 0
  if (!names.has('state_schema')) {
    throw stateUnusable(
      `The schema "${schema}" of the state store, ${shown}, holds tables of another program`,
      'Name another database.',
    )
  }
  const { rows } = await client.query<{ version: number }>(`SELECT version FROM ${schema}.state_schema`)
  const version = rows[0]?.version ?? 0
  if (version > SCHEMA_VERSION && !(await isUsable(client, schema))) {
    throw stateUnusable(
      `The state store, ${shown}, was written by a newer Tillwright (schema ${version}, this one knows ${SCHEMA_VERSION})`,
      'Use that version: all that share a store are to be brought to it.',
    )
  }
  return version
}

async function isUsable(client: pg.Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ value: string }>(
    `SELECT value FROM ${schema}.state_facts WHERE name = 'usable_from'`,
  )
  return rows[0] !== undefined && Number(rows[0].value) <= SCHEMA_VERSION
}
