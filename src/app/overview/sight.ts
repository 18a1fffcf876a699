import type { Device, Fleet, Store } from '../../core/fleet.ts'
import type { IncidentEyes } from '../../core/incident-store.ts'
import type { JsonValue } from '../../core/json.ts'
import type { RunStore } from '../../core/ports.ts'
import type { RunSummary } from '../../core/run.ts'
import type { FleetPicture } from './fleet-picture.ts'

/**
 * What somebody sees: every question of pages and programs goes through it, and its picture and runs hold nothing that
 * lies outside of it.
 */
export interface Sight {
  readonly picture: FleetPicture
  /** Sees the whole fleet. */
  readonly isWhole: boolean
  readonly fleet: Fleet
  readonly store: RunStore
  /** Of incidents, those of this partner. */
  readonly partner?: string | undefined
}

/** Of the devices, those that somebody sees; all where that is everything. */
export function seenOf({ picture, isWhole }: Sight, devices: readonly string[]): readonly string[] {
  return isWhole ? devices : devices.filter((name) => picture.devices.has(name))
}

/** A device that somebody sees; devices that left the inventory are seen only by who sees everything. */
export function seesDevice({ picture, isWhole }: Sight, name: string): boolean {
  return isWhole || picture.devices.has(name)
}

/** The fleet as somebody sees it: one without everything else. */
export function fleetSeen({ picture, isWhole, fleet }: Sight): Fleet {
  if (isWhole) return fleet
  const stores = [...picture.stores].map(([id, { store, devices }]): [string, Store] => [
    id,
    { ...store, devices: devices.map(({ device }) => device) },
  ])
  const devices = [...picture.devices].map(([name, { device }]): [string, Device] => [name, device])
  return { ...fleet, stores: new Map(stores), devices: new Map(devices) }
}

/** Which incidents exist for somebody. */
export function eyesOf({ picture, isWhole, fleet, partner }: Sight): IncidentEyes {
  if (isWhole) return {}
  // What is about a whole store tells of all its devices.
  const isWholeStore = (id: string): boolean =>
    fleet.stores.get(id)?.devices.every(({ name }) => picture.devices.has(name)) === true
  return {
    partner,
    sees: ({ device, store }) => {
      if (device !== null) return picture.devices.has(device)
      return store === null ? partner !== undefined : partner !== undefined || isWholeStore(store)
    },
  }
}

/** Sight of the part of a fleet that `sees` tells. */
export function sightOf(
  whole: FleetPicture,
  of: {
    readonly fleet: Fleet
    readonly store: RunStore
    readonly sees?: ((device: Device) => boolean) | undefined
    readonly partner?: string | undefined
  },
): Sight {
  const { fleet, store, sees, partner } = of
  return { picture: sees ? whole.among(sees) : whole, isWhole: sees === undefined, fleet, store, partner }
}

/** Runs as somebody sees them, newest first, of at most `limit` that there are; those without a device of theirs are left out. */
export async function runsSeen(sight: Sight, runs: readonly RunSummary[]): Promise<readonly RunSummary[]> {
  if (sight.isWhole) return runs
  const names = [...sight.picture.devices.keys()]
  const counts = await sight.store.reads.countsAmong(
    runs.map(({ run }) => run),
    names,
  )
  return runs.flatMap((run) => {
    const own = counts.get(run.run)
    if (!own) return []
    const devices = Object.values(own).reduce((sum, count) => sum + count, 0)
    const none = Object.fromEntries(Object.keys(run.counts).map((state) => [state, 0])) as RunSummary['counts']
    // What it came to in all tells of the others.
    return [{ ...run, devices, counts: { ...none, ...own }, exit_code: null }]
  })
}

/** What else names devices and stores that somebody does not see, such as a reason that lies with another till. */
export function withoutOthers<T extends JsonValue>(sight: Sight, value: T): T {
  if (sight.isWhole) return value
  return mapped(value, (text) => text.replace(NAME, (name) => (isHidden(sight, name) ? '…' : name))) as T
}

/** What may be the name of a device or a store. */
const NAME = /[\p{L}\p{N}_-]+(?:\/[\p{L}\p{N}_-]+)?/gu

function isHidden({ fleet, picture }: Sight, name: string): boolean {
  if (name.includes('/')) return fleet.devices.has(name) && !picture.devices.has(name)
  return fleet.stores.has(name) && !picture.stores.has(name)
}

function mapped(value: JsonValue, of: (text: string) => string): JsonValue {
  if (typeof value === 'string') return of(value)
  if (Array.isArray(value)) return value.map((one) => mapped(one, of))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one, of)]))
}
