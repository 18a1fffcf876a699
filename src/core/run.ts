import type { EventHead, RunFinished, RunMode, RunRollback, RunRolledBack, RunStarted } from './events.ts'
import {
  DEVICE_STATES,
  type DeviceOutcome,
  type DeviceState,
  EXIT,
  exitCodeOf,
  type StepOutcome,
  worseExitCode,
} from './outcome.ts'

/** A line of the history. */
export interface RunSummary {
  readonly run: string
  readonly mode: RunMode
  readonly runbooks: readonly string[]
  readonly started_at: string
  readonly finished_at: string | null
  /** `interrupted`: its process ended without saying so. */
  readonly state: 'running' | 'finished' | 'interrupted'
  readonly devices: number
  readonly counts: Readonly<Record<DeviceState, number>>
  readonly exit_code: number | null
  readonly by: string
  /** How often another process has carried it on. */
  readonly resumed: number
}

/** A place in the list of runs, newest first: behind that run. */
export type RunPlace = Pick<RunSummary, 'run' | 'started_at'>

/** How a device ended when runbooks looked at it last. */
export interface RunbookStatus {
  readonly state: DeviceState
  readonly unknown: boolean
  readonly code: string | null
  readonly message: string | null
  readonly run: string
  readonly runbooks: readonly string[]
  /** What each of them was about, in their order; '' where that is nothing in particular. */
  readonly about: readonly string[]
  readonly at: string
}

/** A runbook with what it is about, in one text: by it, words of two looks are known to be about the same. */
export function runbookLabel(name: string, about = ''): string {
  return about === '' ? name : `${name}\n${about}`
}

/** What is known of a device, and since when; its own fields are those of the latest look. */
export interface DeviceStatus extends RunbookStatus {
  readonly device: string
  /** The last look of each set of runbooks that was run together, newest first. */
  readonly looks: readonly RunbookStatus[]
  /** When it last answered; null: never. */
  readonly seen_at: string | null
}

/** How a run ended on a device. */
export interface PastVisit extends RunbookStatus {
  readonly mode: RunMode
  /** The commit that it would merge: it looked for what is in force nowhere. */
  readonly previews?: string
  readonly by: string
  /** Steps that were not as desired, in their order; empty where nothing was looked at. */
  readonly steps: readonly Pick<StepRecord, 'runbook' | 'step' | 'name' | 'state'>[]
}

export interface StepRecord extends StepOutcome {
  readonly runbook: string
  readonly step: string
  readonly name: string
  readonly module: string
  readonly duration_ms: number
}

export interface DeviceRecord extends DeviceOutcome {
  readonly device: string
  readonly store: string
  readonly region: string | null
  readonly kind: string | null
  readonly duration_ms: number
  readonly steps: readonly StepRecord[]
}

/** A device that a run is to work on. */
export interface RunTarget {
  readonly device: string
  /** From 1; devices of a later wave begin after those of an earlier one were judged. */
  readonly wave: number
}

/** A run, folded from its events. */
export interface RunRecord {
  readonly started: (RunStarted & EventHead) | undefined
  readonly finished: (RunFinished & EventHead) | undefined
  /** In the order in which they are to begin; empty in journals of versions that did not note them. */
  readonly targets: readonly RunTarget[]
  /** One a device: that of its last attempt which says something of it. */
  readonly devices: ReadonlyMap<string, DeviceRecord>
  /** A wave that failed, and that is taken back by another run. */
  readonly rollback?: { readonly begun: RunRollback & EventHead; readonly ended?: RunRolledBack & EventHead }
}

/** Counters of a run in progress; what reporters and the exit code share. */
export function emptyCounts(): Record<DeviceState, number> {
  return Object.fromEntries(DEVICE_STATES.map((state) => [state, 0])) as Record<DeviceState, number>
}

/** How many devices ended in each state; states of none are 0. */
export function countsOf(outcomes: Iterable<Pick<DeviceOutcome, 'state'>>): Readonly<Record<DeviceState, number>> {
  const counts = emptyCounts()
  for (const { state } of outcomes) counts[state] += 1
  return counts
}

/** The exit code of a set of outcomes: 0 only if every device ended as desired. `failOn`: states that count, as in `exitCodeOf`. */
export function runExitCode(
  outcomes: Iterable<Pick<DeviceOutcome, 'state' | 'unknown'>>,
  failOn?: ReadonlySet<DeviceState>,
): number {
  let code: number = EXIT.ok
  for (const outcome of outcomes) code = worseExitCode(code, exitCodeOf(outcome, failOn))
  return code
}
