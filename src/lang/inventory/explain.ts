import type { Device, Fleet, Store } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Sourced } from '../../core/source.ts'
import { dotted, explainCascade } from './cascade.ts'
import type { Catalogs } from './catalogs.ts'
import { devicePlace, inside, type Place } from './findings.ts'
import type { WrittenLevel, WrittenStore } from './inventory-file.ts'
import type { BuiltDevice } from './store-builder.ts'

/** A store, or one of its devices, and what was written of it. */
export interface Found {
  readonly store: Store
  readonly written: WrittenStore
  readonly place: Place
  readonly device?: BuiltDevice | undefined
}

interface NamedLevel {
  readonly name: string
  readonly value: WrittenLevel | undefined
  readonly place: Place | undefined
}

type Values = Map<string, Sourced<JsonValue>>

/** Answers where the effective values of a device, or of a store, came from; empty for a name that is neither. */
export function explainer(catalogs: Catalogs, find: (name: string) => Found | undefined): Fleet['explain'] {
  return (name) => {
    const values: Values = new Map()
    const found = find(name)
    if (found?.device) explainDevice(found.device.device, deviceLevels(found, found.device, catalogs), values)
    else if (found) explainStore(found.store, storeLevels(found, catalogs), values)
    return values
  }
}

function storeLevels({ store, written, place }: Found, catalogs: Catalogs): readonly NamedLevel[] {
  const region = catalogs.regions.get(store.region)
  return [
    { name: 'fleet', value: catalogs.fleet?.value, place: catalogs.fleet?.place },
    { name: `region ${store.region}`, value: region?.value, place: region?.place },
    { name: `store ${store.id}`, value: written, place },
  ]
}

function deviceLevels(found: Found, built: BuiltDevice, catalogs: Catalogs): readonly NamedLevel[] {
  const { device, written, file } = built
  const profile = catalogs.profiles.get(device.profile)
  return [
    ...storeLevels(found, catalogs),
    { name: `profile ${device.profile}`, value: profile?.value, place: profile?.place },
    { name: `device ${device.name}`, value: written, place: devicePlace(file, device.store, device.id) },
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
