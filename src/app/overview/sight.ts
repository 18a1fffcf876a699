import type { Device, Fleet, Store } from '../../core/fleet.ts'
import type { IncidentEyes } from '../../core/incident-store.ts'
import type { JsonValue } from '../../core/json.ts'
import type { RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
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
  /** The same for who sees the same; nothing is kept for who has none. */
  readonly key?: string | undefined
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
    readonly key?: string
  },
): Sight {
  const { fleet, store, sees, partner, key } = of
  return { picture: sees ? whole.among(sees) : whole, isWhole: sees === undefined, fleet, store, partner, key }
}

/** Runs as somebody sees them, in their order; those without a device of theirs, ended or to come, are left out. */
export async function runsSeen(sight: Sight, runs: readonly RunSummary[]): Promise<readonly RunSummary[]> {
  if (sight.isWhole) return runs
  const names = [...sight.picture.devices.keys()]
  const ids = runs.map(({ run }) => run)
  const [counts, targets] = await Promise.all([
    sight.store.reads.countsAmong(ids, names),
    targetsSeen(
      sight,
      runs.filter(({ state }) => state === 'running'),
    ),
  ])
  return runs.flatMap((run) => {
    const [own, toCome = 0] = [counts.get(run.run), targets.get(run.run)]
    if (!own && toCome === 0) return []
    const ended = Object.values(own ?? {}).reduce((sum, count) => sum + count, 0)
    const devices = Math.max(ended, toCome)
    const none = Object.fromEntries(Object.keys(run.counts).map((state) => [state, 0])) as RunSummary['counts']
    // What it came to in all tells of the others.
    return [{ ...run, devices, counts: { ...none, ...own }, exit_code: null }]
  })
}

/** How many devices of theirs runs in progress are to work on: before the first has ended nothing else tells of it. */
async function targetsSeen(
  { store, picture }: Sight,
  runs: readonly RunSummary[],
): Promise<ReadonlyMap<string, number>> {
  const counted = runs.map(async ({ run }) => {
    const targets = await store.reads.ofTypes(run, ['run.targets'])
    const own = new Set(targets.flatMap(({ devices }) => devices.filter((name) => picture.devices.has(name))))
    return [run, own.size] as const
  })
  return new Map(await Promise.all(counted))
}

/** What else names devices and stores that somebody does not see, such as a reason that lies with another till. */
export function withoutOthers<T extends JsonValue>(sight: Sight, value: T): T {
  if (sight.isWhole) return value
  return mapped(value, (text) => text.replace(NAMES, (run) => withoutHidden(sight, run))) as T
}

/** Where names of devices and stores may stand: ids have dots, too, as sentences and file names around them do. */
const NAMES = /[\p{L}\p{N}_./-]+/gu
const PART = /[^./]+|[./]/g

/** Of all readings of a run of parts the longest that is a name counts. */
function withoutHidden(sight: Sight, run: string): string {
  const parts = run.match(PART) ?? []
  const most = mostParts(sight.fleet)
  let kept = ''
  for (let from = 0; from < parts.length; ) {
    let to = Math.min(parts.length, from + most)
    while (to > from + 1 && known(sight, parts.slice(from, to).join('')) === undefined) to -= 1
    const name = parts.slice(from, to).join('')
    kept += known(sight, name) === 'hidden' ? '…' : name
    from = to
  }
  return kept
}

const partsOf = new WeakMap<Fleet, number>()

/** How many parts the longest name has: few, so that what a device has printed is looked through quickly. */
function mostParts(fleet: Fleet): number {
  const counted = partsOf.get(fleet)
  if (counted !== undefined) return counted
  let most = 1
  for (const names of [fleet.stores, fleet.devices])
    for (const name of names.keys()) most = Math.max(most, name.match(PART)?.length ?? 0)
  partsOf.set(fleet, most)
  return most
}

function known({ fleet, picture }: Sight, name: string): 'seen' | 'hidden' | undefined {
  const [all, seen] = name.includes('/') ? [fleet.devices, picture.devices] : [fleet.stores, picture.stores]
  if (!all.has(name)) return undefined
  return seen.has(name) ? 'seen' : 'hidden'
}

function mapped(value: JsonValue, of: (text: string) => string): JsonValue {
  if (typeof value === 'string') return of(value)
  if (Array.isArray(value)) return value.map((one) => mapped(one, of))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one, of)]))
}
