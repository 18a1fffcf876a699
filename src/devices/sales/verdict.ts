import { MINUTE_MS } from '../../core/duration.ts'
import { beginOfTradingDay, isOpen, openSeconds, type Trading } from '../../core/trading-hours.ts'
import { countAt, type DayCurve, type Profile } from './profile.ts'

/**
 * `late`: after a silence that the profile does not allow they come again. `never`: none was ever seen, which is not the
 * same as a till that is off. `learning`: too few weeks are known to expect anything.
 */
export const RECEIPTS_CLASSES = [
  'ok',
  'none-since',
  'fewer-than-usual',
  'late',
  'closed',
  'learning',
  'never',
  'unknown',
] as const
export type ReceiptsClass = (typeof RECEIPTS_CLASSES)[number]

/** What was read of receipts; times in milliseconds since 1970. */
export interface ReceiptsReading {
  readonly last?: number | undefined
  /** Since the begin of the trading day; undefined when it could not be counted. */
  readonly count?: number | undefined
  /** There may be more than were counted. */
  readonly partial?: boolean
  /** When each one was made, as far as the source tells. */
  readonly times?: readonly number[]
  /** When what was read was true. Default: now. */
  readonly as_of?: number | undefined
  /** Seconds by which the clock of the source is ahead. */
  readonly skew_seconds?: number | undefined
}

export interface Limits {
  /** Percent below what is usual that are too much. */
  readonly below_percent: number
  /** Receipts that have to be usual in a span before its number says anything. */
  readonly floor: number
  /** Receipts that have to be usual in a silence before it says anything, and the shortest one that does. */
  readonly silence: number
  readonly silence_minutes: number
  /** Trading minutes without a receipt that are too many, whatever is usual. */
  readonly none_minutes?: number | undefined
  readonly stale_minutes: number
}

export const LIMITS: Limits = { below_percent: 40, floor: 50, silence: 8, silence_minutes: 30, stale_minutes: 15 }

export interface Verdict {
  readonly class: ReceiptsClass
  /** For a person. */
  readonly why: string
  readonly begin: number
  /** Trading seconds since the last receipt of this trading day, or since its begin. */
  readonly silence_seconds: number | null
  readonly expected: number | null
  readonly deviation_percent: number | null
  /** The span in which there were too few, with what is usual in it. */
  readonly span?: { readonly from: number; readonly count: number; readonly expected: number }
  readonly late_minutes?: number
  readonly weeks: number
}

export interface Case {
  readonly now: number
  readonly trading: Trading
  readonly reading: ReceiptsReading
  readonly profile: Profile
  /** Today's curve as earlier runs noted it, up to now. */
  readonly today: DayCurve
  readonly limits: Limits
}
/** Clocks further apart than this cannot be told from receipts that are missing. */
const TRUSTED_SKEW_S = 300
/** A span in which a till that begins to fail shows sooner than over the whole day. */
const RECENT_MS = 120 * MINUTE_MS
/** How long it is told that there was a silence. */
const LATE_MS = 60 * MINUTE_MS

/** What the receipts of a till say, by the hours of its store and by what is usual there at this weekday and hour. Pure. */
export function judgeReceipts(given: Case): Verdict {
  const { now, trading, reading, profile } = given
  const begin = beginOfTradingDay(trading, now)
  const expected = profile.expected(begin, now)
  const { count } = reading
  const verdict = (name: ReceiptsClass, why: string, more: Partial<Verdict> = {}): Verdict => ({
    class: name,
    why,
    begin,
    silence_seconds: silenceOf(given, begin),
    expected: expected === undefined ? null : Math.round(expected * 10) / 10,
    deviation_percent: count === undefined || !expected ? null : deviation(count, expected),
    weeks: profile.weeks,
    ...more,
  })
  if (isNever(given)) return verdict('never', 'No receipt was ever seen here.')
  if (!isOpen(trading, now)) return verdict('closed', 'The store is closed.')
  const doubt = doubtOf(given)
  if (doubt !== undefined) return verdict('unknown', doubt, { silence_seconds: null, deviation_percent: null })
  return (
    noneSince(given, begin, verdict) ??
    late(given, begin, verdict) ??
    fewer(given, begin, verdict) ??
    (expected === undefined
      ? verdict('learning', `${profile.weeks} weeks are known of this weekday; too few to expect anything.`)
      : verdict('ok', 'Receipts come as they usually do.'))
  )
}

type Make = (name: ReceiptsClass, why: string, more?: Partial<Verdict>) => Verdict

