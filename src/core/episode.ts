import type { Alert } from './alert.ts'
import { alertKey } from './alert.ts'
import type { JsonValue } from './json.ts'
import type { DeviceState } from './outcome.ts'

/** Why nothing is being done, or what would be. */
export const EPISODE_NOTES = ['would-run', 'asks', 'needs-people', 'symptom', 'held'] as const
export type EpisodeNote = (typeof EPISODE_NOTES)[number]

/** What happened to an episode; everything that is known of it is a fold of these. Times are ISO 8601 in UTC. */
export type EpisodeEvent = { readonly at: string } /** `again`: it fires anew after its end. */ & (
  | { readonly type: 'alert'; readonly alert: Alert; readonly again?: true }
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
      /** Nothing was sent to the device: it was not made, for reasons of ours. */
      readonly unmade?: true
      /** Safety says that it may not be made before; absent: it does not say when. */
      readonly not_before?: string
    }
  | { readonly type: 'attempt.doubtful'; readonly attempt: number }
  /** `outage`: it is known to be out of order. */
  | {
      readonly type: 'noted'
      readonly note: EpisodeNote
      readonly why: string
      readonly outage?: true
      /** A repair would be made, were it not for this. */
      readonly wanted?: true
    }
  /**
   * The outage by which it was held, or the fault that it was a symptom of, is over: from then on it is seen to as if it had begun then.
   * `still`: it has fired on for as long as its rule waits, and counts among what begins at once.
   */
  | { readonly type: 'released'; readonly still?: true }
  /** Monitoring was told what came of an attempt; `why`: it could not be. */
  | { readonly type: 'told'; readonly attempt: number; readonly why: string | null }
  | { readonly type: 'approved'; readonly by: string }
  /** Another rule holds for it from now on, or the same one with other values. */
  | ({ readonly type: 'ruled'; readonly alert: Alert } & Ruled)
  | { readonly type: 'closed'; readonly why: string }
)

/** What an episode has of its rule. */
interface Ruled {
  readonly rule: string
  /** Fault class of its rule; absent: an older release has begun it. */
  readonly fault?: string
  /** What its rule takes from the alert for the runbook: with other values it is another fault. Absent: nothing. */
  readonly values?: Readonly<Record<string, string>>
}

/** In this order only. `lost`: monitoring does not see it any more, which is no end of the fault. */
const OCCURRENCE_STATES = ['firing', 'lost', 'resolved'] as const

export interface Occurrence {
  readonly state: (typeof OCCURRENCE_STATES)[number]
  readonly first_at: string
  readonly at: string
}

export interface Attempt {
  readonly attempt: number
  readonly started_at: string
  readonly finished_at: string | null
  /** `doubtful`: whoever made it is gone, and it counts as made. `held`: safety, or something of ours, kept it from beginning, and it does not count. `looked`: its runbook only gathers evidence. */
  readonly result: 'running' | 'helped' | 'failed' | 'held' | 'doubtful' | 'looked'
  readonly run: string | null
  readonly state: DeviceState | null
  readonly why: string | null
  /** Fault class by the runbook's own table; absent or null: it says none. */
  readonly fault?: string | null
  /** Of one that was held: when it may be made; absent: nobody knows. */
  readonly not_before?: string
  /** Attempts in a row that were held, of which this is the last, and since when; absent: none before it was. */
  readonly held?: { readonly times: number; readonly since: string }
}

/** One fault, from the first alert to the all-clear. */
export interface Episode extends Ruled {
  readonly episode: string
  readonly about: 'device' | 'store'
  /** Full name; null where the fault is about a store. */
  readonly device: string | null
  readonly store: string | null
  readonly opened_at: string
  /** When the last known outage or fault of its store by which it was held was over; absent: it was held by none. */
  readonly released_at?: string
  /** When it was found to fire on for as long as its rule waits after that; absent: it was not yet. */
  readonly counted_at?: string
  readonly closed_at: string | null
  readonly closed_why: string | null
  /** The first alert that fired, or the first one at all; where its rule is another by now, the one that said so. */
  readonly alert: Alert
  /** All that fire, and the last of those that are resolved. */
  readonly alerts: Readonly<Record<string, Occurrence>>
  /** How many there were besides; absent: none. */
  readonly more_alerts?: number
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
    readonly wanted?: true
    /** Since when a repair is wanted without a break, where notes before this one said so; absent: since `at`. */
    readonly since?: string
  } | null
  readonly approvals: readonly { readonly by: string; readonly at: string }[]
}

/** What is known of an episode before anything happened to it. */
export type EpisodeHead = Pick<Episode, 'episode' | 'about' | 'device' | 'store' | keyof Ruled>

/** What an episode is about, and an incident of it: its rule, the place, and what the rule takes from its alerts. */
export function faultOf({ rule, about, store, device, values }: Omit<EpisodeHead, 'episode'>): readonly JsonValue[] {
  const place = about === 'store' ? store : device
  const taken = values && Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  return taken ? [rule, place, taken] : [rule, place]
}

