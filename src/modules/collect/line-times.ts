import { DAY_MS, MINUTE_MS } from '../../core/duration.ts'

/** When a device says that it is now, and by how many minutes its clock is ahead of UTC. */
export interface DeviceNow {
  readonly seconds: number
  readonly offsetMinutes: number
}

/** Times stand at the beginnings of lines, behind an address or a level at most. */
const LOOKED_AT = 80

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)'
/**
 * Only what is a zone: Zabbix agent 2 (6.0) writes `2026/12/01 01:52:07.069095 Zabbix Agent2 hostname: [pos1]`, and a till
 * `01:52:07 -1250 PLN`. PostgreSQL and programs in containers write `UTC` behind the time.
 */
const ZONE = '(?: ?(Z|UTC|GMT|[+-](?:0\\d|1[0-4]):?(?:00|15|30|45))\\b)?'
/** `2026-12-01T01:52:07.123Z`, with blanks, slashes or no zone, too. */
const ISO = new RegExp(`(\\d{4})[-/.](\\d\\d)[-/.](\\d\\d)[T _]${TIME}(?:[.,]\\d+)?${ZONE}`)
/** `  1234:20261201:015207.123 item became not supported` of zabbix_agentd, its server and proxies. */
const ZABBIX = /^ *\d+:(\d{4})(\d\d)(\d\d):(\d\d)(\d\d)(\d\d)\.\d{3} /
/** `01.12.2026 01:52:07`. */
const EUROPEAN = new RegExp(`(\\d\\d)[.-](\\d\\d)[.-](\\d{4}),? ${TIME}`)
/** `01/Dec/2026:01:52:07 +0100` of web servers. */
const WEB = new RegExp(`(\\d\\d)/([A-Z][a-z]{2})/(\\d{4}):${TIME} ([+-]\\d{4})`)
/** `Dec  1 01:52:07` of syslog (RFC 3164). */
const SYSLOG = new RegExp(`([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME}`)

/** When a line says that it was written, in milliseconds since 1970; undefined where it says none that is known. */
export function timeOfLine(line: string, now: DeviceNow): number | undefined {
  const head = line.slice(0, LOOKED_AT)
  const iso = ISO.exec(head)
  if (iso) return at(iso, [1, 2, 3], 4, zoneOf(iso[7], now))
  const zabbix = ZABBIX.exec(head)
  if (zabbix) return at(zabbix, [1, 2, 3], 4, now.offsetMinutes)
  const european = EUROPEAN.exec(head)
  if (european) return at(european, [3, 2, 1], 4, now.offsetMinutes)
  const web = WEB.exec(head)
  if (web) return at(web, [3, 2, 1], 4, zoneOf(web[7], now))
  const syslog = SYSLOG.exec(head)
  return syslog ? withoutYear(syslog, now) : undefined
}

/** Of these years one has a 29 February, except around 1900 and 2100. */
const YEARS = 5

/** A year is not written: it is the latest in which the line is not of days to come. A clock may be ahead by a day. */
function withoutYear(found: RegExpExecArray, now: DeviceNow): number | undefined {
  const latest = now.seconds * 1000 + DAY_MS
  const year = new Date(latest + now.offsetMinutes * MINUTE_MS).getUTCFullYear()
  const [, , written] = found
  for (let back = 0; back < YEARS; back++) {
    const full = [...found] as unknown as RegExpExecArray
    full.push(String(year - back))
    const time = at(full, [6, 1, 2], 3, now.offsetMinutes)
    if (time === undefined) return undefined
    const isThatDay = new Date(time + now.offsetMinutes * MINUTE_MS).getUTCDate() === Number(written)
    if (isThatDay && time <= latest) return time
  }
  return undefined
}

function at(
  found: RegExpExecArray,
  [year, month, day]: readonly [number, number, number],
  hour: number,
  offsetMinutes: number,
): number | undefined {
  const number = (index: number): number => Number(found[index])
  const name = MONTHS.indexOf((found[month] ?? '').toLowerCase())
  const zeroMonth = name >= 0 ? name : number(month) - 1
  const time = Date.UTC(number(year), zeroMonth, number(day), number(hour), number(hour + 1), number(hour + 2))
  return Number.isNaN(time) ? undefined : time - offsetMinutes * MINUTE_MS
}

function zoneOf(zone: string | undefined, now: DeviceNow): number {
  return zone === undefined ? now.offsetMinutes : offsetOf(zone)
}

/** Minutes of `+0100`, `-05:30`; none for `Z`, `UTC` and `GMT`. */
export function offsetOf(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? []
  return hours === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/**
 * The lines from the first one that was written at `sinceMs` or later; those without a time belong to the one before. Undefined where
 * no line says a time.
 */
export function linesSince(lines: readonly string[], sinceMs: number, now: DeviceNow): readonly string[] | undefined {
  let isTold = false
  for (const [index, line] of lines.entries()) {
    const time = timeOfLine(line, now)
    if (time === undefined) continue
    // What stands before the first time may be of an entry that began earlier.
    if (time >= sinceMs) return isTold ? lines.slice(index) : lines
    isTold = true
  }
  return isTold ? [] : undefined
}
