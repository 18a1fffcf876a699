import { DAY_MS, MINUTE_MS } from './duration.ts'
import type { TradingHours } from './fleet.ts'
import { instantsOf, wallTime } from './zoned-time.ts'

/** When a store trades: its hours and the zone of its clocks. */
export interface Trading {
  readonly hours: TradingHours
  /** IANA name. */
  readonly time_zone: string
}

/** From when to when, in milliseconds since 1970 in UTC; `to` is no longer part of it. */
export interface Period {
  readonly from: number
  readonly to: number
}
/** Week days as `Date.getUTCDay` counts them. */
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
/** How far an opening is looked for: past the longest holidays, and an end for stores that never open. */
const HORIZON_DAYS = 40

/** Whether the store trades at an instant. */
export function isOpen(trading: Trading, at: number): boolean {
  return openPeriods(trading, { from: at, to: at + 1 }).length > 0
}

/** Seconds of trading between two instants; 0 when they are the wrong way round. */
export function openSeconds(trading: Trading, between: Period): number {
  return openPeriods(trading, between).reduce((sum, { from, to }) => sum + (to - from), 0) / 1000
}

/** The trading within a period, cut to it, in order; what touches is one. */
export function openPeriods(trading: Trading, within: Period): Period[] {
  if (within.to <= within.from) return []
  const found: Period[] = []
  const last = dayOf(wallTime(within.to, trading.time_zone))
  // What began the day before may run past midnight.
  for (let day = dayOf(wallTime(within.from, trading.time_zone)) - DAY_MS; day <= last; day += DAY_MS) {
    for (const span of spansOf(trading, day)) {
      const from = Math.max(span.from, within.from)
      const to = Math.min(span.to, within.to)
      if (from < to) found.push({ from, to })
    }
  }
  return joined(found)
}

/**
 * The trading around an instant: the period that it lies in, or else the one before it and the one after it. Open
 * ends (`opened` or `closes` absent) are further away than 40 days: a store that never closes, or never opens.
 */
export function tradingAround(
  trading: Trading,
  at: number,
): { readonly open: boolean; readonly opened?: number; readonly closes?: number; readonly opens?: number } {
  const horizon = { from: at - HORIZON_DAYS * DAY_MS, to: at + HORIZON_DAYS * DAY_MS }
  const periods = openPeriods(trading, horizon)
  const now = periods.find(({ from, to }) => from <= at && at < to)
  const latest = now ?? periods.filter(({ to }) => to <= at).at(-1)
  const next = now ? undefined : periods.find(({ from }) => from > at)
  return {
    open: now !== undefined,
    ...(latest && latest.from > horizon.from && { opened: latest.from }),
    ...(latest && latest.to < horizon.to && { closes: latest.to }),
    ...(next && { opens: next.from }),
  }
}

/**
 * When the trading day began that an instant lies in: at the opening, or for stores that were open longer than a day, and
 * for those that are closed all day, at the last midnight of their clocks.
 */
export function beginOfTradingDay(trading: Trading, at: number): number {
  const midnight = instantsOf(dayOf(wallTime(at, trading.time_zone)), trading.time_zone).earliest
  const now = openPeriods(trading, { from: at - DAY_MS, to: at + 1 }).at(-1)
  if (now === undefined || now.from === at - DAY_MS) return midnight
  if (now.to > at) return now.from
  // Closed: the whole day counts, from its first opening on.
  return openPeriods(trading, { from: midnight, to: at }).at(0)?.from ?? midnight
}

function dayOf(wall: number): number {
  return Math.floor(wall / DAY_MS) * DAY_MS
}

/** The spans that begin on a day (its midnight as a wall time), as instants. */
function spansOf({ hours, time_zone }: Trading, day: number): Period[] {
  const date = new Date(day)
  const written = hours.exceptions[date.toISOString().slice(0, 10)] ?? hours.week[DAYS[date.getUTCDay()] ?? 'mon']
  return written.map((text) => {
    const { start, end } = minutesOf(text)
    // An hour that the clocks show twice is traded in twice.
    return {
      from: instantsOf(day + start * MINUTE_MS, time_zone).earliest,
      to: instantsOf(day + end * MINUTE_MS, time_zone).latest,
    }
  })
}

/** `22:00-02:00` in minutes from midnight: an end that is not behind the start lies on the next day. */
function minutesOf(text: string): { readonly start: number; readonly end: number } {
  const [startHour = 0, startMinute = 0, endHour = 0, endMinute = 0] = text.split(/[:-]/).map(Number)
  const start = startHour * 60 + startMinute
  const end = endHour * 60 + endMinute
  return { start, end: end <= start ? end + 1440 : end }
}

function joined(periods: Period[]): Period[] {
  const whole: Period[] = []
  for (const { from, to } of periods.sort((a, b) => a.from - b.from)) {
    const last = whole.at(-1)
    if (last && from <= last.to) whole[whole.length - 1] = { from: last.from, to: Math.max(last.to, to) }
    else whole.push({ from, to })
  }
  return whole
}
