import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import {
  foldIncident,
  type Incident,
  type IncidentEventBody,
  type IncidentOpening,
  mayReturn,
  RETURNS_WITHIN_MS,
  STORM_KEY,
} from '../core/incident.ts'
import type { IncidentEyes } from '../core/incident-store.ts'
import { compiledLater } from './compiled-later.ts'
import { hookTables } from './hook-tables.ts'
import { incidentTables } from './incident-tables.ts'
import { messageTables } from './message-tables.ts'
import { put, rowsOf, rowsOfEach, type Steps } from './steps.ts'

/** What was kept before chains were has none of their steps. */
export function incidentOf(json: string): Incident {
  return { calls: [], ...(JSON.parse(json) as Omit<Incident, 'calls'>) } as Incident
}

export function* readIncident(id: string, { partner, sees }: IncidentEyes = {}): Steps<Incident | undefined> {
  const query = incidentTables.selectFrom('incidents').select('json').where('incident', '=', id)
  const [row] = yield* rowsOf(partner === undefined ? query : query.where('partner', '=', partner))
  const incident = row && incidentOf(row.json)
  return incident && (sees?.(incident) ?? true) ? incident : undefined
}

/** Appends to what happened to an incident, and gives it as it is then. */
export function* applyToIncident(
  id: string,
  { known, bodies }: { readonly known: Incident | undefined; readonly bodies: readonly IncidentEventBody[] },
): Steps<Incident | undefined> {
  if (bodies.length === 0) return known
  const events = bodies.map((body, index) => ({ ...body, seq: (known?.seq ?? 0) + 1 + index }))
  for (const event of events) {
    const row = { incident: id, seq: event.seq, at: event.at, type: event.type, json: JSON.stringify(event) }
    yield* put(incidentTables.insertInto('incident_events').values(row))
  }
  const now = foldIncident(id, events, known)
  if (!now) return undefined
  const { key, partner, opened_at, closed_at, action } = now
  const action_due = action === null || action.done_at !== null ? null : action.due
  const row = {
    incident: id,
    key,
    partner,
    opened_at,
    closed_at,
    action_due,
    escalate_at: bodies.at(-1)?.at ?? null,
    json: JSON.stringify(now),
  }
  yield* put(
    incidentTables
      .insertInto('incidents')
      .values(row)
      .onConflict((conflict) => conflict.column('incident').doUpdateSet(row)),
  )
  if (closed_at !== null && known?.closed_at === null) yield* wakeEpisodes(id, closed_at)
  return now
}

/** What it held back, or was part of, is seen to by itself again. */
function* wakeEpisodes(incident: string, at: string): Steps<void> {
  const own = incidentTables.selectFrom('incident_episodes').select('episode').where('incident', '=', incident)
  const open = hookTables.updateTable('episodes').set({ due_at: at }).where('closed_at', 'is', null)
  yield* put(open.where('episode', 'in', own as never))
}

/** The open incident of a storm that an episode is part of. */
export function* stormOf(episode: string): Steps<string | null> {
  const own = yield* incidentsOf(episode)
  return own.find(({ key, closed_at }) => key === STORM_KEY && closed_at === null)?.incident ?? null
}

/** Opens an incident, or gives the one of its key that is open; what is clear for long is another one, which people have to hear of. */
export function* openIncident(
  opening: IncidentOpening,
  now: Date,
): Steps<{ readonly incident: Incident; readonly isNew: boolean } | undefined> {
  const lasting = yield* lastingIncident(opening.key, now)
  if (lasting) return lasting
  const of = incidentTables.selectFrom('incidents').where('key', '=', opening.key)
  // A revision is refused again with each pass, and somebody has seen to it.
  const [closed] = opening.origin === 'revision' ? yield* rowsOf(of.select('json').limit(1)) : []
  if (closed) return { incident: incidentOf(closed.json), isNew: false }
  const at = now.toISOString()
  const before = Number((yield* rowsOf(of.select(({ fn }) => fn.countAll().as('n'))))[0]?.n ?? 0)
  const id = `I${createHash('sha256').update(`${opening.key} ${before} ${at}`).digest('hex').slice(0, 12)}`
  const incident = yield* applyToIncident(id, { known: undefined, bodies: [{ type: 'opened', at, ...opening }] })
  return incident && { incident, isNew: true }
}

/** The incident of a key that is open, and not clear for long. */
function* lastingIncident(
  key: string,
  now: Date,
): Steps<{ readonly incident: Incident; readonly isNew: false } | undefined> {
  const open = incidentTables
    .selectFrom('incidents')
    .select('json')
    .where('key', '=', key)
    .where('closed_at', 'is', null)
  const incidents = (yield* rowsOf(open.orderBy('opened_at', 'desc'))).map(({ json }) => incidentOf(json))
  const incident = incidents.find((each) => mayReturn(each, now.getTime()))
  return incident && { incident, isNew: false }
}

