import { MINUTE_MS } from './duration.ts'

/** So far clocks of servers may be apart; what is dated further ahead was written while one was wrong, and gives way to what comes later. */
export const MOST_AHEAD_MS = MINUTE_MS
