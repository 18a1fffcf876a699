import { type Message, NO_LONGER_NEEDED } from '../../core/escalation.ts'
import type { Incident, IncidentEvent } from '../../core/incident.ts'
import type { IncidentStore } from '../../core/incident-store.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { findIncident } from '../incidents/change-incident.ts'
import { type IncidentView, incidentView } from '../incidents/incident-view.ts'
import { knownOutages } from '../outages/known-outages.ts'
import { deviceView } from './device-view.ts'
import { type Page, paged } from './paging.ts'
import { eyesOf, type Sight } from './sight.ts'

/** Episodes of one incident that are told: a storm has thousands. */
const MOST_EPISODES = 20
/** Looks at its device that are told. */
const MOST_LOOKS = 15

/** What an incident may be picked by. */
export const INCIDENT_FILTERS = ['state', 'store', 'region', 'device', 'team', 'owner', 'fault', 'severity'] as const
export type IncidentFilter = Readonly<Record<(typeof INCIDENT_FILTERS)[number], readonly string[]>>

/** Incidents that exist for somebody, newest first, and how many of those that are picked are in which state. */
export async function listIncidents(
  { sight, store }: { readonly sight: Sight; readonly store: IncidentStore },
  wanted: {
    readonly filter: IncidentFilter
    readonly isLate: boolean
    readonly isClosedToo: boolean
    readonly page: Page
  },
): Promise<JsonObject> {
  const now = new Date()
  const outages = await knownOutages(sight.store, sight.fleet)
  const all = await store.incidents({ closed: wanted.isClosedToo, ...eyesOf(sight) })
  const views = all
    .map((one) => incidentView(one, now, outages))
    .filter((view) => {
      const isPicked = INCIDENT_FILTERS.every(
        (key) => wanted.filter[key].length === 0 || wanted.filter[key].includes(view[key] ?? ''),
      )
      return isPicked && (!wanted.isLate || isLate(view))
    })
  const counts: Record<string, number> = {}
  for (const { state } of views) counts[state] = (counts[state] ?? 0) + 1
  const { rows, total, next } = paged(views, wanted.page)
  return { total, next, counts, late: views.filter(isLate).length, incidents: rows as unknown as JsonValue }
}

/** A clock of it ran out and was not met. */
function isLate({ clocks }: IncidentView): boolean {
  return clocks.some(({ late, state }) => late && state !== 'met')
}

/** One incident with what happened to it, and what its device was found to be. Throws InputError where none exists for somebody. */
export async function incidentSeen(
  { sight, store }: { readonly sight: Sight; readonly store: IncidentStore },
  id: string,
): Promise<JsonObject> {
  return incidentJson({ sight, store }, await findIncident(store, id, eyesOf(sight)))
}

/** As it is told to somebody. */
export async function incidentJson(
  { sight, store }: { readonly sight: Sight; readonly store: IncidentStore },
  incident: Incident,
): Promise<JsonObject> {
  const id = incident.incident
  const outages = await knownOutages(sight.store, sight.fleet)
  const [events, episodes, messages, firing, device] = await Promise.all([
    store.events(id),
    store.episodes(id, MOST_EPISODES),
    store.escalations.messages(id),
    store.isFiring(id),
    incident.device === null ? undefined : deviceView(sight, incident.device),
  ])
  const looks = Array.isArray(device?.['timeline']) ? device['timeline'].slice(0, MOST_LOOKS) : []
  return {
    ...(incidentView(incident, new Date(), outages) as unknown as JsonObject),
    ...({ episodes, firing } as unknown as JsonObject),
    ...((sight.isWhole ? { events, messages } : withoutWays({ events, messages })) as unknown as JsonObject),
    evidence: {
      state: device?.['state'] ?? null,
      since: device?.['since'] ?? null,
      findings: device?.['findings'] ?? [],
      looks,
    },
  }
}

const NOT_SENT = 'It could not be sent.'

/** Why messages were not sent tells of servers and addresses of the house: who sees a part of the fleet is told that they were not. */
function withoutWays({ events, messages }: { events: readonly IncidentEvent[]; messages: readonly Message[] }) {
  const said = (why: string | null): string | null => (why === null || why === NO_LONGER_NEEDED ? why : NOT_SENT)
  return {
    events: events.map((event) => (event.type === 'told' ? { ...event, why: said(event.why) } : event)),
    messages: messages.map((message) => ({ ...message, why: said(message.why) })),
  }
}
