import type { EscalationStore } from '../core/escalation-store.ts'
import type { Incident, IncidentEvent, IncidentOpening } from '../core/incident.ts'
import type { IncidentEyes, IncidentQuery, IncidentStore } from '../core/incident-store.ts'
import { applyToIncident, forgetIncidents, incidentOf, isFiring, openIncident, readIncident } from './incident-rows.ts'
import { incidentTables } from './incident-tables.ts'
import { HOOKS } from './locks.ts'
import { escalationStore } from './message-rows.ts'
import type { Steps, StoreSession } from './steps.ts'

/** Incidents in a database. What is written is on disk before anybody is answered. */
export function storedIncidents(session: StoreSession): IncidentStore {
  return new StoredIncidents(session)
}

class StoredIncidents implements IncidentStore {
  readonly escalations: EscalationStore
  readonly #session: StoreSession

  constructor(session: StoreSession) {
    this.#session = session
    this.escalations = escalationStore(session, (work) => this.#write(work))
  }

  open(opening: IncidentOpening, now: Date): Promise<{ readonly incident: Incident; readonly isNew: boolean }> {
    return this.#write(function* () {
      const opened = yield* openIncident(opening, now)
      if (!opened) throw new Error('An incident was opened and is not there.')
      return opened
    })
  }

  async incidents(query: IncidentQuery = {}): Promise<readonly Incident[]> {
    const { closed = false, limit, partner, since, sees } = query
    let rows = incidentTables.selectFrom('incidents').select('json').orderBy('opened_at', 'desc').orderBy('incident')
    if (!closed) rows = rows.where('closed_at', 'is', null)
    if (partner !== undefined) rows = rows.where('partner', '=', partner)
    if (since !== undefined) rows = rows.where('opened_at', '>=', since)
    if (limit !== undefined && !sees) rows = rows.limit(limit)
    const all = (await this.#session.read(rows)).map(({ json }) => incidentOf(json))
    return sees ? all.filter(sees).slice(0, limit) : all
  }

  incident(id: string, eyes?: IncidentEyes): Promise<Incident | undefined> {
    return this.#write(() => readIncident(id, eyes))
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
    return this.#write(() => isFiring(id))
  }

  note(id: string, say: Parameters<IncidentStore['note']>[1], eyes: IncidentEyes = {}): Promise<Incident | undefined> {
    return this.#write(function* () {
      const known = yield* readIncident(id, eyes)
      if (!known) return undefined
      return yield* applyToIncident(id, { known, bodies: say(known, yield* isFiring(id)) })
    })
  }

  async forget(before: Date): Promise<void> {
    await this.#write(() => forgetIncidents(before.toISOString()))
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  #write<T>(work: () => Steps<T>): Promise<T> {
    return this.#session.write(work, { locks: { alone: [HOOKS] }, sync: true })
  }
}
