import type { Change } from './change.ts'
import type { JsonObject } from './json.ts'
import type { Classification, DeviceOutcome, DeviceState, StepOutcome } from './outcome.ts'

export const EVENT_SCHEMA = 'till.event/1'

export type RunMode = 'plan' | 'apply' | 'drift' | 'exec'

/** A runbook as a run used it. */
export interface RunbookReference {
  readonly name: string
  readonly digest: string
  readonly params: JsonObject
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
  /** git commit of the repository, `+dirty` behind it when the work tree differs; null outside git. */
  readonly revision: string | null
  /** The plan that is applied. */
  readonly plan?: string
  readonly by: string
  readonly host: string
  readonly pid: number
  readonly version: string
}

export interface DeviceStarted {
  readonly type: 'device.started'
  readonly device: string
  readonly store: string
}

/** Journalled before the first byte of a change leaves: what was in doubt if nothing follows. */
export interface StepConverging {
  readonly type: 'step.converging'
  readonly device: string
  readonly runbook: string
  readonly step: string
  readonly module: string
  readonly changes: readonly Change[]
}

export interface StepFinished extends StepOutcome {
  readonly type: 'step.finished'
  readonly device: string
  readonly runbook: string
  readonly step: string
  readonly name: string
  readonly module: string
  readonly duration_ms: number
}

export interface DeviceFinished extends DeviceOutcome {
  readonly type: 'device.finished'
  readonly device: string
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
  | DeviceStarted
  | StepConverging
  | StepFinished
  | DeviceFinished
  | RunInterrupted
  | RunFinished

/** One line of the event stream. */
export type RunEvent = EventHead & RunEventBody
