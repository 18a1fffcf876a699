import { HOUR_MS } from './duration.ts'
import type { Trading } from './trading-hours.ts'

/** What brought an incident about: a fault that needs people, too many at once, a revision that is not taken, somebody. */
export const INCIDENT_ORIGINS = ['episode', 'storm', 'revision', 'hand'] as const
export type IncidentOrigin = (typeof INCIDENT_ORIGINS)[number]

/** Key of the incident that more faults at once than the breaker lets through are. */
export const STORM_KEY = 'storm'

/** What is promised: until somebody has it, until the cause is known, until the fault is gone. */
export const INCIDENT_CLOCKS = ['reaction', 'diagnosis', 'fix'] as const
export type IncidentClock = (typeof INCIDENT_CLOCKS)[number]

/** A promise as it was when the incident began. */
export interface ServiceTerms {
  /** Name of the contract; null: none is named. */
  readonly contract: string | null
  /** When clocks run. */
  readonly trading: Trading
  readonly limits_ms: Readonly<Record<IncidentClock, number>>
}

/** What fires again within so long after its incident was clear belongs to it; later it is another incident. */
export const RETURNS_WITHIN_MS = HOUR_MS

/** What is known of an incident when it begins; none of it changes. */
export interface IncidentOpening {
  /** While one of this key is neither closed nor clear for long, there is no other. */
  readonly key: string
  readonly origin: IncidentOrigin
  /** Its fault class: what the responsibility matrix goes by. */
  readonly fault: string
  readonly severity: string
  readonly title: string
  /** Full name. */
  readonly device: string | null
  readonly store: string | null
  readonly region: string | null
  readonly vendor: string
  /** Who is responsible; null: nobody is named. */
  readonly team: string | null
  /** Whose eyes it is for besides our own. */
  readonly partner: string | null
  /** Why that team: the row of the matrix. */
  readonly why: string
  readonly terms: ServiceTerms
  /** What has to be done before it may be closed. */
  readonly steps: readonly string[]
  readonly by: string
}

/** What happened to an incident; everything that is known of it is a fold of these. Times are ISO 8601 in UTC. */
export type IncidentEventBody = { readonly at: string } & (
  | ({ readonly type: 'opened' } & IncidentOpening)
  /** Another episode belongs to it. */
  | { readonly type: 'joined'; readonly episode: string }
  /** Nothing of it fires any more. */
  | { readonly type: 'cleared' }
  | { readonly type: 'taken'; readonly by: string }
  /** A step of the chain; without a message it was passed over, for the reason in `why`. */
  | {
      readonly type: 'called'
      readonly step: string
      readonly contact: string
      readonly message: string | null
      readonly why: string | null
    }
  /** A message was sent; `why`: it was given up. */
  | {
      readonly type: 'told'
      readonly message: string
      readonly contact: string
      readonly reference: string | null
      readonly why: string | null
    }
  | { readonly type: 'acknowledged'; readonly message: string; readonly by: string }
  | { readonly type: 'commented'; readonly by: string; readonly text: string }
  | { readonly type: 'cause'; readonly by: string; readonly cause: string }
  | { readonly type: 'step'; readonly by: string; readonly step: string }
  /** What is to keep it from coming again, who sees to that, and until when (a date). */
  | {
      readonly type: 'action'
      readonly by: string
      readonly action: string
      readonly owner: string
      readonly due: string
    }
  | { readonly type: 'action.done'; readonly by: string }
  | { readonly type: 'paused'; readonly by: string; readonly why: string }
  | { readonly type: 'continued'; readonly by: string }
  /** `despite`: why it is closed although it still fires. */
  | { readonly type: 'closed'; readonly by: string; readonly despite: string | null }
)

/** `seq` is its place among those of its incident, from 1. */
export type IncidentEvent = IncidentEventBody & { readonly seq: number }

export interface IncidentPause {
  readonly from: string
  /** null: it lasts. */
  readonly to: string | null
  readonly why: string
  readonly by: string
}

export interface IncidentAction {
  readonly action: string
  readonly owner: string
  /** A date, as in 2026-12-24. */
  readonly due: string
  readonly done_at: string | null
}

export interface Incident extends Omit<IncidentOpening, 'steps' | 'by'> {
  readonly incident: string
  readonly opened_at: string
  readonly opened_by: string
  /** The first to take it stops the clock of reaction; who has it now may be another. */
  readonly taken_at: string | null
  readonly owner: string | null
  readonly diagnosed_at: string | null
  readonly cause: string | null
  readonly cleared_at: string | null
  readonly closed_at: string | null
  readonly closed_by: string | null
  readonly despite: string | null
  readonly pauses: readonly IncidentPause[]
  readonly steps: readonly { readonly step: string; readonly done_at: string | null; readonly by: string | null }[]
  readonly action: IncidentAction | null
  /** Steps of the chain that were taken; without a message somebody was passed over. */
  readonly calls: readonly { readonly step: string; readonly at: string; readonly message: string | null }[]
  /** The last event in it. */
  readonly seq: number
}

