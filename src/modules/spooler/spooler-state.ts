export interface SpoolerParams {
  readonly queue?: string
  readonly max_age?: string
  readonly max_depth?: number
  readonly restart?: 'never' | 'if-safe'
  readonly protected?: readonly string[]
}

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

export interface SpoolerState {
  readonly running: boolean
  /** Those that the step is about. */
  readonly queues: readonly SpooledQueue[]
  /** All of the device, for what a restart would meet. */
  readonly all: readonly SpooledQueue[]
}

/** In seconds, of the jobs that nobody holds back; undefined when there are none. */
export function oldestOf({ jobs }: SpooledQueue): number | undefined {
  const ages = jobs.filter(({ held }) => !held).map(({ seconds }) => seconds)
  return ages.length > 0 ? Math.max(...ages) : undefined
}

const UNITS_S = { ms: 0.001, s: 1, m: 60, h: 3600 } as const

/** `max_age` in seconds: ten minutes unless told. */
export function maxAgeOf({ max_age: text = '10m' }: SpoolerParams): number {
  let total = 0
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    total += Number(amount) * UNITS_S[unit as keyof typeof UNITS_S]
  }
  return total
}

export function isStuck(queue: SpooledQueue, params: SpoolerParams): boolean {
  const oldest = oldestOf(queue)
  return oldest !== undefined && oldest > maxAgeOf(params)
}

/** The jobs for whose sake a restart is made. */
export function stuckJobs({ queues }: SpoolerState, params: SpoolerParams): readonly string[] {
  const limit = maxAgeOf(params)
  return queues.flatMap(({ jobs }) => jobs.filter(({ held, seconds }) => !held && seconds > limit).map(({ id }) => id))
}

/** Why the spooler may not be restarted; undefined when its jobs are safe. What cannot be told is not safe. */
export function whyNotSafe({ all }: SpoolerState, params: SpoolerParams): string | undefined {
  const kept = all.find(({ name }) => params.protected?.includes(name))
  if (kept) return `queue "${kept.name}" is protected`
  for (const { name, jobs } of all) {
    const printing = jobs.find((job) => job.printing)
    if (printing) return `job ${printing.id} of queue "${name}" is printing`
  }
  return undefined
}
