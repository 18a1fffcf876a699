import type { Availability } from '../core/can-sell.ts'
import { DAY_MS } from '../core/duration.ts'
import { grouped } from '../core/grouped.ts'
import { type DeviceSpans, isOut, REACH, runbooksOf, type Span, saysWell, type View } from '../core/ledger.ts'
import type { Period } from '../core/trading-hours.ts'

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
  /** A till that does not answer is down by `works`, and unknown by `sells`: behind a dead line it sells on. */
  readonly view: View
}

interface Track {
  readonly isReach: boolean
  readonly spans: readonly Span[]
  /** Of the span that the instant lies in or behind; -1 before the first. */
  at: number
  /** For each of its runbooks the other tracks that look by it as well. */
  others: readonly (readonly Track[])[]
}

/**
 * What is kept of a device as intervals over a period. At an instant, in this order: maintenance; never seen; out of order by
 * a look that holds; unknown where no look holds; by the last look, unknown if it could not get there, down if nothing
 * answered; unknown where something was out of order and not looked at again for a week; up by a look that holds; unknown.
 * What runbooks said together holds until all of them have looked again.
 */
export function foldDevice({ spans, seen_at }: Omit<DeviceSpans, 'device'>, options: FoldOptions): Interval[] {
  const { within } = options
  const tracks = tracksOf(spans)
  const intervals: Mutable[] = []
  const points = pointsOf(spans, seen_at, options)
  for (const [index, from] of points.entries()) {
    const to = points[index + 1] ?? within.to
    if (from >= to) continue
    for (const track of tracks) while ((track.spans[track.at + 1]?.first ?? to) <= from) track.at += 1
    const state = plannedAt(from, seen_at, options) ?? stateAt(tracks, from, options)
    add(intervals, { from, to, state }, { tracks, options })
  }
  return intervals
}

type Mutable = { -readonly [K in keyof Interval]: Interval[K] }

/** What is so whatever was found. */
function plannedAt(at: number, seenAt: number | null, { maintenance }: FoldOptions): Availability | undefined {
  if (maintenance.length > 0 && maintenance.some(({ from, to }) => from <= at && at < to)) return 'maintenance'
  return seenAt === null || seenAt > at ? 'never-seen' : undefined
}

function tracksOf(spans: readonly Span[]): Track[] {
  const tracks = [...grouped(spans, ({ track }) => track)].map(([name, list]) => ({
    runbooks: runbooksOf(name),
    track: { isReach: name === REACH, spans: list, at: -1, others: [] } as Track,
  }))
  for (const { track, runbooks } of tracks)
    track.others = runbooks.map((runbook) =>
      tracks.filter((other) => other.track !== track && other.runbooks.includes(runbook)).map((other) => other.track),
    )
  return tracks.map(({ track }) => track)
}

/**
 * Whether all runbooks of a track have looked again since, together or with others. Of a span only its first look and its last
 * are known: of one that goes on over that time the next look lies no further away than a look holds.
 */
function isReplaced({ others }: Track, since: number, at: number, holdMs: number): boolean {
  for (const same of others) {
    let isLater = false
    for (const { spans, at: place } of same) {
      const span = spans[place]
      if (span) isLater ||= span.first > since || (span.last > since && at >= since + holdMs)
    }
    if (!isLater) return false
  }
  return others.length > 0
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

/** The last word of a track before an instant, unless others replace it. */
function wordOf(track: Track, at: number, holdMs: number): Span | undefined {
  const span = track.spans[track.at]
  return span === undefined || isReplaced(track, span.last, at, holdMs) ? undefined : span
}

/** By what its tracks say of an instant: the worst of it. Called for all that ever changed, so it makes no objects. */
function stateAt(tracks: readonly Track[], at: number, { holdMs, view }: FoldOptions): 'up' | 'down' | 'unknown' {
  let [isReached, isWell, isDoubtful] = [false, false, false]
  for (const track of tracks) {
    const { isReach } = track
    const span = wordOf(track, at, holdMs)
    if (span === undefined) continue
    const holds = at < span.last + holdMs
    const isBad = isOut(span.found, view)
    if (isBad && holds) return 'down'
    if (isReach) isReached = holds && span.found === 'answered'
    else if (isBad) isDoubtful ||= at < span.last + DOUBT_MS
    else isWell ||= holds && saysWell(span.found)
  }
  return isReached && isWell && !isDoubtful ? 'up' : 'unknown'
}

function isBlocked(found: Span['found']): boolean {
  return found === 'blocked' || found === 'sale-blocked'
}

/** The last bad look, and the last good one before the first bad one, of the tracks by which a time is down. */
function boundsOf(tracks: readonly Track[], { from, to }: Period, { holdMs, view }: FoldOptions) {
  let first: Span | undefined
  let [earliest, lastBad] = [from, from]
  for (const track of tracks) {
    const span = blamed(track, from, { holdMs, view })
    if (span === undefined) continue
    const before = track.spans[track.at - 1]
    const isGood = before?.found === 'well' || before?.found === 'answered'
    const held = before !== undefined && isGood && span.first === from && before.last + holdMs >= from
    if (first === undefined || (held && before.last < earliest)) first = span
    if (held) earliest = Math.min(earliest, before.last)
    lastBad = Math.max(lastBad, Math.min(span.last, to))
  }
  return { cause: first?.cause ?? null, run: first?.run ?? '', earliest, lastBad }
}

/** The last bad look of a time that is down. */
function lastBadIn(tracks: readonly Track[], { from, to }: Period, { holdMs, view }: FoldOptions): number {
  let latest = Number.NEGATIVE_INFINITY
  for (const track of tracks) {
    const span = blamed(track, from, { holdMs, view })
    if (span) latest = Math.max(latest, Math.min(span.last, to))
  }
  return latest
}

/** The span of a track by which an instant is down. */
function blamed(track: Track, at: number, { holdMs, view }: Pick<FoldOptions, 'holdMs' | 'view'>): Span | undefined {
  const span = wordOf(track, at, holdMs)
  return span && isOut(span.found, view) && at < span.last + holdMs ? span : undefined
}

/** Joins what is the same as before it. When an outage may have begun reaches back over time that was taken for up alone. */
function add(
  intervals: Mutable[],
  next: Mutable,
  of: { readonly tracks: readonly Track[]; readonly options: FoldOptions },
): void {
  const last = intervals.at(-1)
  if (last?.state === next.state) {
    last.to = next.to
    if (last.lastBad !== undefined) last.lastBad = Math.max(last.lastBad, lastBadIn(of.tracks, next, of.options))
    return
  }
  if (next.state === 'down') {
    const { earliest, ...bounds } = boundsOf(of.tracks, next, of.options)
    Object.assign(next, bounds, { earliest: last?.state === 'up' ? Math.max(last.from, earliest) : next.from })
  }
  intervals.push(next)
}
