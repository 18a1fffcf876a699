import { sql } from 'kysely'
import type { Incident, IncidentEvent, IncidentOpening } from '../core/incident.ts'
import type { IncidentQuery, IncidentStore } from '../core/incident-store.ts'
import { applyToIncident, forgetIncidents, isFiring, openIncident, readIncident } from './incident-rows.ts'
import { incidentTables } from './incident-tables.ts'
import { prepare } from './sqlite.ts'
import { SqliteSession } from './sqlite-session.ts'

/** Opens the tables of incidents in the state file. What is written is on disk before anybody is answered. */
export async function openSqliteIncidents(path: string): Promise<IncidentStore> {
  const session = SqliteSession.open(path)
  try {
    await prepare(session, path)
    await session.read(sql`PRAGMA synchronous = FULL`.compile(incidentTables))
  } catch (error) {
    session.abandon()
    throw error
  }
  return new SqliteIncidents(session)
}

class SqliteIncidents implements IncidentStore {
  readonly #session: SqliteSession

  constructor(session: SqliteSession) {
    this.#session = session
  }

  open(opening: IncidentOpening, now: Date): Promise<{ readonly incident: Incident; readonly isNew: boolean }> {
    return this.#write(() => {
      const opened = openIncident(this.#session, opening, now)
      if (!opened) throw new Error('An incident was opened and is not there.')
      return opened
    })
  }

  async incidents(query: IncidentQuery = {}): Promise<readonly Incident[]> {
    const { closed = false, limit, partner, since } = query
    let rows = incidentTables.selectFrom('incidents').select('json').orderBy('opened_at', 'desc').orderBy('incident')
    if (!closed) rows = rows.where('closed_at', 'is', null)
    if (partner !== undefined) rows = rows.where('partner', '=', partner)
    if (since !== undefined) rows = rows.where('opened_at', '>=', since)
    if (limit !== undefined) rows = rows.limit(limit)
    return (await this.#session.read(rows)).map(({ json }) => JSON.parse(json) as Incident)
  }

  incident(id: string, partner?: string): Promise<Incident | undefined> {
    return this.#session.patiently(() => readIncident(this.#session, id, partner))
  }

  async events(id: string): Promise<readonly IncidentEvent[]> {
    const query = incidentTables.selectFrom('incident_events').select('json').where('incident', '=', id).orderBy('seq')
    return (await this.#session.read(query)).map(({ json }) => JSON.parse(json) as IncidentEvent)
  }

  async episodes(id: string, limit: number): Promise<{ readonly episodes: readonly string[]; readonly count: number }> {
    const own = incidentTables.selectFrom('incident_episodes').where('incident', '=', id)
    const rows = await this.#session.read(own.select('episode').orderBy('at').orderBy('episode').limit(limit))
    const [counted] = await this.#session.read(own.select(({ fn }) => fn.countAll().as('n')))
    return { episodes: rows.map(({ episode }) => episode), count: Number(counted?.n ?? 0) }
  }

  isFiring(id: string): Promise<boolean> {
    return this.#session.patiently(() => isFiring(this.#session, id))
  }

  note(
    id: string,
    say: Parameters<IncidentStore['note']>[1],
    { partner }: { readonly partner?: string | undefined } = {},
  ): Promise<Incident | undefined> {
    return this.#write(() => {
      const known = readIncident(this.#session, id, partner)
      if (!known) return undefined
      return applyToIncident(this.#session, id, { known, bodies: say(known, isFiring(this.#session, id)) })
    })
  }

  async forget(before: Date): Promise<void> {
    await this.#write(() => forgetIncidents(this.#session, before.toISOString()))
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  #write<T>(work: () => T): Promise<T> {
    return this.#session.write(work, { sync: true })
  }
}
