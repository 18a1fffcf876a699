export interface SpooledJob {
  readonly id: string
  /** Since it was handed in. */
  readonly seconds: number
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

/** In seconds, of the jobs that nobody holds back; undefined when there are none. */
export function oldestOf({ jobs }: SpooledQueue): number | undefined {
  const ages = jobs.filter(({ held }) => !held).map(({ seconds }) => seconds)
  return ages.length > 0 ? Math.max(...ages) : undefined
}

/** CUPS prints to nobody: it waits for the device, and nothing of the job has left. In doubt it prints. */
export function isUnreachable({ reasons, message = '' }: SpooledQueue): boolean {
  if (reasons.some((reason) => /^(offline|connecting-to-device)/.test(reason))) return true
  return /may not exist or is unavailable|not responding|unable to (connect|locate)|host is down|no route to/i.test(
    message,
  )
}
