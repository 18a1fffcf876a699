import type { DeviceKind } from './fleet.ts'
import type { Guard } from './guard.ts'
import type { Scoped } from './scoped.ts'
import type { Warning } from './warning.ts'

/** So many, or a share of those that there are (`0.1` is written `10%`). */
export type Amount = { readonly count: number } | { readonly share: number }

/** By what devices are counted together: `[store, kind]` is each kind of each store by itself, `[]` the whole fleet. */
export const DIMENSIONS = ['region', 'store', 'kind', 'link', 'profile'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** At most so many devices out at once, over all runs. */
export interface Cap extends Scoped {
  readonly name: string
  readonly per: readonly Dimension[]
  readonly out: Amount
}

/** Devices of a store that can stand in for each other: so many of them go on working while the store trades. */
export interface RedundancyGroup extends Scoped {
  readonly name: string
  readonly keep: Amount
  /** A device counts as working when it was seen so within this time, in milliseconds. */
  readonly seenWithinMs: number
}

/** When changes may begin, or must not. Wall times are those of each store, unless a calendar says otherwise. */
export type When =
  /** `days` as Date counts them (0 is Sunday); minutes from midnight, `to` beyond 1440 runs into the next day. */
  | { readonly type: 'weekly'; readonly days: readonly number[]; readonly from: number; readonly to: number }
  /** Wall times of the store, in milliseconds as if they were UTC; `to` is no longer part of it. */
  | { readonly type: 'dates'; readonly from: number; readonly to: number }
  /** The store does not trade, less a margin behind its closing and before its opening. */
  | { readonly type: 'closed'; readonly marginMs: number }
  /** Events of an iCal file, by the name under which it was loaded. */
  | { readonly type: 'calendar'; readonly calendar: string }

/** A change begins in one of these. */
export interface Window extends Scoped {
  readonly name: string
  readonly when: When
}

/** A time in which nothing changes. */
export interface Freeze extends Scoped {
  readonly name: string
  readonly when: When
  readonly why: string
}

export type Pause = 'never' | 'terminal' | 'always'

export interface Waves {
  /** What is drawn into a wave as a whole. */
  readonly unit: 'store' | 'device'
  /** At least so many units first; more when not every class of devices is among them, but at most `canaryAtMost`. */
  readonly canary: number
  readonly canaryAtMost: number
  /** Shares of all units that are done at the end of each further wave, growing; the last one is 1. */
  readonly shares: readonly number[]
  /** After the last device of a wave, before it is judged. */
  readonly soakMs: number
  /** Where somebody must say that it goes on: after the canary. */
  readonly pause: Pause
  /** A wave stops at so many devices that failed, the least of these and at least one; more never do. */
  readonly maxFailures: readonly Amount[]
}

export interface Breaker {
  /** So many devices that failed within the time open it, over all runs. */
  readonly failures: number
  readonly withinMs: number
}

export interface Approval {
  /** How many people; 0: nobody is asked. */
  readonly people: number
  /** Who asked cannot approve. */
  readonly fourEyes: boolean
  readonly validMs: number
  /** The name of an account is not enough: somebody the server signed in, or an SSH signature. */
  readonly signed?: true
  /** What each waits for: the run as a whole, or every wave. */
  readonly each: 'run' | 'wave'
}

/** What differs between mending a device that somebody misses, and bringing something to many. */
export interface PurposeRules {
  /**
   * All sets hold: a change begins in a window of each. A device that no window of a set is about has none there, and is
   * not changed. No sets: at any time.
   */
  readonly windows: readonly (readonly Window[])[]
  /** At most so many devices in one run. */
  readonly devices?: number
  readonly waves?: Waves
  /** The run stops at so many devices that failed; more never do. */
  readonly maxFailures?: number
  readonly approval: Approval
  /** What must not be so on a device when it is changed. */
  readonly guards: readonly Guard[]
  /** What people at a device are told before it is changed; absent: nothing. */
  readonly warnings?: readonly Warning[]
  /** A selection beyond this share of the fleet is asked about by its number. */
  readonly confirmShare: number
}

export type Purpose = 'repair' | 'rollout'

/** What must hold before a device is changed. Policies are only ever joined so that both hold (`stricterOf`). */
export interface Policy {
  readonly name: string
  readonly caps: readonly Cap[]
  readonly groups: readonly RedundancyGroup[]
  readonly freezes: readonly Freeze[]
  readonly repair: PurposeRules
  readonly rollout: PurposeRules
  /** Kinds that go out with a device of a kind, in the same store, beside those that are reached through it. */
  readonly dependents: Readonly<Partial<Record<DeviceKind, readonly DeviceKind[]>>>
  readonly breakers: readonly Breaker[]
  /** Rollbacks at a time, and after how many that failed they stop, a run. */
  readonly rollback: {
    readonly atOnce: number
    readonly stopAfter: number
    /** A wave that failed is taken back by itself. Default: somebody has to say so. */
    readonly automatic?: 'wave'
  }
  /** How long a change is taken to last before there is a history of it. */
  readonly guess: { readonly changeMs: number; readonly proofMs: number; readonly rollbackMs: number }
  /** Devices that were away for long and get what they missed, at a time. */
  readonly backAtOnce: number
}