/** An episode that begins with `alert` at `at`; its alerts are taken in by events behind it. */
export function newEpisode(head: EpisodeHead, alert: Alert, at: string): Episode {
  const nothing = { closed_at: null, closed_why: null, firing_since: null, clear_since: null, note: null } as const
  return { ...head, ...nothing, opened_at: at, alert, alerts: {}, flaps: 0, attempts: [], told: 0, approvals: [] }
}

/** That an episode goes by the rule that is found for its alert now. */
export function ruledEvent({
  alert,
  head: { rule, fault, values },
  at,
}: {
  readonly alert: Alert
  readonly head: Omit<EpisodeHead, 'episode'>
  readonly at: string
}): EpisodeEvent {
  return { type: 'ruled', at, alert, rule, ...(fault !== undefined && { fault }), ...(values && { values }) }
}

/** Resolved occurrences that are known one by one: a device that flaps for days has thousands. */
const MOST_RESOLVED = 100

/** The next state of an episode. An occurrence that was resolved stays so, however late its beginning is told. */
export function foldEpisode(episode: Episode, event: EpisodeEvent): Episode {
  return event.type === 'alert' ? withAlerts(episode, [event]) : foldOne(episode, event)
}

/** The state of an episode after more of what happened, as `foldEpisode` of one after the other gives it. */
export function foldEpisodeEvents(episode: Episode, events: readonly EpisodeEvent[]): Episode {
  let now = episode
  for (let index = 0; index < events.length; ) {
    const told: Occurred[] = []
    for (let event = events[index]; event?.type === 'alert'; event = events[++index]) told.push(event)
    if (told.length > 0) now = withAlerts(now, told)
    const event = events[index++]
    if (event && event.type !== 'alert') now = foldOne(now, event)
  }
  return now
}

type Occurred = Extract<EpisodeEvent, { type: 'alert' }>

function foldOne(episode: Episode, event: Exclude<EpisodeEvent, Occurred>): Episode {
  switch (event.type) {
    case 'attempt.started': {
      const { attempt, at } = event
      const nothing = { finished_at: null, result: 'running', run: null, state: null, why: null } as const
      const last = episode.attempts.at(-1)
      // What was held, was not made: one stands for all of them, however often it is asked.
      const isHeld = last?.result === 'held'
      const held = isHeld && { times: (last.held?.times ?? 0) + 1, since: last.held?.since ?? last.started_at }
      const begun: Attempt = { attempt, started_at: at, ...nothing, ...(held && { held }) }
      const before = isHeld ? episode.attempts.slice(0, -1) : episode.attempts
      return { ...episode, note: null, attempts: [...before, begun] }
    }
    case 'attempt.finished': {
      const { run, state, why, at, fault, not_before } = event
      const more = { ...(fault !== undefined && { fault }), ...(not_before !== undefined && { not_before }) }
      const said = { finished_at: at, run, state, why, ...more }
      return withAttempt(episode, event.attempt, { ...said, result: resultOf(event) })
    }
    case 'attempt.doubtful':
      return withAttempt(episode, event.attempt, { finished_at: event.at, result: 'doubtful' })
    case 'noted':
      return withNote(episode, event)
    case 'released': {
      if (event.still) return { ...episode, counted_at: event.at }
      const { counted_at: _, ...rest } = episode
      return { ...rest, note: null, released_at: event.at }
    }
    case 'told':
      return event.why === null ? { ...episode, told: event.attempt } : episode
    case 'approved':
      return { ...episode, note: null, approvals: [...episode.approvals, { by: event.by, at: event.at }] }
    case 'ruled':
      return withRule(episode, event)
    case 'closed':
      return { ...episode, closed_at: event.at, closed_why: event.why }
  }
}

function withNote(
  episode: Episode,
  { note, why, at, outage, wanted }: Extract<EpisodeEvent, { type: 'noted' }>,
): Episode {
  const before = wanted && episode.note?.wanted && { since: episode.note.since ?? episode.note.at }
  return { ...episode, note: { note, why, at, ...(outage && { outage }), ...(wanted && { wanted }), ...before } }
}

/** What was approved was the repair by the rule of before. */
function withRule(
  { fault: _, values: __, ...episode }: Episode,
  { alert, rule, fault, values }: Extract<EpisodeEvent, { type: 'ruled' }>,
): Episode {
  const { attempts, note } = episode
  const approvals = episode.approvals.slice(0, attempts.filter(isSpent).length)
  const more = { ...(fault !== undefined && { fault }), ...(values && { values }) }
  return { ...episode, ...more, rule, alert, approvals, note: note?.note === 'asks' ? null : note }
}

