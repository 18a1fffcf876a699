import type { Fleet } from './fleet.ts'

/**
 * By what a state store knows a fleet: the first name that it had there. What stands under it, outages, holds, leases, what is in
 * force, stays when the fleet is given another name. Only `FleetKeys` gives one, so that nothing is kept by the name of today.
 */
export type FleetKey = string & { readonly isKeyOf: 'fleet' }

/** What a fleet is known again by. */
export type NamedFleet = Pick<Fleet, 'name' | 'devices' | 'stores'>

export interface FleetKeys {
  /**
   * The key of a fleet, which never changes. A name that the store has not met is that of a new fleet, or, where another one has stores or
   * devices of it, another name of that one: both go by one key, also where some have not heard of the new name yet.
   */
  keyOf(fleet: NamedFleet): Promise<FleetKey>
  /** All that it knows. */
  all(): Promise<readonly FleetKey[]>
}
