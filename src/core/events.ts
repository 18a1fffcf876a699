import type { Identification } from './admission.ts'
import type { Change } from './change.ts'
import type { Failure } from './failure.ts'
import type { JsonObject } from './json.ts'
import type { Classification, DeviceOutcome, DeviceState, StepOutcome } from './outcome.ts'
import type { WarningSeen } from './warning.ts'

export const EVENT_SCHEMA = 'till.event/1'

export type RunMode = 'plan' | 'apply' | 'drift' | 'exec'

/** Whether a run of that mode may change something. */
export function isChanging(mode: RunMode): boolean {
  return mode === 'apply' || mode === 'exec'
}

/** A runbook as a run used it. */
export interface RunbookReference {
  readonly name: string
  readonly digest: string
  readonly params: JsonObject
  /** See `Runbook`. */
  readonly given?: JsonObject
  readonly about?: string
}

/** Present on every event. */
export interface EventHead {
  readonly schema: typeof EVENT_SCHEMA
  /** Sortable: `20261122T034716Z-7f3a9c`. */
  readonly run: string
  /** 1, 2, 3… without gaps within a run. */
  readonly seq: number
  /** ISO 8601 in UTC with milliseconds. */
  readonly at: string
}

export interface RunStarted {
  readonly type: 'run.started'
  readonly mode: RunMode
  readonly runbooks: readonly RunbookReference[]
  /** How many devices are targeted; each will have exactly one `device.finished`. */
  readonly devices: number
  readonly inventory_digest: string
  /** git commit of the repository, `+sparse` and `+dirty` behind it where the work tree is not all of it; null outside git. */
  readonly revision: string | null
  /** The plan that is applied. */
  readonly plan?: string
  /** The run whose changes are taken back. */
  readonly undoes?: string
  /** The commit that a preview would merge: what is looked for is in force nowhere, so it is no word about devices. */
  readonly previews?: string
  /** Why windows and freezes did not hold for it. */
  readonly break_glass?: string
  readonly by: string
  readonly host: string
  readonly pid: number
  readonly version: string
}

/** Another process carries the run on. */
export interface RunResumed {
  readonly type: 'run.resumed'
  /** Devices that are left to do; each will have another `device.finished`. */
  readonly devices: number
  readonly by: string
  readonly host: string
  readonly pid: number
  readonly version: string
  /** As in `run.started`, at the time. */
  readonly revision: string | null
  /** Why windows and freezes do not hold for what is left. */
  readonly break_glass?: string
}

/** Somebody has said that the run, or what waits of it, goes on. */
export interface RunApproved {
  readonly type: 'run.approved'
  readonly by: string
  readonly why: string
  /** How it is known that it is that one; absent: by the account alone. */
  readonly proof?: Identification
}

/** Somebody has ended the run for good. */
export interface RunAborted {
  readonly type: 'run.aborted'
  readonly by: string
  readonly why: string
}

/** Somebody holds the run: what is being changed is finished, and nothing new begins. */
export interface RunPaused {
  readonly type: 'run.paused'
  readonly by: string
  readonly why: string
}

/** It goes on. */
export interface RunUnpaused {
  readonly type: 'run.unpaused'
  readonly by: string
  /** Absent: it was not asked. */
  readonly why?: string
}

/** A wave has failed, and its policy has it taken back. */
export interface RunRollback {
  readonly type: 'run.rollback'
  /** From 1. */
  readonly wave: number
  /** Its failures, and at how many it stops. */
  readonly failed: number
  readonly limit: number
  /** How many are to be brought back. */
  readonly devices: number
  /** The run that does it. */
  readonly rollback_run: string
}

/** What takes a wave back has ended. */
export interface RunRolledBack {
  readonly type: 'run.rolled_back'
  readonly rollback_run: string
  /** How its devices ended, and its exit code. */
  readonly counts: Readonly<Record<DeviceState, number>>
  readonly exit_code: number
}

/** Devices that the run is to work on, in the order in which they are to begin; some of them an event, before any begins. */
export interface RunTargets {
  readonly type: 'run.targets'
  /** From 1. */
  readonly wave: number
  /** Full names. */
  readonly devices: readonly string[]
}

/** On every event of a device. */
interface OfDevice {
  readonly device: string
  /** Which try at the device within the run, from 1; absent in journals of older versions, and on events that are not told yet. */
  readonly attempt?: number
}

export interface DeviceStarted extends OfDevice {
  readonly type: 'device.started'
  readonly store: string
}

/** Somebody has said that a device goes on although nobody can tell how a change of it came out. */
export interface DevicePastDoubt extends OfDevice {
  readonly type: 'device.past_doubt'
  readonly by: string
  readonly why: string
}

/** Journalled before the first byte of a change leaves: what was in doubt if nothing follows. */
export interface StepConverging extends OfDevice {
  readonly type: 'step.converging'
  readonly runbook: string
  readonly step: string
  readonly module: string
  readonly changes: readonly Change[]
}

export interface StepFinished extends StepOutcome, OfDevice {
  readonly type: 'step.finished'
  readonly runbook: string
  readonly step: string
  readonly name: string
  readonly module: string
  readonly duration_ms: number
}

/** Safety said not now, and nothing was changed. The device is asked for again, or ends as deferred. */
export interface DeviceWaiting extends OfDevice {
  readonly type: 'device.waiting'
  readonly store: string
  readonly failure: Failure
  /** ISO 8601 in UTC; absent where that depends on somebody. */
  readonly not_before?: string
}

/** People at a device were told that it will be changed, or were to be. */
export interface DeviceWarned extends OfDevice {
  readonly type: 'device.warned'
  /** Its name in tillwright.yaml. */
  readonly warning: string
  readonly says: WarningSeen['says']
  /** Of the command; null where it did not end, or there is none for the device. */
  readonly exit_code: number | null
  /** What it said, or why it failed. */
  readonly detail?: string
}

export interface DeviceFinished extends DeviceOutcome, OfDevice {
  readonly type: 'device.finished'
  readonly store: string
  readonly region: string
  readonly kind: string
  readonly duration_ms: number
  readonly classification?: Classification
}

/** Ctrl-C or a signal; `hard` on the second. */
export interface RunInterrupted {
  readonly type: 'run.interrupted'
  readonly signal: string
  readonly hard: boolean
}

/** This machine, not its devices, holds the run up; said once. */
export interface RunOverloaded {
  readonly type: 'run.overloaded'
  /** Programs that want a processor (0: the system does not tell), and how many processors there are. */
  readonly wanted: number
  readonly processors: number
  /** How late the controller does what is due, in milliseconds. */
  readonly late_ms?: number
}

export interface RunFinished {
  readonly type: 'run.finished'
  readonly counts: Readonly<Record<DeviceState, number>>
  /** Devices with at least one step that could not be judged. */
  readonly unknown: number
  readonly exit_code: number
  readonly duration_ms: number
}

export type RunEventBody =
  | RunStarted
  | RunResumed
  | RunApproved
  | RunAborted
  | RunPaused
  | RunUnpaused
  | RunRollback
  | RunRolledBack
  | RunTargets
  | RunOverloaded
  | DeviceStarted
  | DeviceWaiting
  | DeviceWarned
  | DevicePastDoubt
  | StepConverging
  | StepFinished
  | DeviceFinished
  | RunInterrupted
  | RunFinished

/** One line of the event stream. */
export type RunEvent = EventHead & RunEventBody
