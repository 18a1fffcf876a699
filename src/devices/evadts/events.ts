import type { Segment } from './segments.ts'
import { wallTimeIn, wholeIn } from './values.ts'

/** A kind of event, with how often it was (EA2), and when it was last (EA1). */
export interface AuditEvent {
  readonly id: string
  readonly sinceReset?: number
  readonly total?: number
  /** EA205: whether it lasts at the time of the file. */
  readonly isActive?: boolean
  /** Wall time of the machine, as `2026-11-30T09:41:00`. */
  readonly lastAt?: string
}

/** In front of the codes of MA5*ERROR, which are no codes of the standard. */
export const LISTED_ERROR = 'ERROR '
const ERROR_CODE = /^[A-Za-z]{2,4}\d{0,2}$/

/** What the machine says of an event, once for each column, or once for the whole of it. */
type Said = Pick<AuditEvent, 'sinceReset' | 'total' | 'isActive'>

/**
 * Events by EVA DTS 6.1: EA2 has since reset before since start, then a text of the maker, whether it lasts, and for how long. It may
 * come several times for one event, each time with all that is known of it: the last one counts. Behind the segments of a column it is
 * of that column; columns are added up. Machines of Royal Vendors and SandenVendo list what is wrong now as `MA5*ERROR*CC*CJ05`, and
 * leave it out once it is mended.
 */
export function eventsOf(segments: readonly Segment[]): readonly AuditEvent[] {
  const said = new Map<string, Map<string, Said>>()
  let column = ''
  for (const { name, elements } of segments) {
    const [id = ''] = elements
    if (name === 'PA1') column = id
    else if (!/^(PA|EA[12]$)/.test(name)) column = ''
    if (!/^EA[12]$/.test(name) || id === '') continue
    const places = said.get(id) ?? new Map<string, Said>()
    said.set(id, places)
    if (name === 'EA2') places.set(column, saidIn(elements))
  }
  const times = lastTimes(segments)
  const counted = [...said].map(([id, places]) => {
    const lastAt = times.get(id)
    return { id, ...together([...places.values()]), ...(lastAt !== undefined && { lastAt }) }
  })
  return [...counted, ...listedErrors(segments)]
}

function listedErrors(segments: readonly Segment[]): readonly AuditEvent[] {
  const errors = segments.filter(({ name, elements }) => name === 'MA5' && elements[0] === 'ERROR')
  const codes = errors.flatMap(({ elements }) => elements.slice(1).filter((code) => ERROR_CODE.test(code)))
  return [...new Set(codes)].map((code) => ({ id: `${LISTED_ERROR}${code.toUpperCase()}`, isActive: true }))
}

function lastTimes(segments: readonly Segment[]): ReadonlyMap<string, string> {
  const last = new Map<string, string>()
  for (const { name, elements } of segments) {
    const [id = '', date, time] = elements
    const at = name === 'EA1' ? wallTimeIn(date, time) : undefined
    if (at !== undefined && at > (last.get(id) ?? '')) last.set(id, at)
  }
  return last
}

function saidIn([, sinceReset, total, , active = '']: readonly string[]): Said {
  const counts = { sinceReset: wholeIn(sinceReset), total: wholeIn(total) }
  return {
    ...(counts.sinceReset !== undefined && { sinceReset: counts.sinceReset }),
    ...(counts.total !== undefined && { total: counts.total }),
    ...(/^[01]$/.test(active) && { isActive: active === '1' }),
  }
}

function together(places: readonly Said[]): Said {
  const [first = {}, ...others] = places
  return others.reduce<Said>((sum, one) => {
    const sinceReset = added(sum.sinceReset, one.sinceReset)
    const total = added(sum.total, one.total)
    const isActive = sum.isActive === true || one.isActive === true || (sum.isActive ?? one.isActive)
    return {
      ...(sinceReset !== undefined && { sinceReset }),
      ...(total !== undefined && { total }),
      ...(isActive !== undefined && { isActive }),
    }
  }, first)
}

function added(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0)
}
