import type { Bound } from '../core/contract.ts'
import type { Period } from '../core/trading-hours.ts'
import type { Availability, Interval } from './fold-device.ts'

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

/** Devices of a store with which one sale is made: a till, and the fiscal printers that it can print on. */
export interface SalesPoint {
  readonly till: readonly Interval[]
  /** Any one of them will do; none: the store has none, and the till sells alone. */
  readonly printers: readonly (readonly Interval[])[]
}

/** Best first: what a store can do is what its best till can. */
const BEST_FIRST: readonly Availability[] = ['up', 'unknown', 'maintenance', 'down', 'never-seen']

/**
 * Whether a store can sell: one till with a fiscal printer works. All lists cover the same period, by the view `sells`. No
 * sales points: never seen.
 */
export function sellingOf(
  points: readonly SalesPoint[],
  period: { readonly from: number; readonly to: number },
): Interval[] {
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
    const states = points.map((point) => pointAt(point, (list) => at(list, from)))
    const best = BEST_FIRST.find((state) => states.some((one) => one?.state === state)) ?? 'never-seen'
    const { cause, run } = states.find((one) => one?.state === best) ?? {}
    const evidence = best === 'down' ? { cause: cause ?? null, ...(run !== undefined && { run }) } : {}
    const last = found.at(-1)
    if (last?.state === best) found[found.length - 1] = { ...last, to }
    else found.push({ from, to, state: best, ...evidence })
  }
  return found
}

/** A till that works with a printer that works; what is down of the two, or not known, makes the point so. */
function pointAt(
  { till, printers }: SalesPoint,
  at: (list: readonly Interval[]) => Interval | undefined,
): Interval | undefined {
  const own = at(till)
  if (printers.length === 0 || own?.state === 'down' || own?.state === 'never-seen') return own
  const each = printers.map(at)
  const best = BEST_FIRST.map((state) => each.find((one) => one?.state === state)).find((one) => one !== undefined)
  // Nobody has ever looked at its printers: that says nothing of them.
  const printer: Interval | undefined = best?.state === 'never-seen' ? { ...best, state: 'unknown' } : best
  if (printer?.state === 'down') return printer
  if (own?.state === 'maintenance' || printer?.state === 'maintenance') return { from: 0, to: 0, state: 'maintenance' }
  return own?.state === 'up' ? printer : own
}
