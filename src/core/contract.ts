import type { TradingHours } from './fleet.ts'
import type { Freeze } from './policy.ts'
import type { Scoped } from './scoped.ts'

/**
 * Which length of an outage is billed. `certain`: from the first bad look to the last one; `seen`: from the first bad look to
 * the first good one; `possible`: from the last good look to the first good one.
 */
export const BOUNDS = ['certain', 'seen', 'possible'] as const
export type Bound = (typeof BOUNDS)[number]

export const CONTRACT_UNITS = ['contract', 'store', 'device'] as const
export type ContractUnit = (typeof CONTRACT_UNITS)[number]

export interface Penalty {
  /** Due where availability is below it: 0 to 1. */
  readonly below: number
  readonly amount: number
}

/** What a partner has promised of the devices that it looks after. */
export interface Contract extends Scoped {
  readonly name: string
  readonly partner: string | null
  /** `selling`: that stores can sell. */
  readonly of: 'devices' | 'selling'
  readonly hours: 'trading' | 'always' | TradingHours
  readonly bound: Bound
  /** Time of which nothing is known is left out, or counts as down. */
  readonly unknown: 'excluded' | 'down'
  /** Maintenance is left out, or devices count as they were found in it. */
  readonly maintenance: 'excluded' | 'counted'
  /** The line of the store: while its gateway was down, nothing counts. */
  readonly line: 'excluded' | 'counted'
  /** Times that the partner does not answer for. */
  readonly pauses: readonly Freeze[]
  /** 0 to 1. */
  readonly threshold: number
  /** What is held against the threshold, each by itself. */
  readonly per: ContractUnit
  readonly penalties: readonly Penalty[]
  readonly currency: string | null
}