/** Why nothing can be concluded. */
function doubtOf({ now, reading, limits }: Case): string | undefined {
  const { skew_seconds: skew = 0, as_of = now, last, count } = reading
  if (Math.abs(skew) > TRUSTED_SKEW_S) return `The clock there is ${Math.round(skew)} s off, so its times say nothing.`
  const age = Math.round((now - as_of) / MINUTE_MS)
  if (age > limits.stale_minutes) return `What was read is ${age} min old.`
  if (Math.max(last ?? 0, as_of) > now + TRUSTED_SKEW_S * 1000)
    return 'It tells of a time that is still to come: a clock is wrong.'
  return last === undefined && count === undefined ? 'The source told neither a time nor a number.' : undefined
}

function isNever({ reading, profile, today }: Case): boolean {
  return (
    reading.last === undefined && reading.count === 0 && profile.weeks === 0 && today.every(({ count }) => count === 0)
  )
}

/** From when on there was none: the last receipt, or the begin of the day. */
function silentSince({ reading }: Case, begin: number): number {
  return Math.max(reading.last ?? begin, begin)
}

function silenceOf(given: Case, begin: number): number {
  return Math.round(openSeconds(given.trading, { from: silentSince(given, begin), to: given.now }))
}

function noneSince(given: Case, begin: number, verdict: Make): Verdict | undefined {
  const { now, profile, limits } = given
  const minutes = silenceOf(given, begin) / 60
  const missed = profile.expected(silentSince(given, begin), now)
  const isTooLong = limits.none_minutes !== undefined && minutes > limits.none_minutes
  const isUnusual = missed !== undefined && missed >= limits.silence && minutes >= limits.silence_minutes
  if (!isTooLong && !isUnusual) return undefined
  const usual = missed === undefined ? '' : `; ${Math.round(missed)} are usual in that time`
  return verdict('none-since', `None for ${Math.floor(minutes)} min of trading${usual}.`)
}

function fewer(given: Case, begin: number, verdict: Make): Verdict | undefined {
  const { now, profile, limits, reading } = given
  if (reading.count === undefined || reading.partial) return undefined
  for (const from of [Math.max(begin, now - RECENT_MS), begin]) {
    const count = countSince(given, from, begin)
    const expected = profile.expected(from, now)
    if (count === undefined || expected === undefined || expected < limits.floor) continue
    if (count > expected * (1 - limits.below_percent / 100) + 1e-9) continue
    const why = `${Math.round(count)} where ${Math.round(expected)} are usual: ${-deviation(count, expected)} % fewer.`
    return verdict('fewer-than-usual', why, { span: { from, count: Math.round(count), expected } })
  }
  return undefined
}

function countSince({ reading, today, now }: Case, from: number, begin: number): number | undefined {
  if (reading.times) return reading.times.filter((time) => time >= from && time <= now).length
  const before = from === begin ? 0 : countAt([...today, { at: now, count: reading.count ?? 0 }], from)
  return before === undefined || reading.count === undefined ? undefined : Math.max(0, reading.count - before)
}

/** A silence that ended within the last hour, and that was longer than what is usual allows. */
function late(given: Case, begin: number, verdict: Make): Verdict | undefined {
  const { now, profile, limits, trading } = given
  for (const { from, to } of silences(given, begin)) {
    if (to < now - LATE_MS) continue
    const missed = profile.expected(from, to)
    const minutes = openSeconds(trading, { from, to }) / 60
    if (missed === undefined || missed < limits.silence || minutes < limits.silence_minutes) continue
    const why = `They come again after ${Math.floor(minutes)} min without any; ${Math.round(missed)} are usual in that time.`
    return verdict('late', why, { late_minutes: Math.floor(minutes) })
  }
  return undefined
}

/** Spans of today without a receipt that are over: to the second where times are known, else as far as runs saw it. */
function silences({ reading, today, now }: Case, begin: number): { readonly from: number; readonly to: number }[] {
  if (reading.times) {
    const times = [begin, ...reading.times.filter((time) => time >= begin && time <= now).sort((a, b) => a - b)]
    return times.slice(1).map((to, index) => ({ from: times[index] ?? begin, to }))
  }
  const spans: { from: number; to: number }[] = []
  let from = begin
  let count = 0
  for (const point of [...today, { at: now, count: reading.count ?? 0 }]) {
    if (point.count > count) {
      spans.push({ from, to: Math.max(from, lastSame(today, count) ?? from) })
      from = point.at
      count = point.count
    }
  }
  return spans
}

/** The last time at which earlier runs saw this number. */
function lastSame(today: DayCurve, count: number): number | undefined {
  return today.filter((point) => point.count === count).at(-1)?.at
}

/** By how many percent `count` differs from what is usual: -40 is 40 % fewer. Rounded to tenths. */
function deviation(count: number, expected: number): number {
  return Math.round(((count - expected) / expected) * 1000) / 10
}
