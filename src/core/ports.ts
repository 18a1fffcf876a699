import type { RunEvent } from './events.ts'
import type { Result } from './failure.ts'
import type { Secret } from './secret.ts'

export interface SecretSource {
  /** The scheme before the colon: `env`, `file`. */
  readonly name: string
  read(reference: string): Promise<Result<Secret>>
}

/** Receives every event of a run, already masked and journalled. A throw is a bug. */
export interface Reporter {
  /** Of a run that is carried on it gets what happens from then on, and not first what devices have come to until then. */
  readonly onlyNew?: boolean
  event(event: RunEvent): void | Promise<void>
  /** After `run.finished`; flushes. */
  close(): void | Promise<void>
}

/** Time, so that tests own it. */
export interface Clock {
  now(): Date
  /** Milliseconds, monotonic. */
  elapsed(): number
}
