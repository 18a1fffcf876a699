import { setTimeout as delay } from 'node:timers/promises'

/** How long work waits for monitoring at the most: one that does not answer holds nothing up. */
export const WAIT_MS = 2_000
/** How many silences are ended or renewed at once. */
export const AT_ONCE = 8

/** Whether it is done while work may wait for it; it goes on all the same. */
export async function isDoneInTime(work: Promise<unknown>): Promise<boolean> {
  const waiting = new AbortController()
  const late = delay(WAIT_MS, false, { signal: waiting.signal }).catch(() => false)
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    waiting.abort()
  }
}
