import { DAY_MS } from './duration.ts'

/**
 * Wall clocks of time zones by their IANA names, as the runtime's own zone data has them. A wall time is told in
 * milliseconds as if it were UTC (`Date.UTC(2026, 10, 25, 9, 30)` is half past nine, wherever).
 */

const SECOND = 1000

/** Since then clocks are only changed at quarters of an hour, so that one answer holds for each of them. */
const QUARTERS_SINCE = Date.UTC(1973, 0)
const QUARTER_MS = 900_000
const MOST_OFFSETS = 20_000

const offsets = new Map<string, Map<number, number>>()
const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone)
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    clocks.set(zone, clock)
  }
  return clock
}

/** Whether there is a time zone of this name. */
export function isTimeZone(zone: string): boolean {
  try {
    return clockOf(zone) !== undefined
  } catch {
    return false
  }
}

/** What the clocks of `zone` show at an instant (milliseconds since 1970 in UTC). Throws RangeError for no such zone. */
export function wallTime(instant: number, zone: string): number {
  return instant + zoneOffset(instant, zone)
}

/** The day that the clocks of `zone` show at an instant, as `2026-11-25`. Throws RangeError for no such zone. */
export function localDay(instant: number, zone: string): string {
  return new Date(wallTime(instant, zone)).toISOString().slice(0, 10)
}

/**
 * The wall time of a day (`2026-11-25`) and a time of it (`09:30`; `24:00` is its end), in milliseconds as if it were UTC; undefined
 * for a day that is in no calendar and for what no clock shows.
 */
export function writtenWallTime(day: string, clock: string): number | undefined {
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/.exec(clock) ?? []
  const after = Number(hours) * 60 + Number(minutes)
  const isThere = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day)
  return isThere && Number(minutes) < 60 && after <= 1_440 ? midnight + after * 60_000 : undefined
}

function askedWallTime(instant: number, zone: string): number {
  const whole = Math.floor(instant / SECOND) * SECOND
  const parts: Record<string, number> = {}
  for (const { type, value } of clockOf(zone).formatToParts(whole)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) + (instant - whole)
}

/** By how many milliseconds the clocks of `zone` are ahead of UTC at an instant. */
export function zoneOffset(instant: number, zone: string): number {
  if (instant < QUARTERS_SINCE) return askedWallTime(instant, zone) - instant
  const known = offsets.get(zone) ?? new Map<number, number>()
  if (known.size === 0 || known.size > MOST_OFFSETS) offsets.set(zone, known)
  if (known.size > MOST_OFFSETS) known.clear()
  const quarter = Math.floor(instant / QUARTER_MS)
  let offset = known.get(quarter)
  if (offset === undefined) {
    offset = askedWallTime(quarter * QUARTER_MS, zone) - quarter * QUARTER_MS
    known.set(quarter, offset)
  }
  return offset
}

/**
 * When the clocks of `zone` show a wall time: once as a rule; twice, an hour apart, when they are put back. A time that
 * they jump over is taken for the instant of the jump: they show nothing between.
 */
export function instantsOf(wall: number, zone: string): { readonly earliest: number; readonly latest: number } {
  const before = wall - zoneOffset(wall - DAY_MS, zone)
  const after = wall - zoneOffset(wall + DAY_MS, zone)
  if (before === after) return { earliest: before, latest: before }
  const fitting = [before, after].filter((instant) => wallTime(instant, zone) === wall)
  if (fitting.length > 0) return { earliest: Math.min(...fitting), latest: Math.max(...fitting) }
  const jump = jumpOver(wall, { from: Math.min(before, after), to: Math.max(before, after) }, zone)
  return { earliest: jump, latest: jump }
}

/**
 * How long after the jump a wall time lies that the clocks of `zone` jump over, as those of before would show it (RFC 5545,
 * 3.3.5), in milliseconds; 0 for one that they show.
 */
export function skippedMs(wall: number, zone: string): number {
  const { earliest } = instantsOf(wall, zone)
  return wallTime(earliest, zone) === wall ? 0 : wall - zoneOffset(wall - DAY_MS, zone) - earliest
}

/** The first instant at which the clocks show `wall` or more, to the second. */
function jumpOver(wall: number, within: { readonly from: number; readonly to: number }, zone: string): number {
  let { from, to } = within
  while (to - from > SECOND) {
    const middle = Math.floor((from + to) / 2 / SECOND) * SECOND
    if (middle <= from || middle >= to) break
    if (wallTime(middle, zone) < wall) from = middle
    else to = middle
  }
  return to
}
