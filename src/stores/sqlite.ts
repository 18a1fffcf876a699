import { sql } from 'kysely'
import type { EventStore } from '../core/event-source.ts'
import type { HookStore } from '../core/hook-store.ts'
import type { IncidentStore } from '../core/incident-store.ts'
import type { RunStore } from '../core/run-store.ts'
import type { Outbox } from '../core/sink.ts'
import { storedHooks } from './hooks.ts'
import { storedIncidents } from './incidents.ts'
import { storedOutbox } from './outbox.ts'
import { storedRuns } from './runs.ts'
import { migrationsFrom, SCHEMA_VERSION, tables } from './schema.ts'
import { SQLITE_WORDS } from './schema-words.ts'
import { storedEvents } from './sources.ts'
import { SqliteSession } from './sqlite-session.ts'
import { stateUnusable } from './state-unusable.ts'
import { put } from './steps.ts'

/**
 * Opens the state file at `path`, and makes or migrates it where needed. Any number of processes of one machine may
 * have it open. Throws InputError with STATE_UNUSABLE where it cannot be used.
 */
export async function openSqliteStore(path: string): Promise<RunStore> {
  return storedRuns(await openSession(path))
}

/** The tables of hooks in the same file. */
export async function openSqliteHooks(path: string): Promise<HookStore> {
  return storedHooks(await openSession(path))
}

/** Those of incidents. */
export async function openSqliteIncidents(path: string): Promise<IncidentStore> {
  return storedIncidents(await openSession(path))
}

/** Events in it that wait to be sent. */
export async function openSqliteOutbox(path: string): Promise<Outbox> {
  return storedOutbox(await openSession(path))
}

/** Events of devices in it. */
export async function openSqliteEvents(path: string): Promise<EventStore> {
  return storedEvents(await openSession(path))
}

async function openSession(path: string): Promise<SqliteSession> {
  const session = SqliteSession.open(path)
  try {
    await prepare(session, path)
    return session
  } catch (error) {
    session.abandon()
    throw error
  }
}

/** Makes or migrates a state file, and refuses one that is not ours. */
async function prepare(session: SqliteSession, path: string): Promise<void> {
  const version = await session.patiently(() => schemaVersion(session, path))
  // Only a file without tables takes it: what is free in it is given back page by page (`till state vacuum`).
  if (version === 0) await session.read(sql`PRAGMA auto_vacuum = INCREMENTAL`.compile(tables))
  await session.read(sql`PRAGMA journal_mode = WAL`.compile(tables))
  if (version >= SCHEMA_VERSION) return
  await session.write(
    function* () {
      const now = schemaVersion(session, path)
      if (now < SCHEMA_VERSION) for (const statement of migrationsFrom(now, SQLITE_WORDS)) yield* put(statement)
    },
    { locks: {} },
  )
}

function schemaVersion(session: SqliteSession, path: string): number {
  const names = session.all(sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table'`.compile(tables))
  if (names.length === 0) return 0
  if (!names.some(({ name }) => name === 'state_schema')) {
    throw stateUnusable(
      `The state file "${path}" is a database of another program`,
      'Name another file as `state` in tillwright.yaml.',
    )
  }
  const version = session.all(tables.selectFrom('state_schema').select('version'))[0]?.version ?? 0
  if (!Number.isInteger(version) || version < 1) {
    throw stateUnusable(
      `The state file "${path}" has a version that is not understood (${JSON.stringify(version)})`,
      'It is damaged, or not of Tillwright: take it from a backup, or name another file as `state` in tillwright.yaml.',
    )
  }
  const moved = factOf(session, names, 'moved_to')
  if (moved !== undefined) {
    throw stateUnusable(
      `The state file "${path}" was moved to ${moved}`,
      'Name that one as `state` in tillwright.yaml (`state: {postgres: …}` where it is a database); the file stays as it was.',
    )
  }
  if (version > SCHEMA_VERSION && !names.some(({ name }) => name === 'state_facts' && isUsable(session))) {
    throw stateUnusable(
      `The state file "${path}" was written by a newer Tillwright (schema ${version}, this one knows ${SCHEMA_VERSION})`,
      'Use that version, or name another file as `state` in tillwright.yaml.',
    )
  }
  return version
}

function factOf(
  session: SqliteSession,
  tablesThere: readonly { readonly name: string }[],
  name: string,
): string | undefined {
  if (!tablesThere.some((table) => table.name === 'state_facts')) return undefined
  return session.all(tables.selectFrom('state_facts').select('value').where('name', '=', name))[0]?.value
}

/** Whether a file of a newer version says that this code may use it as well. */
function isUsable(session: SqliteSession): boolean {
  const [fact] = session.all(tables.selectFrom('state_facts').select('value').where('name', '=', 'usable_from'))
  return fact !== undefined && Number(fact.value) <= SCHEMA_VERSION
}