/** The state of an incident after more of what happened; events come in any order, and those it has seen change nothing. */
export function foldIncident(
  id: string,
  events: readonly IncidentEvent[],
  known?: Incident | undefined,
): Incident | undefined {
  let now = known
  for (const event of [...events].sort((a, b) => a.seq - b.seq)) {
    if (now && event.seq <= now.seq) continue
    if (!now && event.type === 'opened') now = begin(id, event)
    else if (now) now = { ...fold(now, event), seq: event.seq }
  }
  return now
}

function begin(incident: string, event: Extract<IncidentEvent, { type: 'opened' }>): Incident {
  const { at, seq, type: _, steps, by, ...head } = event
  const open = { taken_at: null, owner: null, diagnosed_at: null, cause: null, cleared_at: null } as const
  return {
    incident,
    ...head,
    ...open,
    opened_at: at,
    opened_by: by,
    closed_at: null,
    closed_by: null,
    despite: null,
    pauses: [],
    steps: steps.map((step) => ({ step, done_at: null, by: null })),
    action: null,
    calls: [],
    seq,
  }
}

/** What a closed incident still takes: its corrective action outlives it. */
const AFTER_CLOSING: ReadonlySet<IncidentEvent['type']> = new Set(['action', 'action.done'])

function fold(incident: Incident, event: IncidentEvent): Incident {
  const { at } = event
  if (incident.closed_at !== null && !AFTER_CLOSING.has(event.type)) return incident
  switch (event.type) {
    case 'opened':
    case 'commented':
    case 'told':
    case 'acknowledged':
      return incident
    case 'called': {
      if (incident.calls.some(({ step }) => step === event.step)) return incident
      return { ...incident, calls: [...incident.calls, { step: event.step, at, message: event.message }] }
    }
    case 'joined':
      return { ...incident, cleared_at: null }
    case 'cleared':
      return { ...incident, cleared_at: incident.cleared_at ?? at }
    case 'taken':
      return { ...incident, taken_at: incident.taken_at ?? at, owner: event.by }
    case 'cause':
      return { ...incident, diagnosed_at: incident.diagnosed_at ?? at, cause: event.cause }
    case 'step': {
      const steps = incident.steps.map((each) =>
        each.step === event.step && each.done_at === null ? { ...each, done_at: at, by: event.by } : each,
      )
      return { ...incident, steps }
    }
    case 'action':
      return { ...incident, action: { action: event.action, owner: event.owner, due: event.due, done_at: null } }
    case 'action.done':
      return incident.action ? { ...incident, action: { ...incident.action, done_at: at } } : incident
    case 'paused':
      if (isPaused(incident)) return incident
      return { ...incident, pauses: [...incident.pauses, { from: at, to: null, why: event.why, by: event.by }] }
    case 'continued':
      return { ...incident, pauses: ended(incident.pauses, at) }
    case 'closed': {
      const { by: closed_by, despite } = event
      return { ...incident, closed_at: at, closed_by, despite, pauses: ended(incident.pauses, at) }
    }
  }
}

function ended(pauses: readonly IncidentPause[], at: string): readonly IncidentPause[] {
  return pauses.map((pause) => (pause.to === null ? { ...pause, to: at } : pause))
}

/** Whether what fires again at `now`, in milliseconds since 1970, belongs to an incident that is not closed. */
export function mayReturn({ cleared_at }: Pick<Incident, 'cleared_at'>, now: number): boolean {
  return cleared_at === null || now - Date.parse(cleared_at) < RETURNS_WITHIN_MS
}

/** Whether its clocks stand still, since it waits for somebody else. */
export function isPaused({ pauses }: Pick<Incident, 'pauses'>): boolean {
  return pauses.at(-1)?.to === null
}

/** What people read of an incident in one word. */
export const INCIDENT_STATES = ['open', 'taken', 'paused', 'cleared', 'closed'] as const
export type IncidentState = (typeof INCIDENT_STATES)[number]

/** That it is closed says more than that it is paused, and this more than that it has cleared. */
export function incidentState(incident: Incident): IncidentState {
  if (incident.closed_at !== null) return 'closed'
  if (isPaused(incident)) return 'paused'
  if (incident.cleared_at !== null) return 'cleared'
  return incident.taken_at === null ? 'open' : 'taken'
}