/**
 * An episode needs people: it joins the open incident of its fault, or begins one. One that is part of an
 * open incident changes nothing; one whose incident was closed begins none for the same. Gives what is new.
 */
export function* joinIncident(
  episode: string,
  { opening, now }: { readonly opening: IncidentOpening; readonly now: Date },
): Steps<Incident | undefined> {
  const known = yield* incidentsOf(episode)
  if (known.some(({ closed_at }) => closed_at === null)) return undefined
  // By whatever rule it went then.
  const isEpisode = opening.origin === 'episode'
  const isKnown = known.some(({ key }) => key === opening.key || (isEpisode && key !== STORM_KEY))
  const opened = isKnown ? yield* lastingIncident(opening.key, now) : yield* openIncident(opening, now)
  if (!opened) return undefined
  return yield* addEpisode(episode, { ...opened, at: now.toISOString() })
}

function* addEpisode(
  episode: string,
  { incident: known, isNew, at }: { readonly incident: Incident; readonly isNew: boolean; readonly at: string },
): Steps<Incident | undefined> {
  const { incident, origin, cleared_at } = known
  yield* put(incidentTables.insertInto('incident_episodes').values({ episode, incident, at }))
  // A storm has thousands of them, and each is in the table anyhow.
  const isNews = !isNew && (origin !== 'storm' || cleared_at !== null)
  if (!isNews) return isNew ? known : undefined
  return yield* applyToIncident(incident, { known, bodies: [{ type: 'joined', at, episode }] })
}

/** Parts of an incident by the key of their episode, of those that were closed since. */
const CLOSED_PARTS = compiledLater(() =>
  hookTables
    .selectFrom('episodes')
    .select('episode')
    .where('key', '=', '')
    .where('closed_at', '>', '')
    .where(({ exists }) => {
      const parts = incidentTables.selectFrom('incident_episodes').select('incident').where('incident', '=', '')
      return exists(parts.whereRef('episode', '=', sql.ref('episodes.episode')) as never)
    })
    .compile(),
)

/** What clears within a storm and fires again a little later is part of it as it begins. */
export function* returnToStorm(
  begun: readonly { readonly episode: string; readonly key: string }[],
  now: Date,
): Steps<void> {
  let storm = begun.length === 0 ? undefined : (yield* lastingIncident(STORM_KEY, now))?.incident
  if (!storm) return
  const { incident } = storm
  const since = new Date(now.getTime() - RETURNS_WITHIN_MS).toISOString()
  const parts = yield* rowsOfEach(
    CLOSED_PARTS,
    begun.map(({ key }) => [key, since, incident]),
  )
  for (const [index, { episode }] of begun.entries()) {
    if (parts[index]?.length === 0) continue
    storm = (yield* addEpisode(episode, { incident: storm, isNew: false, at: now.toISOString() })) ?? storm
  }
}

/** An episode is closed: what was its incident alone has nothing that fires any more. */
export function* clearIncidents(episode: string, now: Date): Steps<void> {
  for (const { incident, closed_at } of yield* incidentsOf(episode)) {
    const known = closed_at === null ? yield* readIncident(incident) : undefined
    if (!known || known.cleared_at !== null || (yield* isFiring(incident))) continue
    yield* applyToIncident(incident, { known, bodies: [{ type: 'cleared', at: now.toISOString() }] })
  }
}

/** Whether an episode of an incident is not closed. */
export function* isFiring(incident: string): Steps<boolean> {
  const own = incidentTables.selectFrom('incident_episodes').select('episode').where('incident', '=', incident)
  const open = hookTables.selectFrom('episodes').select('episode').where('closed_at', 'is', null)
  return (yield* rowsOf(open.where('episode', 'in', own as never).limit(1))).length > 0
}

function* incidentsOf(
  episode: string,
): Steps<readonly { readonly incident: string; readonly key: string; readonly closed_at: string | null }[]> {
  const own = incidentTables.selectFrom('incident_episodes').where('episode', '=', episode)
  const joined = own.innerJoin('incidents', 'incidents.incident', 'incident_episodes.incident')
  return yield* rowsOf(joined.select(['incidents.incident', 'incidents.key', 'incidents.closed_at']))
}

/** Deletes what was closed before `at` and has no corrective action left. */
export function* forgetIncidents(at: string): Steps<void> {
  const over = incidentTables.selectFrom('incidents').select('incident').where('closed_at', '<', at)
  const old = over.where('action_due', 'is', null)
  yield* put(incidentTables.deleteFrom('incident_events').where('incident', 'in', old))
  yield* put(incidentTables.deleteFrom('incident_episodes').where('incident', 'in', old))
  yield* put(messageTables.deleteFrom('messages').where('incident', 'in', old as never))
  const gone = incidentTables.deleteFrom('incidents').where('closed_at', '<', at)
  yield* put(gone.where('action_due', 'is', null))
}
