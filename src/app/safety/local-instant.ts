import { InputError } from '../../core/diagnostic.ts'
import { DAY_MS, parseDuration } from '../../core/duration.ts'
import { instantsOf, wallTime } from '../../core/zoned-time.ts'

const FORMS =
  'It is a length of time (4h), a time of today or tomorrow (18:00), or a day and a time (2026-12-01 18:00), by the clocks of the store.'

/**
 * Milliseconds since 1970 of a time as people write it: a length of time from now, or by the clocks of `zone`. A day alone is its
 * end; without a zone there are only lengths of time. Throws InputError that names `flag`.
 */
export function localInstant(
  text: string,
  { flag, zone, now }: { readonly flag: string; readonly zone: string | undefined; readonly now: number },
): number {
  const length = parseDuration(text)
  if (length !== undefined) return now + length
  const [, day, hours, minutes] = /^(?:(\d{4}-\d{2}-\d{2})(?:[ T]|$))?(?:(\d{2}):(\d{2}))?$/.exec(text) ?? []
  if (day === undefined && hours === undefined) throw usage(`${flag}: "${text}" is no time`, FORMS)
  if (zone === undefined)
    throw usage(
      `${flag}: "${text}" is another time in each zone of these stores`,
      'Write a length of time (4h), or add an outage for each zone.',
    )
  const clock = Number(hours ?? 24) * 60 + Number(minutes ?? 0)
  const midnight = day === undefined ? dayOf(now, zone) : Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight) || clock > 1_440) throw usage(`${flag}: there is no ${text}`, FORMS)
  const { latest } = instantsOf(midnight + clock * 60_000, zone)
  return day === undefined && latest <= now ? instantsOf(midnight + (clock + 1_440) * 60_000, zone).latest : latest
}

function dayOf(now: number, zone: string): number {
  return Math.floor(wallTime(now, zone) / DAY_MS) * DAY_MS
}

function usage(summary: string, detail: string): InputError {
  return new InputError([{ code: 'USAGE_INVALID', severity: 'error', summary, detail }])
}
