import { HOUR_MS, MINUTE_MS } from './duration.ts'
import { INCIDENT_CLOCKS, type Incident, type IncidentClock, type ServiceTerms } from './incident.ts'
import { common, gaps, joined, whenReached } from './periods.ts'
import { openPeriods, type Period } from './trading-hours.ts'

/** What is promised where no contract says otherwise, in milliseconds. */
export const DEFAULT_LIMITS_MS: ServiceTerms['limits_ms'] = {
  reaction: 15 * MINUTE_MS,
  diagnosis: HOUR_MS,
  fix: 4 * HOUR_MS,
}

export interface ClockReading {
  readonly clock: IncidentClock
  readonly limit_ms: number
  /** What has run of it, in hours of the contract and without pauses. */
  readonly elapsed_ms: number
  /** `resting`: outside of the hours of the contract. `met`: it has stopped for good, in time or not. */
  readonly state: 'running' | 'resting' | 'paused' | 'met'
  readonly late: boolean
  /** When it runs out or ran out; null where that is not to be foreseen. */
  readonly due_at: string | null
  readonly stopped_at: string | null
}

/** The clocks of an incident at an instant, in milliseconds since 1970. Pure: what happens later changes nothing about it. */
export function readClocks(incident: Incident, now: number): readonly ClockReading[] {
  return INCIDENT_CLOCKS.map((clock) => readClock(incident, clock, now))
}

function readClock(incident: Incident, clock: IncidentClock, now: number): ClockReading {
  const limit_ms = incident.terms.limits_ms[clock]
  const stop = stopOf(incident, clock)
  const opened = Date.parse(incident.opened_at)
  const end = Math.max(opened, stop === null ? now : Math.min(now, Date.parse(stop)))
  const elapsed_ms = lengthOf(counted(incident, { from: opened, to: end }))
  const isMet = stop !== null && Date.parse(stop) <= now
  const due = reaches(incident, limit_ms, isMet ? end : undefined)
  return {
    clock,
    limit_ms,
    elapsed_ms,
    state: isMet ? 'met' : stateAt(incident, now),
    late: elapsed_ms > limit_ms || (!isMet && elapsed_ms >= limit_ms),
    due_at: due === undefined ? null : new Date(due).toISOString(),
    stopped_at: isMet ? stop : null,
  }
}

/** When a clock stopped for good: what is closed needs neither reaction nor diagnosis any more. */
function stopOf(incident: Incident, clock: IncidentClock): string | null {
  const { taken_at, diagnosed_at, cleared_at, closed_at } = incident
  const own = { reaction: taken_at, diagnosis: diagnosed_at, fix: cleared_at }[clock]
  return own ?? closed_at
}

/**
 * When the time of an incident (hours of its contract, without pauses) reaches an amount; undefined while it is paused before
 * that, and where that is not within 400 days. With `until` only what lies before that counts.
 */
export function reaches(incident: Incident, ms: number, until = Number.POSITIVE_INFINITY): number | undefined {
  return whenReached((within) => counted(incident, within), { from: Date.parse(incident.opened_at), ms, until })
}

/** The time of an incident so far. */
export function elapsed(incident: Incident, now: number): number {
  const opened = Date.parse(incident.opened_at)
  return lengthOf(counted(incident, { from: opened, to: Math.max(opened, now) }))
}

function stateAt(incident: Incident, now: number): 'running' | 'resting' | 'paused' {
  const within = { from: now, to: now + 1 }
  if (gaps(breaksOf(incident), within).length === 0) return 'paused'
  return openPeriods(incident.terms.trading, within).length > 0 ? 'running' : 'resting'
}

/** What of a span counts: the hours of the contract, without pauses. */
function counted(incident: Incident, within: Period): readonly Period[] {
  return common(openPeriods(incident.terms.trading, within), gaps(breaksOf(incident), within))
}

function breaksOf({ pauses }: Incident): readonly Period[] {
  const spans = pauses.map(({ from, to }) => ({
    from: Date.parse(from),
    to: to === null ? Number.POSITIVE_INFINITY : Date.parse(to),
  }))
  return joined(spans)
}

function lengthOf(periods: readonly Period[]): number {
  return periods.reduce((sum, { from, to }) => sum + (to - from), 0)
}
