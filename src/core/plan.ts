import type { Change } from './change.ts'
import type { RunbookReference } from './events.ts'
import type { DeviceState, StepState } from './outcome.ts'

export const PLAN_SCHEMA = 'till.plan/1'

/** What a step will do on a device, as reviewed. */
export interface PlannedStep {
  readonly step: string
  readonly module: string
  readonly state: StepState
  readonly changes: readonly Change[]
}

export interface PlannedDevice {
  readonly device: string
  readonly state: DeviceState
  /** sha256 of the device's effective inventory data; where the runbook hands it files or looks at its store, of these as well. */
  readonly digest: string
  readonly steps: readonly PlannedStep[]
}

/** The head of a plan file; `devices` follow in the file and are read one by one. */
export interface Plan {
  readonly schema: typeof PLAN_SCHEMA
  readonly id: string
  readonly created_at: string
  /** It is not applied later than this; absent in plans of older versions. */
  readonly expires_at?: string
  readonly revision: string | null
  /** It was made of the devices of a sandbox, and is good for those alone. */
  readonly sandbox?: true
  readonly runbook: RunbookReference & { readonly file: string }
  /** The policy that it was reviewed under, and sha256 of its rules; absent where there are none. */
  readonly policy?: { readonly name: string; readonly digest: string }
  readonly devices: readonly PlannedDevice[]
  /** Every targeted device was read and judged. */
  readonly complete: boolean
}
