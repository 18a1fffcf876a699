import type { Context } from 'hono'
import {
  closeIncident,
  commentIncident,
  continueIncident,
  type IncidentWords,
  pauseIncident,
  takeIncident,
} from '../../app/incidents/change-incident.ts'
import { INCIDENT_FILTERS, incidentJson, incidentSeen, listIncidents } from '../../app/overview/incident-lists.ts'
import { eyesOf, type Sight, withoutOthers } from '../../app/overview/sight.ts'
import { INCIDENT_STATES, type Incident } from '../../core/incident.ts'
import type { IncidentEyes } from '../../core/incident-store.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { ApiRefused, notFound, tried } from './api-refused.ts'
import type { Dashboard, DashboardApp, DashboardEnv } from './dashboard.ts'
import { among, asked, pageOf, readJson } from './questions.ts'
import { demand } from './visitor.ts'

type Asked = Context<DashboardEnv>
const YES = ['yes'] as const
const LONGEST = 2_000
const MOST_STEPS = 50

interface Saying extends IncidentEyes {
  readonly by: string
  readonly now: Date
}

/** What somebody says of an incident, by the last part of its address. */
const WORDS: Readonly<
  Record<
    string,
    (dashboard: Dashboard, id: string, of: { readonly saying: Saying; readonly body: JsonObject }) => Promise<Incident>
  >
> = {
  take: ({ incidents }, id, { saying }) => takeIncident(incidents, id, saying),
  comment: ({ incidents }, id, { saying, body }) => {
    const words = { text: textOf(body, 'text'), ...wordsOf(body) }
    if (Object.values(words).every((one) => one === undefined)) throw new ApiRefused(400, 'It says nothing.')
    return commentIncident(incidents, id, { ...saying, words })
  },
  pause: ({ incidents }, id, { saying, body }) => {
    const why = textOf(body, 'why')
    if (why === undefined) throw new ApiRefused(400, 'It is {"why": "…"}.')
    return pauseIncident(incidents, id, { ...saying, why })
  },
  continue: ({ incidents }, id, { saying }) => continueIncident(incidents, id, saying),
  close: ({ incidents }, id, { saying, body }) => {
    const words = { text: textOf(body, 'text'), ...wordsOf(body) }
    return closeIncident(incidents, id, { ...saying, words, despite: textOf(body, 'despite') })
  },
}

/** Incidents for those who look, and for those who see to them; the changes are those of `till incidents`. */
export function incidentRoutes(app: DashboardApp, dashboard: Dashboard): void {
  const told = (context: Asked, sight: Sight, answer: JsonObject) =>
    context.json(withoutOthers(sight, { as_of: new Date().toISOString(), ...answer }))
  app.get('/api/v1/incidents', async (context) => {
    const sight = await dashboard.sightOf((await dashboard.visitor(context, 'anyone')).known)
    return told(context, sight, { schema: 'till.api-incidents/1', ...(await listOf(dashboard, sight, context)) })
  })
  app.get('/api/v1/incidents/:incident', async (context) => {
    const sight = await dashboard.sightOf((await dashboard.visitor(context, 'anyone')).known)
    asked(context, [])
    const one = await known(incidentSeen({ sight, store: dashboard.incidents }, idIn(context)))
    return told(context, sight, { schema: 'till.api-incident/1', ...one })
  })
  for (const [word, say] of Object.entries(WORDS)) {
    app.post(`/api/v1/incidents/:incident/${word}`, async (context) => {
      const who = await dashboard.visitor(context, 'attend')
      const sight = await dashboard.sightOf(who.known)
      const body = await readJson(context, dashboard)
      // That a fault is over although it fires is more than a word about it.
      if (body['despite'] !== undefined) demand(who, 'change')
      const saying = { by: who.known.account.name, now: new Date(), ...eyesOf(sight) }
      const incident = await known(say(dashboard, idIn(context), { saying, body }))
      const answer = await incidentJson({ sight, store: dashboard.incidents }, incident)
      return told(context, sight, { schema: 'till.api-incident/1', ...answer })
    })
  }
}

function listOf(dashboard: Dashboard, sight: Sight, context: Asked): Promise<JsonObject> {
  const { limit, after, closed, late, ...filter } = asked(context, [
    ...INCIDENT_FILTERS,
    ...(['closed', 'late', 'limit', 'after'] as const),
  ])
  among('state', filter.state, INCIDENT_STATES)
  among('closed', closed, YES)
  among('late', late, YES)
  const isClosedToo = closed.length > 0 || filter.state.includes('closed')
  const page = pageOf(context, { limit, after }, { lists: dashboard.lists, key: sight.key })
  return listIncidents({ sight, store: dashboard.incidents }, { filter, isLate: late.length > 0, isClosedToo, page })
}

/** An incident that is not there, or not for these eyes, is not found; whatever else makes no sense now is told. */
function known<T>(work: Promise<T>): Promise<T> {
  return tried(
    () => work,
    ({ code }) => (code === 'INCIDENT_UNKNOWN' ? notFound('such incident') : undefined),
  )
}

function idIn(context: Asked): string {
  return (context.req.param('incident') ?? '').slice(0, 40)
}

function wordsOf(body: JsonObject): IncidentWords {
  const [cause, action, owner, due] = ['cause', 'action', 'owner', 'due'].map((key) => textOf(body, key))
  if (due !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(due))
    throw new ApiRefused(400, '"due" is a date, as 2026-12-24.')
  const { done } = body
  return { cause, steps: done === undefined ? undefined : stepsOf(done), action, owner, due }
}

function stepsOf(value: JsonValue): readonly string[] {
  if (!Array.isArray(value) || value.length > MOST_STEPS || !value.every((one) => typeof one === 'string'))
    throw new ApiRefused(400, '"done" is a list of steps.')
  return value as readonly string[]
}

/** A text of the body; one that is empty was not given. */
function textOf(body: JsonObject, key: string): string | undefined {
  const value = body[key]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || value.length > LONGEST)
    throw new ApiRefused(400, `"${key}" is a text of at most ${LONGEST} characters.`)
  return value.trim() === '' ? undefined : value.trim()
}
