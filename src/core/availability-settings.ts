import type { Freeze } from './policy.ts'

/** A time in which devices are worked on, or a store does not trade though its hours say so. */
export type Maintenance = Freeze

/** How what runs found is taken for availability. */
export interface AvailabilitySettings {
  /** How long a look holds, in milliseconds: how often devices are looked at, times how many looks may be missing. */
  readonly holdMs: number
  readonly maintenance: readonly Maintenance[]
}
