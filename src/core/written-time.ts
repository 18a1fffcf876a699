import { instantsOf } from './zoned-time.ts'

/** How a time is written, and whose clock it is where it says no offset. */
export interface TimeStyle {
  /** IANA name. */
  readonly zone: string
  /** `04/19/2016`: the month comes first. */
  readonly monthFirst?: boolean
  /** Of two instants that a clock shows alike when it is put back, the later one that is not after this. */
  readonly now: number
}

const CLOCK = String.raw`[T ,]\s*(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?`
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:${CLOCK})?$`)
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})([-./])(\d{1,2})[-./](\d{4})(?:${CLOCK})?$`)
const DIGITS = /^(\d{4})(\d\d)(\d\d)[T_-]?(\d\d)(\d\d)(\d\d)$/
/** As Windows' own JSON writes times. */
const DOT_NET = /^\\?\/Date\((\d{12,14})(?:[+-]\d{4})?\)\\?\/$/

/**
 * The instant that a text tells, in milliseconds since 1970; undefined when it is no time. ISO 8601 with and without offset
 * (`T` or a space, comma or point before fractions), `19.04.2016 10:00:00.000`, `19/04/2016`, `20160419100000`, seconds
 * and milliseconds since 1970, `/Date(1461052800000)/`.
 */
export function readTime(text: string, style: TimeStyle): number | undefined {
  const written = text.trim()
  const epoch = /^(\d{10}|\d{13})(?:\.\d+)?$/.exec(written)?.[1] ?? DOT_NET.exec(written)?.[1]
  if (epoch !== undefined) return epoch.length === 10 ? Math.round(Number(written) * 1000) : Number(epoch)
  const digits = DIGITS.exec(written)
  if (digits) return instantOf(digits.slice(1), style)
  const first = YEAR_FIRST.exec(written)
  if (first) return instantOf(first.slice(1), style)
  const last = YEAR_LAST.exec(written)
  if (!last) return undefined
  const [, one, separator, two, year, ...clock] = last
  const monthFirst = style.monthFirst === true && separator === '/'
  return instantOf([year, monthFirst ? one : two, monthFirst ? two : one, ...clock], style)
}

function instantOf(parts: readonly (string | undefined)[], { zone, now }: TimeStyle): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(0, 6)
    .map((part) => Number(part ?? 0))
  const fraction = Number(`0.${parts[6] ?? '0'}`) * 1000
  const wall = Date.UTC(year, month - 1, day, hour, minute, second) + Math.floor(fraction)
  const read = new Date(wall)
  const exists =
    read.getUTCMonth() === month - 1 && read.getUTCDate() === day && hour < 24 && minute < 60 && second < 61
  if (!exists || year < 1970) return undefined
  const offset = parts[7]
  if (offset !== undefined) return wall - offsetMs(offset)
  const { earliest, latest } = instantsOf(wall, zone)
  return latest <= now ? latest : earliest
}

function offsetMs(text: string): number {
  if (text === 'Z') return 0
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
