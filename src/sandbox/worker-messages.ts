import type { PlacedDevice, PlacedListener, PlacedPrinter, PlacedWindows } from './device-spec.ts'
import type { InitialState } from './device-state.ts'
import type { DeviceFault } from './fault.ts'
import type { SandboxFolders } from './isolation.ts'

/** What a worker is told first. */
export interface WorkerStart {
  readonly type: 'start'
  readonly folders: SandboxFolders
  readonly initial: InitialState
  /** Base64 of what host keys are derived from. */
  readonly secret: string
  readonly clientKey: string
  readonly network: string
  /** Of Windows devices. */
  readonly account: { readonly user: string; readonly password: string }
  readonly devices: readonly PlacedDevice[]
  readonly windows: readonly PlacedWindows[]
  readonly printers: readonly PlacedPrinter[]
  readonly listeners: readonly PlacedListener[]
  readonly faults: readonly (readonly [string, DeviceFault])[]
}

export interface WorkerFaults {
  readonly type: 'faults'
  readonly faults: readonly (readonly [string, DeviceFault])[]
}

export interface WorkerCounts {
  readonly connections: number
  readonly sessions: number
  readonly served: number
}

export type ToWorker = WorkerStart | WorkerFaults | { readonly type: 'count' } | { readonly type: 'stop' }

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly problem: string }
  | ({ readonly type: 'counts' } & WorkerCounts)
