import type { Sells } from '../../core/can-sell.ts'
import { SELLS } from '../../core/can-sell.ts'
import { grouped } from '../../core/grouped.ts'
import type { JsonObject } from '../../core/json.ts'
import { isOpen } from '../../core/trading-hours.ts'
import {
  ANY_STATES_WORST_FIRST,
  type AnyState,
  type DevicePicture,
  type FleetPicture,
  rankOf,
  type StorePicture,
  worstFirst,
} from './fleet-picture.ts'
import { type Page, type Paged, paged } from './paging.ts'
import type { Sight } from './sight.ts'

/** Which stores or devices; every list that is empty or absent asks for all. */
export interface Wanted {
  readonly region?: readonly string[]
  readonly store?: readonly string[]
  readonly kind?: readonly string[]
  readonly state?: readonly string[]
  readonly sells?: readonly string[]
  readonly order?: string | undefined
}

type Counts = Readonly<Partial<Record<AnyState, number>>>

/** Stores by their name, or the worst first: those that cannot sell, then those that nobody knows of. */
export function listStores(sight: Sight, wanted: Wanted, page: Page): Paged<JsonObject> {
  const stores = wantedStores(sight, wanted)
  if (wanted.order === 'worst') stores.sort(worseStore)
  const found = paged(stores, page)
  return { ...found, rows: found.rows.map((one) => storeRow(one, sight.picture.at)) }
}

/** Stores that are asked for; `state`: with a device in it. */
export function wantedStores(sight: Sight, wanted: Wanted): StorePicture[] {
  const has = isAmong(wanted)
  return [...sight.picture.stores.values()].filter(
    ({ store, worst, sells, counts }) =>
      has('region', store.region) &&
      has('store', store.id) &&
      has('sells', sells) &&
      (has('state', worst) || (wanted.state ?? []).some((state) => (counts[state as AnyState] ?? 0) > 0)),
  )
}

export function storeRow({ store, devices, worst, sells, counts }: StorePicture, at: number): JsonObject {
  return {
    store: store.id,
    name: store.name,
    region: store.region,
    city: store.address.city,
    state: worst,
    sells,
    open: isOpen(store, at),
    devices: devices.length,
    counts,
  }
}

/** Devices in the order of the inventory, or the worst first. */
export function listDevices(sight: Sight, wanted: Wanted, page: Page): Paged<JsonObject> {
  const has = isAmong(wanted)
  const devices = [...sight.picture.devices.values()].filter(
    ({ device, known }) =>
      has('region', device.region) &&
      has('store', device.store) &&
      has('kind', device.kind) &&
      (has('state', known.state) || (known.unknown && (wanted.state ?? []).includes('unknown'))),
  )
  const found = paged(wanted.order === 'worst' ? worstFirst(devices, ({ known }) => known.state) : devices, page)
  return { ...found, rows: found.rows.map(deviceRow) }
}

export function deviceRow({ device, known, serials }: DevicePicture): JsonObject {
  const { state, unknown, code, message, run, at, last_at, seen_at } = known
  const { name, store, region, kind, profile } = device
  const row = { device: name, store, region, kind, profile, state, unknown, code, message, run, at, last_at, seen_at }
  return { ...row, serials: [...serials] }
}

/** All of it in numbers: for the first page, and for whoever wants a total. */
export function overview({ picture }: Sight): JsonObject {
  const known = overviews.get(picture)
  if (known) return known
  const made = overviewOf(picture)
  overviews.set(picture, made)
  return made
}

const overviews = new WeakMap<FleetPicture, JsonObject>()

function overviewOf(picture: FleetPicture): JsonObject {
  const stores = [...picture.stores.values()]
  const devices = [...picture.devices.values()]
  const byRegion = grouped(stores, ({ store }) => store.region)
  const byKind = grouped(devices, ({ device }) => device.kind)
  return {
    stores: { total: stores.length, ...sellsOf(stores) },
    devices: {
      total: devices.length,
      counts: countsOf(devices),
      unknown: devices.filter((one) => one.known.unknown).length,
    },
    regions: [...byRegion].map(([region, own]) => ({
      region,
      name: picture.regions.get(region)?.name ?? region,
      stores: own.length,
      ...sellsOf(own),
      counts: summed(own.map(({ counts }) => counts)),
    })),
    kinds: [...byKind].map(([kind, own]) => ({ kind, devices: own.length, counts: countsOf(own) })),
  }
}

function sellsOf(stores: readonly StorePicture[]): { readonly sells: Record<Sells, number> } {
  const count = (answer: Sells): number => stores.filter(({ sells }) => sells === answer).length
  return { sells: { no: count('no'), unknown: count('unknown'), yes: count('yes') } }
}

function countsOf(devices: readonly DevicePicture[]): Counts {
  const counts: Partial<Record<AnyState, number>> = {}
  for (const { known } of devices) counts[known.state] = (counts[known.state] ?? 0) + 1
  return summed([counts])
}

function summed(all: readonly Counts[]): Counts {
  const sum = new Map<AnyState, number>()
  for (const counts of all)
    for (const [state, count] of Object.entries(counts))
      sum.set(state as AnyState, (sum.get(state as AnyState) ?? 0) + count)
  return Object.fromEntries(
    ANY_STATES_WORST_FIRST.flatMap((state) => (sum.has(state) ? [[state, sum.get(state) ?? 0]] : [])),
  )
}

function isAmong(wanted: Wanted): (key: keyof Omit<Wanted, 'order'>, value: string) => boolean {
  return (key, value) => {
    const list = wanted[key]
    return list === undefined || list.length === 0 || list.includes(value)
  }
}

function worseStore(a: StorePicture, b: StorePicture): number {
  const bySells = SELLS.indexOf(a.sells) - SELLS.indexOf(b.sells)
  return bySells !== 0 ? bySells : rankOf(a.worst) - rankOf(b.worst)
}
