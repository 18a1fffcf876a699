import type { Origin } from '../../core/admission.ts'
import type { RunbookReference, RunMode } from '../../core/events.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { DeviceState } from '../../core/outcome.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import type { FleetEnd } from '../../engine/fleet/run-fleet.ts'
import type { Project } from '../project.ts'
import type { Selection } from '../revision/selection.ts'
import type { ReportersOf } from './reporting.ts'
import type { Workers } from './workers/thread-pool.ts'

/** What a run is to do, worked out by whoever asks for it. */
export interface PlannedWork {
  /** The repository at the revision that is run; its settings and modules hold. */
  readonly project: Project
  /** The inventory, or the sandbox's part of it. */
  readonly fleet: Fleet
  readonly work: readonly DeviceWork[]
  readonly runbooks: readonly RunbookReference[]
}

/** What a run is to do, by names: a runbook of the revision in force and a selection of its devices. */
export interface NamedWork {
  readonly runbook: string
  readonly params?: Readonly<Record<string, string>>
  readonly devices?: Selection
}

/** How a run goes about it. */
export interface RunOptions {
  readonly mode: RunMode
  /** Who asks for it, as the history names them. Default: the account of this process. */
  readonly requestedBy?: string | undefined
  /** What makes it begin. Default: a person at a terminal, or a pipeline where there is none. */
  readonly origin?: Origin | undefined
  /** Why it begins, in a few words: what a silence of monitoring says beside the run. */
  readonly because?: string | undefined
  /** Devices at a time. Default: the project's setting. Runs of one controller share what it allows. */
  readonly parallel?: number | undefined
  /** Who works on the devices: this process, which is the default, or workers that share its state. */
  readonly on?: 'workers' | undefined
  /** Worker threads. Default: the project's setting. */
  readonly workers?: Workers | undefined
  /** How long the run waits for windows and soak times of its policy, in milliseconds. Default: not at all. */
  readonly waitMs?: number | undefined
  /** Windows and freezes of the policy do not hold, and why. */
  readonly breakGlass?: string | undefined
  /** After so many failed devices nothing more is begun; the policy may have less. */
  readonly maxFailures?: number | undefined
  /** Somebody has looked at the canary: the run does not pause behind it. */
  readonly goOn?: boolean | undefined
  /** Names of policies that hold beside those of the runbooks. Default: none. */
  readonly policies?: readonly string[] | undefined
  /** Who gets the events; they are closed at the end of the run. */
  readonly reporters?: ReportersOf | undefined
  /** The commit that is worked with, null outside of git. Default: git is asked. */
  readonly revision?: string | null | undefined
  /** Id of the plan that is applied. */
  readonly plan?: string | undefined
  /** Id of the run whose changes are taken back: each device of the work says which. */
  readonly undoes?: string | undefined
  /** The commit that would be merged, of a plan that shows what that would make of devices. */
  readonly previews?: string | undefined
  /** Until when that plan may be applied; ISO 8601. */
  readonly planExpiresAt?: string | undefined
  /** Somebody who counts has signed that plan. */
  readonly planIsSigned?: boolean | undefined
  /** States of devices that make the exit code another than 0. Default: all that are not as desired. */
  readonly failOn?: ReadonlySet<DeviceState> | undefined
}

export type RunRequest = RunOptions & (PlannedWork | NamedWork)

/** How a run ended. */
export interface RunEnd extends FleetEnd {
  readonly run: string
}

/** Starts a run and sees it through. */
export type RunStarter = (request: RunOptions & PlannedWork) => Promise<RunEnd>
