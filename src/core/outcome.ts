import type { Change } from './change.ts'
import type { Failure } from './failure.ts'
import type { JsonValue } from './json.ts'
import type { Marks, NewSample } from './sample.ts'

export const STEP_STATES = ['ok', 'drifted', 'changed', 'failed', 'skipped', 'unknown'] as const
export type StepState = (typeof STEP_STATES)[number]

export const DEVICE_STATES = [
  'in-sync',
  'drifted',
  'changed',
  'failed',
  'unreachable',
  'deferred',
  'cancelled',
  'indeterminate',
] as const
export type DeviceState = (typeof DEVICE_STATES)[number]

/** How one step ended on one device. */
export interface StepOutcome {
  readonly state: StepState
  /** Field by field: what differs (drifted), or what was made different (changed). */
  readonly changes?: readonly Change[]
  readonly failure?: Failure
  /** Why a step was skipped or is unknown. */
  readonly reason?: string
  /** What was read, as later steps and `classify` see it in `steps.<id>.value`. */
  readonly value?: JsonValue
  /** What was noted for later runs. */
  readonly samples?: readonly NewSample[]
  readonly marks?: Marks
}

/** The verdict of a runbook's `classify` table. */
export interface Classification {
  readonly fault: string
  /** What lies behind it, such as `paper-out` behind `sale-blocked`. */
  readonly cause?: string
  readonly severity: string
  readonly owner?: string
  readonly remedy?: string
  /** What is at fault where it is not the device itself, such as `link of PL-0001`: what several devices may have in common. */
  readonly about?: string
}

/** How a device ended. `failure` says why for failed, unreachable, deferred, cancelled and indeterminate. */
export interface DeviceOutcome {
  readonly state: DeviceState
  readonly failure?: Failure
  /** At least one step could not be judged; the device is then not counted as being as wished. */
  readonly unknown?: boolean
  /** The device itself answered something. */
  readonly answered?: boolean
  readonly classification?: Classification
}

export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  drift: 3,
  failed: 4,
  unreachable: 5,
  held: 6,
  interrupted: 130,
} as const

/** Worst first: an interruption tops all, then 4, 5, 6, 3. */
const WORST_FIRST = [
  EXIT.interrupted,
  EXIT.bug,
  EXIT.usage,
  EXIT.failed,
  EXIT.unreachable,
  EXIT.held,
  EXIT.drift,
  EXIT.ok,
]

/** The exit code that one device's outcome asks for. */
export function exitCodeOf(outcome: Pick<DeviceOutcome, 'state' | 'unknown'>): number {
  switch (outcome.state) {
    case 'failed':
    case 'indeterminate':
      return EXIT.failed
    case 'unreachable':
      return EXIT.unreachable
    case 'deferred':
      return EXIT.held
    case 'cancelled':
      return EXIT.interrupted
    case 'drifted':
      return outcome.unknown ? EXIT.unreachable : EXIT.drift
    case 'changed':
    case 'in-sync':
      return outcome.unknown ? EXIT.unreachable : EXIT.ok
  }
}

/** The worse of two exit codes. */
export function worseExitCode(a: number, b: number): number {
  return WORST_FIRST.indexOf(a as never) <= WORST_FIRST.indexOf(b as never) ? a : b
}
