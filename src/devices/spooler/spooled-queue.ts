export interface SpooledJob {
  readonly id: string
  /** Since it was handed in; absent: what the spooler says of that cannot be. */
  readonly seconds?: number
  /** Somebody holds it back: it waits on purpose. */
  readonly held: boolean
  /** Its bytes are on the way to the printer, as far as can be told. */
  readonly printing: boolean
}

export interface SpooledQueue {
  readonly name: string
  readonly state: 'idle' | 'printing' | 'stopped'
  readonly accepting: boolean
  /** In the words of the spooler. */
  readonly reasons: readonly string[]
  readonly message?: string
  readonly jobs: readonly SpooledJob[]
}

/** The queues of a machine; none are known while its spooler does not run. */
export interface SpooledQueues {
  readonly running: boolean
  readonly queues: readonly SpooledQueue[]
}

/** In seconds, of the jobs that nobody holds back; undefined when there are none whose age can be told. */
export function oldestOf({ jobs }: SpooledQueue): number | undefined {
  const ages = jobs.flatMap(({ held, seconds }) => (held || seconds === undefined ? [] : [seconds]))
  return ages.length > 0 ? Math.max(...ages) : undefined
}

/** What the backends of CUPS say while they cannot get to the printer: nothing of the job has left. */
const AWAY =
  /may not exist or is unavailable|unreachable at this time|not responding|unable to (connect|locate)|host is down|no route to/i
/** The same while they try, or the printer refuses them: for a moment in the life of every job, or for good. */
const TRYING =
  /connecting to printer|looking for printer|printer is (in use|busy)|is busy, will retry|to become available/i
/** Whoever refuses for that long is not busy with somebody else. */
const REFUSES_AFTER_S = 60

/** Both, as an extended regular expression for `grep -i`. */
export const SENT_NOTHING = `${AWAY.source}|${TRYING.source}`

/**
 * Nothing of its job has left: CUPS calls it printing, and it is safe to restart. By the words of the backend alone, since
 * the reasons are `none` whatever becomes of the connection. In doubt it prints.
 */
export function hasSentNothing({ reasons, message = '' }: SpooledQueue): boolean {
  return reasons.some((reason) => NO_CONNECTION.test(reason)) || AWAY.test(message) || TRYING.test(message)
}
const NO_CONNECTION = /^(offline|connecting-to-device)/

/** Its printer cannot be reached, or has refused for a minute. */
export function isUnreachable(queue: SpooledQueue): boolean {
  const { reasons, message = '' } = queue
  if (reasons.some((reason) => reason.startsWith('offline')) || AWAY.test(message)) return true
  const isTrying = TRYING.test(message) || reasons.some((reason) => NO_CONNECTION.test(reason))
  return isTrying && isLongRefused(oldestOf(queue))
}

/** Whether a job waits too long for one that only tries to connect. */
export function isLongRefused(oldestSeconds: number | undefined): boolean {
  return oldestSeconds !== undefined && oldestSeconds >= REFUSES_AFTER_S
}

/** As `isUnreachable`, of a server that was asked for its queue over IPP. */
export function saysUnreachable(message: string, oldestSeconds: number | undefined): boolean {
  return (AWAY.test(message) || TRYING.test(message)) && isLongRefused(oldestSeconds)
}
