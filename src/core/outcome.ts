import type { Change } from './change.ts'
import type { ContentCame } from './content.ts'
import { type Failure, OWN_FAULTS, PHASES_BEFORE_ANY_STEP } from './failure.ts'
import type { Leftover } from './fence.ts'
import type { JsonValue } from './json.ts'
import type { Marks, NewSample } from './sample.ts'

/** `unmet`: a check that only looks does not hold, which is the device's; `failed` is ours. */
export const STEP_STATES = ['ok', 'drifted', 'changed', 'unmet', 'failed', 'skipped', 'unknown'] as const
export type StepState = (typeof STEP_STATES)[number]

export const DEVICE_STATES = [
  'in-sync',
  'drifted',
  'changed',
  'unmet',
  'failed',
  'unreachable',
  'unknown',
  'deferred',
  'cancelled',
  'indeterminate',
] as const
export type DeviceState = (typeof DEVICE_STATES)[number]

/** The device does its work, as desired or nearly so. */
export const WORKS_STATES: ReadonlySet<string> = new Set<DeviceState>(['in-sync', 'changed', 'drifted'])
/** There is something left to do on the device: whoever goes on with the run does it. */
export const LEFT_STATES: ReadonlySet<DeviceState> = new Set(['cancelled', 'deferred', 'indeterminate'])

/** How one step ended on one device. */
export interface StepOutcome {
  readonly state: StepState
  /** Field by field: what differs (drifted), or what was made different (changed). */
  readonly changes?: readonly Change[]
  readonly failure?: Failure
  /** Of an unmet check in a plan: steps before it await changes, which may mend what it looks at. */
  readonly may_be_mended?: boolean
  /** Why a step was skipped or is unknown. */
  readonly reason?: string
  /** What was read, as later steps and `classify` see it in `steps.<id>.value`. */
  readonly value?: JsonValue
  /** What was noted for later runs. */
  readonly samples?: readonly NewSample[]
  readonly marks?: Marks
  /** How files of the repository came to the device. */
  readonly content?: readonly ContentCame[]
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

/** How a device ended. `failure` says why for unmet, failed, unreachable, deferred, cancelled and indeterminate. */
export interface DeviceOutcome {
  readonly state: DeviceState
  readonly failure?: Failure
  /** At least one step could not be judged. Such a device is never `in-sync` or `changed`: it is `unknown`, or worse. */
  readonly unknown?: boolean
  /** The device itself answered something. */
  readonly answered?: boolean
  /** What of earlier sessions was met there. */
  readonly leftovers?: readonly Leftover[]
  readonly classification?: Classification
  /** Changes of an earlier run were taken back: it is as its runbook does not want it. */
  readonly undone?: boolean
  /** Of a deferred device: when it may be worked on, as far as that is known; ISO 8601 in UTC. */
  readonly not_before?: string
}

/**
 * Whether no session with the device came about, so that nothing can have been begun there: it cannot be reached, or what
 * failed was on this side.
 */
export function wasNeverReached({ state, answered, failure }: DeviceOutcome): boolean {
  if (answered || !failure || !PHASES_BEFORE_ANY_STEP.has(failure.phase)) return false
  return state === 'unreachable' || OWN_FAULTS.has(failure.code)
}

export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  /** Not as desired: drift, or an unmet check. */
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

const EXIT_OF_STATE: Readonly<Record<DeviceState, number>> = {
  'in-sync': EXIT.ok,
  changed: EXIT.ok,
  drifted: EXIT.drift,
  unmet: EXIT.drift,
  failed: EXIT.failed,
  indeterminate: EXIT.failed,
  unreachable: EXIT.unreachable,
  unknown: EXIT.unreachable,
  deferred: EXIT.held,
  cancelled: EXIT.interrupted,
}

/** Worst first, for the state of a device that was looked at by several runbooks. */
export const WORST_STATES_FIRST: readonly DeviceState[] = [
  'indeterminate',
  'failed',
  'unreachable',
  'deferred',
  'cancelled',
  'unmet',
  'drifted',
  'unknown',
  'changed',
  'in-sync',
]

/** States that make a run end with another exit code than 0. */
export const STATES_THAT_FAIL: readonly DeviceState[] = DEVICE_STATES.filter(
  (state) => EXIT_OF_STATE[state] !== EXIT.ok,
)

/**
 * The exit code that one device's outcome asks for. `failOn`: states that count; all that are not as desired where it is
 * absent. A device that was not to be judged in part counts as `unknown` too.
 */
export function exitCodeOf(
  outcome: Pick<DeviceOutcome, 'state' | 'unknown'>,
  failOn: ReadonlySet<DeviceState> | undefined = undefined,
): number {
  const states: readonly DeviceState[] = outcome.unknown ? [outcome.state, 'unknown'] : [outcome.state]
  return states
    .filter((state) => failOn === undefined || failOn.has(state))
    .map((state) => EXIT_OF_STATE[state])
    .reduce(worseExitCode, EXIT.ok)
}

/** The worse of two exit codes. */
export function worseExitCode(a: number, b: number): number {
  return WORST_FIRST.indexOf(a as never) <= WORST_FIRST.indexOf(b as never) ? a : b
}
