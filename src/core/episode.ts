import type { Alert } from './alert.ts'
import { alertKey } from './alert.ts'
import type { DeviceState } from './outcome.ts'

/** Why nothing is being done, or what would be. */
export const EPISODE_NOTES = ['would-run', 'asks', 'needs-people', 'symptom', 'held'] as const
export type EpisodeNote = (typeof EPISODE_NOTES)[number]

/** What happened to an episode; everything that is known of it is a fold of these. Times are ISO 8601 in UTC. */
export type EpisodeEvent = { readonly at: string } & (
  | { readonly type: 'alert'; readonly alert: Alert }
  | { readonly type: 'attempt.started'; readonly attempt: number; readonly params: Readonly<Record<string, string>> }
  | {
      readonly type: 'attempt.finished'
      readonly attempt: number
      readonly run: string | null
      /** How the device ended; null: the run did not come about. */
      readonly state: DeviceState | null
      readonly why: string | null
      /** Fault class by the runbook's own table; absent: it says none. */
      readonly fault?: string
      /** Its runbook only gathers evidence, for people to read. */
      readonly looked?: true
    }
  | { readonly type: 'attempt.doubtful'; readonly attempt: number }
  /** `outage`: it is known to be out of order. */
  | { readonly type: 'noted'; readonly note: EpisodeNote; readonly why: string; readonly outage?: true }
  /** The outage by which it was held is over: from then on it is seen to as if it had begun then. */
  | { readonly type: 'released' }
  /** Monitoring was told what came of an attempt; `why`: it could not be. */
  | { readonly type: 'told'; readonly attempt: number; readonly why: string | null }
  | { readonly type: 'approved'; readonly by: string }
  | { readonly type: 'closed'; readonly why: string }
)

export interface Occurrence {
  readonly state: 'firing' | 'resolved'
  readonly first_at: string
  readonly at: string
}

export interface Attempt {
  readonly attempt: number
  readonly started_at: string
  readonly finished_at: string | null
  /** `doubtful`: whoever made it is gone, and it counts as made. `held`: safety kept it from beginning, and it does not count. `looked`: its runbook only gathers evidence. */
  readonly result: 'running' | 'helped' | 'failed' | 'held' | 'doubtful' | 'looked'
  readonly run: string | null
  readonly state: DeviceState | null
  readonly why: string | null
  /** Fault class by the runbook's own table; absent or null: it says none. */
  readonly fault?: string | null
}

/** One fault, from the first alert to the all-clear. */
export interface Episode {
  readonly episode: string
  readonly rule: string
  readonly about: 'device' | 'store'
  /** Full name; null where the fault is about a store. */
  readonly device: string | null
  readonly store: string | null
  readonly opened_at: string
  /** When the last known outage by which it was held was over; absent: it was held by none. */
  readonly released_at?: string
  readonly closed_at: string | null
  readonly closed_why: string | null
  /** The first alert that fired, or the first one at all. */
  readonly alert: Alert
  readonly alerts: Readonly<Record<string, Occurrence>>
  /** Since when something has been firing, and since when nothing has. */
  readonly firing_since: string | null
  readonly clear_since: string | null
  /** How often it fired again after it was clear. */
  readonly flaps: number
  readonly attempts: readonly Attempt[]
  /** The last attempt of which monitoring was told. */
  readonly told: number
  readonly note: {
    readonly note: EpisodeNote
    readonly why: string
    readonly at: string
    readonly outage?: true
  } | null
  readonly approvals: readonly { readonly by: string; readonly at: string }[]
}

/** What is known of an episode before anything happened to it. */
export type EpisodeHead = Pick<Episode, 'episode' | 'rule' | 'about' | 'device' | 'store'>

export function newEpisode(head: EpisodeHead, alert: Alert, at: string): Episode {
  const nothing = { closed_at: null, closed_why: null, firing_since: null, clear_since: null, note: null } as const
  return { ...head, ...nothing, opened_at: at, alert, alerts: {}, flaps: 0, attempts: [], told: 0, approvals: [] }
}

