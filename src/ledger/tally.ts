import type { Availability } from '../core/can-sell.ts'
import { common } from '../core/periods.ts'
import type { Period } from '../core/trading-hours.ts'
import type { Interval } from './fold-device.ts'

/** A time out of order within the hours that count. */
export interface Outage extends Period {
  /** Milliseconds of it that count. */
  readonly countedMs: number
  readonly cause: string | null
  readonly run: string | null
}

export interface Tally {
  /** Milliseconds in each state, within the hours that count. */
  readonly ms: Readonly<Record<Availability, number>>
  readonly outages: readonly Outage[]
}

/** What intervals come to within hours, which are in order and apart. */
export function tallyOf(intervals: readonly Interval[], hours: readonly Period[]): Tally {
  const ms: Record<Availability, number> = { up: 0, down: 0, unknown: 0, maintenance: 0, 'never-seen': 0 }
  const outages: Outage[] = []
  let first = 0
  for (const interval of intervals) {
    while ((hours[first]?.to ?? Number.POSITIVE_INFINITY) <= interval.from) first += 1
    let countedMs = 0
    for (let index = first; index < hours.length; index += 1) {
      const { from, to } = hours[index] as Period
      if (from >= interval.to) break
      countedMs += Math.min(to, interval.to) - Math.max(from, interval.from)
    }
    ms[interval.state] += countedMs
    if (interval.state === 'down' && countedMs > 0) {
      const { from, to, cause = null, run = null } = interval
      outages.push({ from, to, countedMs, cause, run })
    }
  }
  return { ms, outages }
}

/** Of what is known: 0 to 1; null where nothing is. */
export function shareUp(ms: Tally['ms']): number | null {
  return ms.up + ms.down > 0 ? ms.up / (ms.up + ms.down) : null
}

/** How much of the hours is known, without maintenance and what was never seen: 0 to 1; null where there are none. */
export function shareKnown(ms: Tally['ms']): number | null {
  const asked = ms.up + ms.down + ms.unknown
  return asked > 0 ? (ms.up + ms.down) / asked : null
}

/** The times of one state within hours. */
export function timesOf(
  intervals: readonly Interval[],
  state: Availability,
  hours: readonly Period[],
): readonly Period[] {
  return common(
    intervals.filter((interval) => interval.state === state),
    hours,
  )
}
