import type { Failure } from '../../core/failure.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { StepDone } from './steps-done.ts'

/** The session was lost; `changing` while a change was under way, `answered` when the device had answered before. */
export interface Lost {
  readonly failure: Failure
  readonly changing: boolean
  readonly answered: boolean
}

/** How a runbook ended on a device. */
export interface WalkEnd {
  readonly steps: readonly StepDone[]
  readonly lost?: Lost
  readonly cancelled?: boolean
  /** Safety has put off its first change. */
  readonly deferred?: DeviceOutcome
}
