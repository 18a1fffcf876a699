import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/duration.ts'
import { instantsOf, wallTime, zoneOffset } from '../../core/zoned-time.ts'

/** A time as a device tells it. */
export interface DeviceTime {
  /** What its clock shows: milliseconds as if it were UTC. */
  readonly wall: number
  /** By how many minutes it says to be ahead of UTC; most say nothing and mean the time of the store. */
  readonly offsetMinutes?: number
  /** How exact it is told: 1,000 for seconds, 60,000 for minutes, 86,400,000 for days. */
  readonly exactToMs: number
}

const SECOND_MS = 1_000
/** A clock that is not put forward or back in the very moment is not wrong: some wait for their daily report. */
const CHANGE_MS = 3 * HOUR_MS

const SHAPE =
  /^\s*(\d{4})[-./\u2013](\d{1,2})[-./\u2013](\d{1,2})(?:[T ,;:]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?\s*(Z|[+-]\d{1,2}:?\d{2})?)?\s*$/

/**
 * Reads the dates that Polish fiscal printers write: ISO 8601 with an offset or without, a semicolon or comma between
 * date and time, hours of one digit, the day first.
 * @returns undefined for what is no date, and for 2000-01-01, by which they mean that there is none
 */
export function readDeviceTime(text: string | undefined): DeviceTime | undefined {
  const [, year, month, day, hour, minute, second, zone] = SHAPE.exec(yearFirst(text ?? '')) ?? []
  const exactToMs = hour === undefined ? DAY_MS : second === undefined ? MINUTE_MS : SECOND_MS
  const time = deviceTime([year, month, day, hour ?? 0, minute ?? 0, second ?? 0].map(Number), exactToMs)
  if (!time || new Date(time.wall).toISOString().startsWith('2000-01-01')) return undefined
  return zone === undefined ? time : { ...time, offsetMinutes: minutesOf(zone) }
}

function yearFirst(text: string): string {
  return text.replace(/^\s*(\d{1,2})([-./])(\d{1,2})\2(\d{4})(?!\d)/, '$4-$3-$1')
}

/**
 * A time of which a device gives the parts: year, month from 1, day, hour, minute, second.
 * @returns undefined where there is no such day or hour
 */
export function deviceTime(parts: readonly number[], exactToMs: number): DeviceTime | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
  const wall = Date.UTC(year, month - 1, day, hour, minute, second)
  if (Number.isNaN(wall) || year < 2000) return undefined
  const is = new Date(wall)
  const exists = is.getUTCMonth() === month - 1 && is.getUTCDate() === day && is.getUTCHours() === hour
  return exists && minute < 60 && second < 60 ? { wall, exactToMs } : undefined
}

function minutesOf(zone: string): number {
  if (zone === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d{1,2}):?(\d{2})$/.exec(zone) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/**
 * ISO 8601: a day alone as a day, a time with the offset that the device says, or that the store's clocks have. In the
 * hours that they show twice or jump over, it has none: nobody can say which it was.
 */
export function isoOf(time: DeviceTime, timeZone: string): string {
  const text = new Date(time.wall).toISOString().slice(0, 19)
  if (time.exactToMs === DAY_MS) return text.slice(0, 10)
  const offset = time.offsetMinutes ?? offsetOf(time.wall, timeZone)
  return offset === undefined ? text : text + offsetText(offset)
}

function offsetOf(wall: number, timeZone: string): number | undefined {
  const { earliest, latest } = instantsOf(wall, timeZone)
  return earliest === latest && wallTime(earliest, timeZone) === wall ? (wall - earliest) / MINUTE_MS : undefined
}

function offsetText(minutes: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`
}

/**
 * By how many seconds a device's clock is ahead (negative: behind), if it was read within this span of milliseconds since
 * 1970. What can be explained by the time that asking took, by how exact it is told, or by clocks that are just put forward
 * or back, is no skew.
 */
export function skewSeconds(
  time: DeviceTime,
  read: { readonly from: number; readonly to: number },
  timeZone: string,
): number {
  const offsets =
    time.offsetMinutes === undefined
      ? [zoneOffset(read.from - CHANGE_MS, timeZone), zoneOffset(read.from + CHANGE_MS, timeZone)]
      : [time.offsetMinutes * MINUTE_MS]
  const skews = offsets.map((offset) => {
    const shown = time.wall - offset
    if (shown > read.to) return shown - read.to
    return Math.min(0, shown + time.exactToMs - read.from)
  })
  const least = skews.reduce((best, skew) => (Math.abs(skew) < Math.abs(best) ? skew : best))
  return Math.trunc(least / SECOND_MS)
}

/** The instants, in milliseconds since 1970, that a text of `isoOf` may mean; a day lasts until its end. */
export function instantsOfIso(text: string, timeZone: string): { readonly earliest: number; readonly latest: number } {
  const time = readDeviceTime(text)
  if (!time) return { earliest: Number.NaN, latest: Number.NaN }
  if (time.offsetMinutes !== undefined) {
    const instant = time.wall - time.offsetMinutes * MINUTE_MS
    return { earliest: instant, latest: instant }
  }
  if (time.exactToMs !== DAY_MS) return instantsOf(time.wall, timeZone)
  const end = instantsOf(time.wall + DAY_MS, timeZone)
  return { earliest: instantsOf(time.wall, timeZone).earliest, latest: end.latest }
}

/** Clocks further apart than this are not both right. */
export const TRUSTED_SKEW_S = 300

/** Whether a text of `isoOf` tells a time that has not come, however it is taken: then a clock is wrong. */
export function isToCome(text: string, now: Date, timeZone: string): boolean {
  return instantsOfIso(text, timeZone).earliest > now.getTime() + TRUSTED_SKEW_S * SECOND_MS
}
