import { type Availability, canSell, isSoldWith, type Sells } from '../../core/can-sell.ts'
import type { Device, Fleet, Region, Store } from '../../core/fleet.ts'
import { type DeviceState, WORST_STATES_FIRST } from '../../core/outcome.ts'
import type { KnownState } from '../history/device-status.ts'

export type AnyState = DeviceState | 'never'

/** Nobody has looked yet, or all is well. */
export const QUIET_STATES: ReadonlySet<string> = new Set<AnyState>(['in-sync', 'changed', 'never'])

/** Worst first; what was never looked at stands before what is in order, since nothing is known of it. */
export const ANY_STATES_WORST_FIRST: readonly AnyState[] = WORST_STATES_FIRST.flatMap((state) =>
  state === 'changed' ? ['never' as const, state] : [state],
)
const RANK: ReadonlyMap<AnyState, number> = new Map(ANY_STATES_WORST_FIRST.map((state, rank) => [state, rank]))

/** How bad a state is: less is worse. */
export function rankOf(state: AnyState): number {
  return RANK.get(state) ?? 0
}

/** The worst first, and otherwise in their order; null, of what has no state yet, comes last. */
export function worstFirst<T>(all: readonly T[], stateOf: (one: T) => AnyState | null): T[] {
  const last = ANY_STATES_WORST_FIRST.length
  const byRank: T[][] = Array.from({ length: last + 1 }, () => [])
  for (const one of all) {
    const state = stateOf(one)
    byRank[state === null ? last : rankOf(state)]?.push(one)
  }
  return byRank.flat()
}

/** A device, and what is known of it. */
export interface DevicePicture {
  readonly device: Device
  readonly known: KnownState
  /** Whether a sale is possible with it, by the looks that count. */
  readonly sold: Availability
  /** Serial numbers that it was seen with. */
  readonly serials: readonly string[]
}

/** A store with those of its devices that somebody may see. */
export interface StorePicture {
  readonly store: Omit<Store, 'devices'>
  readonly devices: readonly DevicePicture[]
  readonly worst: AnyState
  readonly sells: Sells
  /** Devices by state. */
  readonly counts: Readonly<Partial<Record<AnyState, number>>>
}

/** The fleet as somebody sees it at one moment: nothing in it leads to what that one may not see. */
export class FleetPicture {
  /** When it was so, in milliseconds since 1970. */
  readonly at: number
  readonly stores: ReadonlyMap<string, StorePicture>
  readonly devices: ReadonlyMap<string, DevicePicture>
  readonly regions: ReadonlyMap<string, Region>

  constructor(
    at: number,
    fleet: { readonly stores: Iterable<Omit<Store, 'devices'>>; readonly regions: Iterable<Region> },
    devices: Iterable<DevicePicture>,
    /** Stores of which somebody does not see all that they sell with. */
    parts: ReadonlySet<string> = new Set(),
  ) {
    this.at = at
    this.devices = new Map([...devices].map((one) => [one.device.name, one]))
    const ofStore = new Map<string, DevicePicture[]>()
    for (const one of this.devices.values()) {
      const own = ofStore.get(one.device.store)
      if (own) own.push(one)
      else ofStore.set(one.device.store, [one])
    }
    const stores = [...fleet.stores].flatMap((store) => {
      const own = ofStore.get(store.id)
      return own ? [storePicture(store, own, parts.has(store.id))] : []
    })
    this.stores = new Map(stores.map((one) => [one.store.id, one]))
    const regions = new Set(stores.map(({ store }) => store.region))
    this.regions = new Map([...fleet.regions].filter(({ id }) => regions.has(id)).map((region) => [region.id, region]))
  }

  /** The part of it with these devices; stores without any of them are not in it. */
  among(sees: (device: Device) => boolean): FleetPicture {
    const stores = [...this.stores.values()].map(({ store }) => store)
    const seen: DevicePicture[] = []
    const parts = new Set<string>()
    for (const one of this.devices.values()) {
      if (sees(one.device)) seen.push(one)
      else if (isSoldWith(one.device)) parts.add(one.device.store)
    }
    return new FleetPicture(this.at, { stores, regions: this.regions.values() }, seen, parts)
  }
}

/** A whole fleet. */
export function wholePicture(at: number, fleet: Fleet, devices: Iterable<DevicePicture>): FleetPicture {
  return new FleetPicture(at, { stores: fleet.stores.values(), regions: fleet.regions.values() }, devices)
}

function storePicture(store: Omit<Store, 'devices'>, devices: readonly DevicePicture[], isPart: boolean): StorePicture {
  const counts: Partial<Record<AnyState, number>> = {}
  for (const { known } of devices) counts[known.state] = (counts[known.state] ?? 0) + 1
  const worst = devices.reduce<AnyState>(
    (worst, { known }) => (rankOf(known.state) < rankOf(worst) ? known.state : worst),
    'in-sync',
  )
  // By a part of what it sells with nobody can tell.
  const sells = isPart
    ? 'unknown'
    : canSell(devices.map(({ device: { id, kind, attached_to }, sold }) => ({ id, kind, attached_to, sold })))
  return { store, devices, worst, sells, counts }
}
