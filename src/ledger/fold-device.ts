import { DAY_MS } from '../core/duration.ts'
import { type DeviceSpans, REACH, type Span } from '../core/ledger.ts'
import type { Period } from '../core/trading-hours.ts'

export type Availability = 'up' | 'down' | 'unknown' | 'maintenance' | 'never-seen'

/** A time in which a device, or the selling of a store, was in one state; those of a period follow each other without gaps. */
export interface Interval extends Period {
  readonly state: Availability
  /** Of `down`: the fault, or the code of the failure, that was found first. */
  readonly cause?: string | null
  /** Of `down`: the run that found it first. */
  readonly run?: string
  /** Of `down`: the last good look before, where it still held; `from` is the first bad one. */
  readonly earliest?: number
  /** Of `down`: the last bad look; `to` is the first good one, or when the last bad one held no longer. */
  readonly lastBad?: number
}

/** So long is what was found out of order, and was not looked at again, not taken for well. */
export const DOUBT_MS = 7 * DAY_MS

export interface FoldOptions {
  readonly within: Period
  /** How long a look holds, in milliseconds. */
  readonly holdMs: number
  /** In order and apart. */
  readonly maintenance: readonly Period[]
  /**
   * `works`: whether the device does its work; what does not answer is down. `sells`: whether a sale is possible with it; a till
   * that does not answer behind a dead line sells on, so that this is unknown.
   */
  readonly view: 'works' | 'sells'
}

interface Track {
  readonly isReach: boolean
  readonly spans: readonly Span[]
  /** Of the span that the instant lies in or behind; -1 before the first. */
  at: number
}

/**
 * What is kept of a device as intervals over a period. At an instant, in this order: maintenance; never seen; out of order by
 * a look that holds; unknown where no look holds; by the last look, unknown if it could not get there, down if nothing
 * answered; unknown where something was out of order and not looked at again for a week; up by a look that holds; unknown.
 */
export function foldDevice({ spans, seen_at }: Omit<DeviceSpans, 'device'>, options: FoldOptions): Interval[] {
  const { within } = options
  const tracks = tracksOf(spans)
  const intervals: Interval[] = []
  const points = pointsOf(spans, seen_at, options)
  for (const [index, from] of points.entries()) {
    const to = points[index + 1] ?? within.to
    if (from >= to) continue
    for (const track of tracks) while ((track.spans[track.at + 1]?.first ?? to) <= from) track.at += 1
    add(intervals, stateAt(tracks, { from, to }, { seenAt: seen_at, options }))
  }
  return intervals
}

function tracksOf(spans: readonly Span[]): Track[] {
  const byName = new Map<string, Span[]>()
  for (const span of spans) {
    const list = byName.get(span.track)
    if (list) list.push(span)
    else byName.set(span.track, [span])
  }
  return [...byName].map(([name, list]) => ({ isReach: name === REACH, spans: list, at: -1 }))
}

/** Where the state can change, in order; the first is the beginning of the period. */
function pointsOf(
  spans: readonly Span[],
  seenAt: number | null,
  { within, holdMs, maintenance }: FoldOptions,
): number[] {
  const all = [within.from]
  const add = (at: number): void => {
    if (at > within.from && at < within.to) all.push(at)
  }
  for (const { first, last, found } of spans) {
    add(first)
    add(last + holdMs)
    if (isBlocked(found)) add(last + Math.max(DOUBT_MS, holdMs))
  }
  for (const { from, to } of maintenance) {
    add(from)
    add(to)
  }
  if (seenAt !== null) add(seenAt)
  return all.sort((a, b) => a - b)
}

function stateAt(
  tracks: readonly Track[],
  period: Period,
  { seenAt, options }: { readonly seenAt: number | null; readonly options: FoldOptions },
): Interval {
  const { from } = period
  if (options.maintenance.some((one) => one.from <= from && from < one.to)) return { ...period, state: 'maintenance' }
  if (seenAt === null || seenAt > from) return { ...period, state: 'never-seen' }
  let worst: Interval | undefined
  let word: 'up' | 'unknown' | undefined
  for (const track of tracks) {
    const said = sayingOf(track, period, options)
    if (typeof said === 'object') worst = worseOf(worst, said)
    else if (said === 'unknown') word = 'unknown'
    else word ??= said
  }
  return worst ?? { ...period, state: word === 'up' && isReached(tracks, from, options.holdMs) ? 'up' : 'unknown' }
}

/** What a track says of a time in which nothing changes; nothing where its last look holds no longer. */
function sayingOf(
  track: Track,
  period: Period,
  { holdMs, view }: FoldOptions,
): Interval | 'up' | 'unknown' | undefined {
  const span = track.spans[track.at]
  if (span === undefined) return undefined
  const holds = period.from < span.last + holdMs
  if (isBad(span.found, view)) {
    if (holds) return downBy(track, span, { period, holdMs })
    return !track.isReach && period.from < span.last + DOUBT_MS ? 'unknown' : undefined
  }
  return holds && !track.isReach && span.found !== 'blind' ? 'up' : undefined
}

function isReached(tracks: readonly Track[], at: number, holdMs: number): boolean {
  const reach = tracks.find(({ isReach }) => isReach)
  const span = reach?.spans[reach.at]
  return span?.found === 'answered' && at < span.last + holdMs
}

function isBad(found: Span['found'], view: FoldOptions['view']): boolean {
  return found === 'sale-blocked' || (view === 'works' && (found === 'away' || found === 'blocked'))
}

function isBlocked(found: Span['found']): boolean {
  return found === 'blocked' || found === 'sale-blocked'
}

function downBy(track: Track, span: Span, of: { readonly period: Period; readonly holdMs: number }): Interval {
  const { period, holdMs } = of
  const before = track.spans[track.at - 1]
  const isGood = before !== undefined && (before.found === 'well' || before.found === 'answered')
  const held = isGood && span.first === period.from && before.last + holdMs >= span.first
  return {
    ...period,
    state: 'down',
    cause: span.cause,
    run: span.run,
    earliest: held ? before.last : period.from,
    lastBad: Math.min(span.last, period.to),
  }
}

function worseOf(one: Interval | undefined, other: Interval): Interval {
  if (one === undefined) return other
  const lastBad = Math.max(one.lastBad ?? 0, other.lastBad ?? 0)
  const first = (other.earliest ?? 0) < (one.earliest ?? 0) ? other : one
  return { ...first, lastBad }
}

/** Joins what is the same as before it. When an outage may have begun reaches back over time that was taken for up alone. */
function add(intervals: Interval[], next: Interval): void {
  const last = intervals.at(-1)
  if (last?.state === next.state) {
    const { lastBad = next.lastBad } = last
    const end = next.lastBad === undefined || lastBad === undefined ? {} : { lastBad: Math.max(lastBad, next.lastBad) }
    intervals[intervals.length - 1] = { ...last, to: next.to, ...end }
  } else if (next.earliest === undefined || next.lastBad === undefined) intervals.push(next)
  else {
    const earliest = last?.state === 'up' ? Math.max(last.from, next.earliest) : next.from
    intervals.push({ ...next, earliest, lastBad: Math.max(next.from, next.lastBad) })
  }
}
