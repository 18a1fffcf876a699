import type { FleetKey } from './fleet-key.ts'
import type { Scoped } from './scoped.ts'

/** Where an outage is known: what is given must all hold; repeated values are alternatives. */
export interface OutageScope extends Scoped {
  readonly stores?: readonly string[]
  /** Full names. */
  readonly devices?: readonly string[]
}

/** Something that is known to be out of order for a time: nobody is called about it, and nothing is repaired by itself. */
export interface Outage {
  readonly outage: string
  readonly scope: OutageScope
  readonly why: string
  readonly by: string
  /** Milliseconds since 1970 in UTC, as is `until`. */
  readonly from: number
  readonly until: number
  /** Milliseconds, where a length of time was said, from the moment of saying. */
  readonly lasts?: number
  /** The place does not trade meanwhile: the time counts as maintenance. Otherwise it counts as it was found. */
  readonly closed: boolean
  /** Who ended it before its time. */
  readonly ended_by?: string
}

/** Whether it is over, goes on, or is to come. */
export type OutageState = 'coming' | 'current' | 'over'

/** By `now`, in milliseconds since 1970, as its own times are; at `until` it is over. */
export function outageState({ from, until }: Pick<Outage, 'from' | 'until'>, now: number): OutageState {
  if (until <= now) return 'over'
  return from > now ? 'coming' : 'current'
}

/** Where known outages are kept. Each change is on record in the audit log by the same transaction. */
export interface OutageStore {
  /** Those of a fleet by their beginning, and for two years those that are over. */
  list(fleet: FleetKey): Promise<readonly Outage[]>
  add(fleet: FleetKey, outage: Outage): Promise<void>
  /** Ends one now; undefined where none of that name is left to end. One that has not begun is as if it had never been. */
  end(fleet: FleetKey, outage: string, by: string, now: number): Promise<Outage | undefined>
}
