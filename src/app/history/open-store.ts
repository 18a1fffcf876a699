import { dirname } from 'node:path'
import { inputError } from '../../core/diagnostic.ts'
import type { EventStore } from '../../core/event-source.ts'
import type { Bell, QueueDepth, WorkQueue } from '../../core/handed-work.ts'
import type { HookStore } from '../../core/hook-store.ts'
import type { IncidentStore } from '../../core/incident-store.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Outbox } from '../../core/sink.ts'
import type { StateSnapshot } from '../../core/state-export.ts'
import type { Vacuumed, VacuumOptions } from '../../core/state-vacuum.ts'
import { madePrivate } from '../../files/private.ts'
import { queueDepths } from '../../queue/queue-tables.ts'
import { addressOf, type DatabasePlace, type StatePlace } from './state-place.ts'

export { withPatience } from '../../stores/patience.ts'

/** The state store, made where there is none. Its library is loaded now: many commands need no state. Throws InputError. */
export async function openStore(place: StatePlace): Promise<RunStore> {
  if ('file' in place) return (await sqlite(place.file)).openSqliteStore(place.file)
  return (await postgres()).openPostgresStore(...(await databaseOf(place)))
}

/** In the same place, for what monitoring told and what came of it. */
export async function openHookStore(place: StatePlace): Promise<HookStore> {
  if ('file' in place) return (await sqlite(place.file)).openSqliteHooks(place.file)
  return (await postgres()).openPostgresHooks(...(await databaseOf(place)))
}

/** For incidents. */
export async function openIncidentStore(place: StatePlace): Promise<IncidentStore> {
  if ('file' in place) return (await sqlite(place.file)).openSqliteIncidents(place.file)
  return (await postgres()).openPostgresIncidents(...(await databaseOf(place)))
}

/** What hands work to other processes, and wakes them up. */
export interface Handing {
  readonly queue: WorkQueue
  readonly bell: Bell
  close(): Promise<void>
}

/** Beside the state, where that lies in PostgreSQL. Throws InputError with WORKERS_NEED_DATABASE. */
export async function openHanding(place: StatePlace, warn: (text: string) => void): Promise<Handing> {
  if ('file' in place) {
    const summary = 'Workers share their state in PostgreSQL, and that of this repository lies in a file'
    const detail = 'Write `state: {postgres: "env:NAME"}` into tillwright.yaml; till state migrate moves what is there.'
    throw inputError('WORKERS_NEED_DATABASE', summary, detail)
  }
  const { openPostgresBell, openPostgresTables } = await postgres()
  const { openBossQueue } = await import('../../queue/boss-queue.ts')
  const [address, options] = await databaseOf(place)
  const queue = await openBossQueue(openPostgresTables(address, options), warn)
  const bell = openPostgresBell(address, options)
  return {
    queue,
    bell,
    async close() {
      await Promise.all([queue.close(), bell.close()])
    },
  }
}

/** What waits for workers in these queues, or in all that there are. */
export async function readDepths(place: StatePlace, queues?: readonly string[]): Promise<readonly QueueDepth[]> {
  if ('file' in place || queues?.length === 0) return []
  const tables = (await postgres()).openPostgresTables(...(await databaseOf(place)))
  try {
    return await queueDepths(tables, queues)
  } finally {
    await tables.close()
  }
}

/** For events that devices send. */
export async function openEventStore(place: StatePlace): Promise<EventStore> {
  if ('file' in place) return (await sqlite(place.file)).openSqliteEvents(place.file)
  return (await postgres()).openPostgresEvents(...(await databaseOf(place)))
}

/** What a state holds at this moment, which must be of the present schema; of the time since then. Throws InputError. */
export async function openSnapshot(place: StatePlace, since: Date | undefined): Promise<StateSnapshot> {
  if ('file' in place) return (await import('../../stores/sqlite-export.ts')).openSqliteSnapshot(place.file, since)
  const [address, options] = await databaseOf(place)
  return (await import('../../stores/postgres/export.ts')).openPostgresSnapshot(address, since, options)
}

/** Gives room back that is free in it. Throws InputError with STATE_UNUSABLE. */
export async function vacuumStore(place: StatePlace, options: VacuumOptions): Promise<Vacuumed> {
  if ('file' in place) return (await import('../../stores/sqlite-vacuum.ts')).vacuumSqlite(place.file, options)
  const [address, more] = await databaseOf(place)
  return (await import('../../stores/postgres/vacuum.ts')).vacuumPostgres(address, options, more)
}

/** Whether a database can be used, and which PostgreSQL it is; writes nothing there. Throws InputError. */
export async function lookAtDatabase(place: DatabasePlace): Promise<{ readonly server: string }> {
  const [address] = await databaseOf(place)
  return (await postgres()).lookAtPostgres(address)
}

function sqlite(file: string) {
  keepPrivate(file)
  return import('../../stores/sqlite.ts')
}

function postgres() {
  return import('../../stores/postgres/open.ts')
}

async function databaseOf(place: DatabasePlace) {
  const address = await addressOf(place)
  const again = async (): Promise<string> => (await addressOf(place)).reveal()
  return [address.reveal(), { ...patience(), isApart: place.sandbox, again }] as const
}

/** Says that a database is away, and waits for it until somebody interrupts twice: once stops a run, which then waits itself. */
function patience() {
  let interrupts = 0
  const count = (): void => {
    interrupts += 1
  }
  const tell = (text: string, state: 'away' | 'back'): void => {
    process.stderr.write(`warning ${text}\n`)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      if (state === 'away') process.on(signal, count)
      else process.off(signal, count)
    }
    interrupts = 0
  }
  return { tell, isGivenUp: () => interrupts > 1 }
}

/** For events that wait to be sent. */
export async function openOutbox(place: StatePlace): Promise<Outbox> {
  if ('file' in place) return (await sqlite(place.file)).openSqliteOutbox(place.file)
  return (await postgres()).openPostgresOutbox(...(await databaseOf(place)))
}

function keepPrivate(file: string): void {
  for (const path of [dirname(file), file]) {
    const said = madePrivate(path)
    if (said !== undefined) process.stderr.write(`warning ${said}\n`)
  }
}
