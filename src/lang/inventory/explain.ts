import type { Device, Fleet, Store } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Sourced } from '../../core/source.ts'
import { dotted, explainCascade } from './cascade.ts'
import type { Catalogs } from './catalogs.ts'
import { devicePlace, inside, type Place } from './findings.ts'
import type { InventoryFile, WrittenLevel, WrittenStore } from './inventory-file.ts'

/** What explaining looks at, beside the catalogues. */
export interface ExplainedFleet {
  readonly stores: ReadonlyMap<string, Store>
  readonly places: ReadonlyMap<string, Place>
  readonly written: ReadonlyMap<string, WrittenStore>
  readonly devices: ReadonlyMap<
    string,
    { readonly device: Device; readonly written: WrittenLevel; readonly file: InventoryFile }
  >
}

interface NamedLevel {
  readonly name: string
  readonly value: WrittenLevel | undefined
  readonly place: Place | undefined
}

type Values = Map<string, Sourced<JsonValue>>

/** Answers where the effective values of a device, or of a store, came from; empty for a name that is neither. */
export function explainer(catalogs: Catalogs, fleet: ExplainedFleet): Fleet['explain'] {
  return (name) => {
    const values: Values = new Map()
    const built = fleet.devices.get(name)
    const store = fleet.stores.get(built?.device.store ?? name)
    if (store === undefined) return values
    if (built === undefined) {
      explainStore(store, storeLevels(store, catalogs, fleet), values)
      return values
    }
    const profile = catalogs.profiles.get(built.device.profile)
    const levels = [
      ...storeLevels(store, catalogs, fleet),
      { name: `profile ${built.device.profile}`, value: profile?.value, place: profile?.place },
      {
        name: `device ${name}`,
        value: built.written,
        place: devicePlace(built.file, built.device.store, built.device.id),
      },
    ]
    explainDevice(built.device, levels, values)
    return values
  }
}

function storeLevels(store: Store, catalogs: Catalogs, fleet: ExplainedFleet): readonly NamedLevel[] {
  const region = catalogs.regions.get(store.region)
  return [
    { name: 'fleet', value: catalogs.fleet?.value, place: catalogs.fleet?.place },
    { name: `region ${store.region}`, value: region?.value, place: region?.place },
    { name: `store ${store.id}`, value: fleet.written.get(store.id), place: fleet.places.get(store.id) },
  ]
}

function explainDevice(device: Device, levels: readonly NamedLevel[], into: Values): void {
  const own = levels.at(-1)
  const profile = levels.at(-2)
  for (const key of ['profile', 'address', 'attached_to', 'note'] as const) {
    const value = device[key]
    if (value !== undefined && value !== '') put(key, value, own, into)
  }
  put('kind', device.kind, profile, into)
  cascade('os', levels.slice(-2), into)
  if (device.tags.length > 0) put('tags', device.tags, hasOwn(own, 'tags') ? own : profile, into)
  cascade('transport', levels, into)
  if (device.transport.via === undefined) into.delete('transport.via')
  if (!into.has('transport.type')) into.set('transport.type', { value: device.transport.type, level: 'default' })
  cascade('vars', levels, into)
}

function explainStore(store: Store, levels: readonly NamedLevel[], into: Values): void {
  const own = levels.at(-1)
  const fleet = levels[0]
  for (const key of ['name', 'region', 'address', 'link', 'gateway', 'owner', 'tags'] as const) {
    const value = store[key] as JsonValue | undefined
    if (value === undefined) continue
    if (hasOwn(own, key)) put(key, value, own, into)
    else if (key === 'region') put(key, value, own && { ...own, name: 'file', place: fileOf(own) }, into)
  }
  put('time_zone', store.time_zone, hasOwn(own, 'time_zone') ? own : fleet, into)
  // As written: a calendar has the holidays of years.
  const hours = (own?.value as WrittenStore | undefined)?.hours as JsonValue | undefined
  if (hours === undefined) into.set('hours', { value: 'always open', level: 'default' })
  else put('hours', hours, own, into)
  cascade('transport', levels, into)
  cascade('vars', levels, into)
}

function fileOf(level: NamedLevel): Place | undefined {
  return level.place && { file: level.place.file, path: [] }
}

function hasOwn(level: NamedLevel | undefined, key: string): boolean {
  return level?.value !== undefined && Object.hasOwn(level.value, key)
}

function put(key: string, value: JsonValue, level: NamedLevel | undefined, into: Values): void {
  into.set(key, sourced(value, level, [key]))
}

function sourced(value: JsonValue, level: NamedLevel | undefined, path: readonly string[]): Sourced<JsonValue> {
  const place = level?.place && inside(level.place, ...path)
  return { value, level: level?.name ?? 'default', ...(place && { source: place.file.rangeAt(place.path) }) }
}

function cascade(key: 'vars' | 'transport' | 'os', levels: readonly NamedLevel[], into: Values): void {
  const values = levels.map(
    (level) => (level.value as Readonly<Record<string, JsonObject | undefined>> | undefined)?.[key],
  )
  for (const { value, level, path } of explainCascade(values)) {
    into.set(dotted([key, ...path]), sourced(value, levels[level], [key, ...path]))
  }
}
