import { bestOf, pointBy, type SalesPoint } from '../core/can-sell.ts'
import type { Bound } from '../core/contract.ts'
import type { Period } from '../core/trading-hours.ts'
import type { Interval } from './fold-device.ts'

/** Intervals of a device with outages as long as a bound makes them; intervals as they are folded are `seen`. */
export function byBound(intervals: readonly Interval[], bound: Bound): readonly Interval[] {
  if (bound === 'seen') return intervals
  const split = bound === 'certain' ? asCertain : asPossible
  const parts = intervals.flatMap((interval, index) => split(interval, intervals[index + 1]))
  return joined(parts.filter(({ from, to }) => from < to))
}

/** What of intervals lies within a period. */
export function cutTo(intervals: readonly Interval[], { from, to }: Period): readonly Interval[] {
  return intervals.flatMap((interval) => {
    if (interval.to <= from || interval.from >= to) return []
    if (interval.from >= from && interval.to <= to) return [interval]
    return [{ ...interval, from: Math.max(from, interval.from), to: Math.min(to, interval.to) }]
  })
}

/** What is not certain stays with whoever would have to pay for it. */
function asCertain(interval: Interval): readonly Interval[] {
  if (interval.state !== 'down') return [interval]
  const { lastBad = interval.to, to } = interval
  return [
    { ...interval, to: lastBad },
    { from: lastBad, to, state: 'up' },
  ]
}

function asPossible(interval: Interval, next: Interval | undefined): readonly Interval[] {
  if (interval.state === 'down') return [{ ...interval, from: interval.earliest ?? interval.from }]
  if (interval.state !== 'up' || next?.state !== 'down') return [interval]
  return [{ ...interval, to: next.earliest ?? interval.to }]
}

function joined(intervals: readonly Interval[]): readonly Interval[] {
  const whole: Interval[] = []
  for (const interval of intervals) {
    const last = whole.at(-1)
    if (last?.state === interval.state && last.to === interval.from)
      whole[whole.length - 1] = { ...last, to: interval.to }
    else whole.push(interval)
  }
  return whole
}

/**
 * Whether a store can sell: one till with a fiscal printer works. All lists cover the same period, by the view `sells`. No
 * sales points: never seen.
 */
export function sellingOf(points: readonly SalesPoint<readonly Interval[]>[], period: Period): Interval[] {
  const lists = points.flatMap(({ till, printers }) => [till, ...printers])
  const times = [...new Set([period.from, ...lists.flatMap((list) => list.map(({ from }) => from))])]
  const places = new Map(lists.map((list) => [list, 0]))
  const found: Interval[] = []
  times.sort((a, b) => a - b)
  const at = (list: readonly Interval[], time: number): Interval | undefined => {
    let place = places.get(list) ?? 0
    while ((list[place]?.to ?? Number.POSITIVE_INFINITY) <= time) place += 1
    places.set(list, place)
    return list[place]
  }
  for (const [index, from] of times.entries()) {
    const to = times[index + 1] ?? period.to
    if (from >= to) continue
    const states = points.map(({ till, printers }) =>
      pointBy({ till: at(till, from), printers: printers.map((printer) => at(printer, from)) }),
    )
    const { state, cause = null, run } = bestOf(states) ?? { state: 'never-seen' }
    const evidence = state === 'down' ? { cause, ...(run !== undefined && { run }) } : {}
    const last = found.at(-1)
    if (last?.state === state) found[found.length - 1] = { ...last, to }
    else found.push({ from, to, state, ...evidence })
  }
  return found
}
