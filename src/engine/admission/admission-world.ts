import type { Calendar } from '../../core/calendar.ts'
import type { Device, Store } from '../../core/fleet.ts'

/** A device, as far as admission looks at it. */
export type AdmissionDevice = Pick<
  Device,
  'id' | 'name' | 'store' | 'region' | 'profile' | 'kind' | 'attached_to' | 'transport'
>
export type AdmissionStore = Pick<Store, 'id' | 'region' | 'time_zone' | 'hours' | 'link' | 'gateway'> & {
  readonly devices: readonly Pick<AdmissionDevice, 'id' | 'name' | 'kind'>[]
}

/** What does not change within a revision. */
export interface World {
  readonly devices: ReadonlyMap<string, AdmissionDevice>
  readonly stores: ReadonlyMap<string, AdmissionStore>
  /** Ids of the stores, `store` among them, in which devices may be reached through those of `store`. */
  storesBehind(store: string): Iterable<string>
  /** Whether a selector of a policy holds for a device; undefined where that cannot be told, as it lacks a value. */
  matches(where: string, device: string): boolean | undefined
  calendar(name: string): Calendar | undefined
}