/** The next state of an episode. An occurrence that was resolved stays so, however late its beginning is told. */
export function foldEpisode(episode: Episode, event: EpisodeEvent): Episode {
  switch (event.type) {
    case 'alert':
      return withAlert(episode, event.alert, event.at)
    case 'attempt.started': {
      const { attempt, at } = event
      const begun = { attempt, started_at: at, finished_at: null, result: 'running', run: null, state: null, why: null }
      return { ...episode, note: null, attempts: [...episode.attempts, begun as Attempt] }
    }
    case 'attempt.finished': {
      const { run, state, why, at, fault } = event
      const said = { finished_at: at, run, state, why, ...(fault !== undefined && { fault }) }
      return withAttempt(episode, event.attempt, { ...said, result: resultOf(state, event.looked === true) })
    }
    case 'attempt.doubtful':
      return withAttempt(episode, event.attempt, { finished_at: event.at, result: 'doubtful' })
    case 'noted': {
      const { note, why, at, outage } = event
      return { ...episode, note: { note, why, at, ...(outage && { outage }) } }
    }
    case 'released':
      return { ...episode, note: null, released_at: event.at }
    case 'told':
      return event.why === null ? { ...episode, told: event.attempt } : episode
    case 'approved':
      return { ...episode, note: null, approvals: [...episode.approvals, { by: event.by, at: event.at }] }
    case 'closed':
      return { ...episode, closed_at: event.at, closed_why: event.why }
  }
}

/** From when on it is seen to: its beginning, or the end of the known outage that it was held by. */
export function begunAt({ opened_at, released_at }: Pick<Episode, 'opened_at' | 'released_at'>): string {
  return released_at ?? opened_at
}

export function isFiring(episode: Pick<Episode, 'alerts'>): boolean {
  return Object.values(episode.alerts).some(({ state }) => state === 'firing')
}

/** What people read of an episode in one word. */
export function episodeState(episode: Episode): string {
  if (episode.closed_at !== null) return 'closed'
  if (episode.attempts.at(-1)?.result === 'running') return 'repairing'
  if (!isFiring(episode)) return 'clear'
  return episode.note?.note ?? (episode.attempts.at(-1)?.result === 'helped' ? 'repaired' : 'waiting')
}

function withAlert(episode: Episode, alert: Alert, at: string): Episode {
  const key = alertKey(alert)
  const known = episode.alerts[key]
  const state = known?.state === 'resolved' ? 'resolved' : alert.state
  const alerts = { ...episode.alerts, [key]: { state, first_at: known?.first_at ?? at, at } }
  const before = isFiring(episode)
  const now = isFiring({ alerts })
  const isFirst = episode.firing_since === null && now
  return {
    ...episode,
    alerts,
    alert: isFirst && episode.alert.state === 'resolved' ? alert : episode.alert,
    firing_since: now && !before ? at : episode.firing_since,
    clear_since: now ? null : (episode.clear_since ?? at),
    flaps: episode.flaps + (now && !before && episode.firing_since !== null ? 1 : 0),
  }
}

function withAttempt(episode: Episode, attempt: number, what: Partial<Attempt>): Episode {
  const attempts = episode.attempts.map((each) => {
    return each.attempt === attempt && each.result === 'running' ? { ...each, ...what } : each
  })
  return { ...episode, attempts }
}

/** A device that was seen: by a look nothing is repaired, whatever it found. */
const SEEN: ReadonlySet<DeviceState | null> = new Set(['in-sync', 'unmet', 'unknown'])

function resultOf(state: DeviceState | null, looked: boolean): Attempt['result'] {
  if (looked && SEEN.has(state)) return 'looked'
  if (state === 'changed' || state === 'in-sync') return 'helped'
  return state === 'deferred' ? 'held' : 'failed'
}
