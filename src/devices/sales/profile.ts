import { DAY_MS, MINUTE_MS } from '../../core/duration.ts'
import type { Sample } from '../../core/sample.ts'
import { beginOfTradingDay, openPeriods, type Trading } from '../../core/trading-hours.ts'
import { instantsOf, wallTime } from '../../core/zoned-time.ts'

/** How many receipts a day had had by an instant (milliseconds since 1970). */
export interface Point {
  readonly at: number
  readonly count: number
}

/** The curve of one trading day: points by time, counts that never fall. */
export type DayCurve = readonly Point[]

/** What the same weekdays of the last weeks say about today. */
export interface Profile {
  /** Days on which it rests; those that say nothing about an hour are left out there. */
  readonly weeks: number
  /** How many receipts there usually are between two instants of today; undefined when too few days say. */
  expected(from: number, to: number): number | undefined
}
/** Between two samples further apart than this a curve says nothing. */
const GAP_MS = 90 * MINUTE_MS

/** From when to when samples are wanted, of each of the last weeks. */
export interface PastDay {
  readonly begin: number
  /** Where this day was when today is where it is now. */
  readonly now: number
  readonly until: number
}

/** The same weekday of each of the last weeks; those whose hours were others than today's say nothing and are left out. */
export function pastDays(trading: Trading, now: number, weeks: number): PastDay[] {
  const today = hoursOf(trading, now)
  return Array.from({ length: weeks }, (_, index) => {
    const wall = wallTime(now, trading.time_zone) - 7 * (index + 1) * DAY_MS
    return instantsOf(wall, trading.time_zone).earliest
  })
    .filter((then) => hoursOf(trading, then) === today)
    .map((then) => ({ begin: beginOfTradingDay(trading, then), now: then, until: then + GAP_MS + 1 }))
}

/** The hours of the day that an instant lies in, as its clocks show them. */
function hoursOf(trading: Trading, at: number): string {
  const begin = beginOfTradingDay(trading, at)
  const periods = openPeriods(trading, { from: begin, to: begin + DAY_MS })
  return periods
    .map(({ from, to }) => [from, to].map((end) => wallTime(end, trading.time_zone) % DAY_MS).join())
    .join(';')
}

/** Samples of one trading day as a curve from its begin on. What falls behind an earlier count belongs to another day. */
export function curveOf(begin: number, samples: readonly Sample[]): DayCurve {
  const points: Point[] = [{ at: begin, count: 0 }]
  for (const { at, value } of samples) {
    const time = Date.parse(at)
    const last = points.at(-1)
    if (time > begin && last && value >= last.count) points.push({ at: time, count: value })
  }
  return points
}

/** How many receipts the day had had at an instant, between the points around it; undefined where these are too far apart. */
export function countAt(curve: DayCurve, at: number): number | undefined {
  const after = curve.findIndex((point) => point.at >= at)
  const next = curve[after]
  if (next === undefined) return undefined
  if (next.at === at) return next.count
  const before = curve[after - 1]
  if (before === undefined) return at < next.at ? 0 : undefined
  if (next.at - before.at > GAP_MS) return undefined
  return before.count + ((next.count - before.count) * (at - before.at)) / (next.at - before.at)
}

/** A profile of curves of the past; `fewest` of them have to say something, or it says nothing. */
export function profileOf(
  days: readonly { readonly day: PastDay; readonly curve: DayCurve }[],
  now: number,
  fewest: number,
): Profile {
  const speaking = days.filter(({ curve }) => curve.length > 1)
  return {
    weeks: speaking.length,
    expected(from, to) {
      const said = speaking.flatMap(({ day, curve }) => {
        const [first, last] = [from, to].map((at) => countAt(curve, Math.max(day.begin, at - now + day.now)))
        return first === undefined || last === undefined ? [] : [last - first]
      })
      return said.length < fewest ? undefined : medianOf(said)
    },
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}
