import { usageError } from '../../core/diagnostic.ts'
import { DAY_MS, parseDuration } from '../../core/duration.ts'
import { instantsOf, localDay, writtenWallTime } from '../../core/zoned-time.ts'

const FORMS =
  'It is a length of time (4h), a time of today or tomorrow (18:00), or a day and a time (2026-12-01 18:00), by the clocks of the store.'

interface Written {
  /** Names it in errors. */
  readonly flag: string
  readonly zone: string | undefined
  /** Lengths of time are counted from there, and a time without a day is the next one after it. */
  readonly after: number
  /** What a day alone is; default: its end. */
  readonly day?: 'beginning' | 'end'
}

/** Whether it is said how long, and not until when. */
export function isLength(text: string): boolean {
  return parseDuration(text) !== undefined
}

/**
 * Milliseconds since 1970 of a time as people write it: a length of time, or by the clocks of `zone`; without a zone there are only
 * lengths of time. Throws InputError that names `flag`.
 */
export function localInstant(text: string, { flag, zone, after, day: whole = 'end' }: Written): number {
  const length = parseDuration(text)
  if (length !== undefined) return after + length
  const [, day, clock] = /^(?:(\d{4}-\d{2}-\d{2})(?:[ T]|$))?(\d{2}:\d{2})?$/.exec(text) ?? []
  if (day === undefined && clock === undefined) throw usageError(`${flag}: "${text}" is no time`, FORMS)
  if (zone === undefined)
    throw usageError(
      `${flag}: "${text}" is another time in each zone of these stores`,
      'Write a length of time (4h), or add an outage for each zone.',
    )
  const wall = writtenWallTime(day ?? localDay(after, zone), clock ?? (whole === 'end' ? '24:00' : '00:00'))
  if (wall === undefined) throw usageError(`${flag}: there is no ${text}`, FORMS)
  const { latest } = instantsOf(wall, zone)
  return day === undefined && latest <= after ? instantsOf(wall + DAY_MS, zone).latest : latest
}
