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
