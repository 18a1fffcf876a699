import { HOUR_MS, MINUTE_MS } from './duration.ts'

/** So far clocks of servers may be apart; what is dated further ahead was written while one was wrong, and gives way to what comes later. */
export const MOST_AHEAD_MS = MINUTE_MS

/** No process claims anything for as long: what ends later was written while the clock was ahead. */
const LONGER_THAN_ANY_CLAIM_MS = HOUR_MS

/** Whether what was claimed by the time of day still is; both in milliseconds since 1970. */
export function isClaimed(until: number, now: number): boolean {
  return until > now && until < now + LONGER_THAN_ANY_CLAIM_MS
}

/** Whether something was seen no longer than so long ago; what is dated further ahead than clocks are apart tells nothing. */
export function wasWithin(ms: number, { at, now }: { readonly at: number; readonly now: number }): boolean {
  return now - at < ms && at - now <= MOST_AHEAD_MS
}

/** Said to last for some time from a moment on. */
interface Said {
  readonly from: number
  readonly until: number
  /** Where a length of time was said, from the moment of saying. */
  readonly lasts?: number
}

/** What was said to last for some time while a clock was ahead lasts so long from now on; the same where none was. */
export function timely<One extends Said>(all: readonly One[], now: number): readonly One[] {
  const isAhead = ({ from, lasts }: One): boolean => lasts !== undefined && from - now > MOST_AHEAD_MS
  if (!all.some(isAhead)) return all
  return all.map((one) => (isAhead(one) ? { ...one, from: now, until: now + (one.lasts ?? 0) } : one))
}
