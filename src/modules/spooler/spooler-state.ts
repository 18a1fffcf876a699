import { parseDuration } from '../../core/duration.ts'
import { oldestOf, type SpooledQueue } from '../../devices/spooler/spooled-queue.ts'

export interface SpoolerParams {
  readonly queue?: string
  readonly max_age?: string
  readonly max_depth?: number
  readonly restart?: 'never' | 'if-safe'
  readonly protected?: readonly string[]
}

export interface SpoolerState {
  readonly running: boolean
  /** Those that the step is about. */
  readonly queues: readonly SpooledQueue[]
  /** All of the device, for what a restart would meet. */
  readonly all: readonly SpooledQueue[]
}

/** `max_age` in seconds. Default: ten minutes. */
export function maxAgeOf({ max_age: text = '10m' }: SpoolerParams): number {
  return (parseDuration(text) ?? 0) / 1000
}

export function isStuck(queue: SpooledQueue, params: SpoolerParams): boolean {
  const oldest = oldestOf(queue)
  return oldest !== undefined && oldest > maxAgeOf(params)
}

/** A job that somebody waits for and whose age cannot be told. */
export function ageless({ queues }: SpoolerState): { readonly queue: string; readonly id: string } | undefined {
  for (const { name, jobs } of queues) {
    const job = jobs.find(({ held, seconds }) => !held && seconds === undefined)
    if (job) return { queue: name, id: job.id }
  }
  return undefined
}

/** The jobs for whose sake a restart is made. */
export function stuckJobs({ queues }: SpoolerState, params: SpoolerParams): readonly string[] {
  const limit = maxAgeOf(params)
  return queues.flatMap(({ jobs }) =>
    jobs.filter(({ held, seconds }) => !held && (seconds ?? 0) > limit).map(({ id }) => id),
  )
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