/** Whether an attempt counts as made. */
export function isSpent({ result }: Pick<Attempt, 'result'>): boolean {
  return result !== 'held'
}

/** From when on it is seen to: its beginning, or the end of what it was held by. */
export function begunAt({ opened_at, released_at }: Pick<Episode, 'opened_at' | 'released_at'>): string {
  return released_at ?? opened_at
}

/** From when on it counts among the faults that begin at once: what was held by something does once it is seen to fire on without that. */
export function countsFrom(episode: Pick<Episode, 'opened_at' | 'counted_at' | 'alerts'>): string {
  return episode.counted_at !== undefined && isFiring(episode) ? episode.counted_at : episode.opened_at
}

/** Whether one of its alerts fires now. */
export function isFiring(episode: Pick<Episode, 'alerts'>): boolean {
  return Object.values(episode.alerts).some(({ state }) => state === 'firing')
}

/** Whether nothing of it fires, and something of it only because monitoring does not see it any more. */
export function isLost(episode: Pick<Episode, 'alerts'>): boolean {
  return !isFiring(episode) && Object.values(episode.alerts).some(({ state }) => state === 'lost')
}

/** What an alert says of its occurrence. */
export function occurrenceState({ state, lost }: Pick<Alert, 'state' | 'lost'>): Occurrence['state'] {
  return state === 'resolved' && lost !== undefined ? 'lost' : state
}

/** How many different alerts belong to an episode. */
export function occurrencesOf({ alerts, more_alerts = 0 }: Pick<Episode, 'alerts' | 'more_alerts'>): number {
  return Object.keys(alerts).length + more_alerts
}

/** What people read of an episode in one word. */
export function episodeState(episode: Episode): string {
  if (episode.closed_at !== null) return 'closed'
  if (episode.attempts.at(-1)?.result === 'running') return 'repairing'
  if (!isFiring(episode)) return isLost(episode) ? 'lost' : 'clear'
  return episode.note?.note ?? (episode.attempts.at(-1)?.result === 'helped' ? 'repaired' : 'waiting')
}

/** Many at once take no longer than each of them by itself. */
function withAlerts(episode: Episode, told: readonly Occurred[]): Episode {
  const alerts = new Map(Object.entries(episode.alerts))
  let firing = [...alerts.values()].filter(({ state }) => state === 'firing').length
  let spans: Spans = episode
  let more = episode.more_alerts ?? 0
  for (const event of told) {
    const known = alerts.get(alertKey(event.alert))
    const occurrence = occurrenceOf(event, known)
    const wasFiring = firing > 0
    firing += Number(occurrence.state === 'firing') - Number(known?.state === 'firing')
    // Those that were told of last stand last.
    alerts.delete(alertKey(event.alert))
    alerts.set(alertKey(event.alert), occurrence)
    more += Number(event.again === true && known !== undefined)
    spans = spansOf(spans, event, { wasFiring, isFiring: firing > 0 })
  }
  const resolved = [...alerts].filter(([, { state }]) => state !== 'firing')
  const old = resolved.slice(0, Math.max(0, resolved.length - MOST_RESOLVED))
  for (const [key] of old) alerts.delete(key)
  more += old.length
  const { alert, firing_since, clear_since, flaps } = spans
  const now = { ...episode, alerts: Object.fromEntries(alerts), alert, firing_since, clear_since, flaps }
  return more === 0 ? now : { ...now, more_alerts: more }
}

function occurrenceOf({ alert, at, again }: Occurred, known: Occurrence | undefined): Occurrence {
  const state = occurrenceState(alert)
  if (!known || again) return { state, first_at: at, at }
  const place = Math.max(...[known.state, state].map((each) => OCCURRENCE_STATES.indexOf(each)))
  return { state: OCCURRENCE_STATES[place] ?? state, first_at: known.first_at, at }
}

type Spans = Pick<Episode, 'alert' | 'firing_since' | 'clear_since' | 'flaps'>

function spansOf(
  { alert, firing_since, clear_since, flaps }: Spans,
  { alert: said, at }: Occurred,
  { wasFiring, isFiring: isNow }: { readonly wasFiring: boolean; readonly isFiring: boolean },
): Spans {
  if (!isNow) return { alert, firing_since, clear_since: clear_since ?? at, flaps }
  const isFirst = firing_since === null
  return {
    alert: isFirst && alert.state === 'resolved' ? said : alert,
    firing_since: wasFiring ? firing_since : at,
    clear_since: null,
    flaps: flaps + (wasFiring || isFirst ? 0 : 1),
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

function resultOf({ state, looked, unmade }: Extract<EpisodeEvent, { type: 'attempt.finished' }>): Attempt['result'] {
  if (unmade) return 'held'
  if (looked && SEEN.has(state)) return 'looked'
  if (state === 'changed' || state === 'in-sync') return 'helped'
  return state === 'deferred' ? 'held' : 'failed'
}
