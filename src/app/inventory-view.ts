import { relative } from 'node:path'
import { type Diagnostic, InputError } from '../core/diagnostic.ts'
import type { Device, Fleet, Store } from '../core/fleet.ts'
import type { JsonValue } from '../core/json.ts'
import type { Sourced, SourceRange } from '../core/source.ts'
import { suggest } from '../lang/suggest.ts'
import type { Column } from './text-table.ts'

/** A device as programs read it: all of the inventory's facts, its place relative to the repository. */
export function deviceJson(device: Device, root: string): object {
  return { ...device, source: placeJson(device.source, root) }
}

function placeJson(source: SourceRange, root: string): object {
  return { file: relative(root, source.file), line: source.line, column: source.column }
}

export const DEVICE_COLUMNS: readonly Column<Device>[] = [
  { title: 'DEVICE', text: (device) => device.name },
  { title: 'KIND', text: (device) => device.kind },
  { title: 'OS', text: ({ os }) => systemOf(os), yields: 1 },
  { title: 'ADDRESS', text: (device) => device.address || `on ${device.attached_to ?? 'this machine'}` },
  {
    title: 'BY',
    text: ({ transport }) => (transport.via === undefined ? transport.type : `${transport.type} via ${transport.via}`),
    yields: 2,
  },
  { title: 'REGION', text: (device) => device.region, yields: 3 },
  { title: 'PROFILE', text: (device) => device.profile, yields: 4 },
  { title: 'TAGS', text: (device) => device.tags.join(','), yields: 5 },
]

function systemOf({ family, distribution, version }: Device['os']): string {
  return family === 'none' ? '-' : [distribution ?? family, version].filter(Boolean).join(' ')
}

/** One effective value and where it came from. */
export interface ShownValue extends Sourced<JsonValue> {
  readonly path: string
}

/** What the inventory says of a device (`PL-0412/pos1`) or of a store (`PL-0412`). */
export interface Shown {
  readonly name: string
  readonly device: Device | undefined
  readonly store: Store
  readonly values: readonly ShownValue[]
}

/** Everything that the inventory says of a name; throws InputError when there is no such device or store. */
export function explainName(fleet: Fleet, name: string): Shown {
  const device = fleet.devices.get(name)
  const store = fleet.stores.get(device?.store ?? name)
  if (store === undefined) throw new InputError([unknownName(fleet, name)])
  const values = [...fleet.explain(name)].map(([path, sourced]) => ({ path, ...sourced }))
  return { name, device, store, values }
}

function unknownName(fleet: Fleet, name: string): Diagnostic {
  const isDevice = name.includes('/')
  const store = fleet.stores.get(name.slice(0, name.indexOf('/')))
  const names = store
    ? store.devices.map((device) => device.name)
    : isDevice
      ? fleet.devices.keys()
      : fleet.stores.keys()
  const near = suggest(name, names)
  return {
    code: 'INV_REFERENCE_UNKNOWN',
    severity: 'error',
    summary: `The inventory has no ${isDevice ? 'device' : 'store'} "${name}"`,
    detail: store
      ? `The store has: ${store.devices.map((device) => device.id).join(', ') || 'no devices'}.`
      : 'Devices are named STORE/DEVICE, as in PL-0412/pos1. `till inventory list` shows all.',
    ...(near !== undefined && { hint: `did you mean "${near}"?` }),
  }
}

export const VALUE_COLUMNS: readonly Column<ShownValue>[] = [
  { title: 'VALUE', text: ({ path }) => path },
  { title: 'IS', text: ({ value }) => (typeof value === 'string' ? value : JSON.stringify(value)), yields: 2 },
  { title: 'FROM', text: ({ level }) => level, yields: 1 },
]

/** The same with the file and line that each value stands in, below `root`. */
export function valueColumns(root: string): readonly Column<ShownValue>[] {
  const place = ({ source }: ShownValue): string => (source ? `${relative(root, source.file)}:${source.line}` : '')
  return [...VALUE_COLUMNS, { title: 'WRITTEN IN', text: place, yields: 3 }]
}

/** What was shown, as programs read it. */
export function shownJson(shown: Shown, root: string): object {
  const values = shown.values.map(({ path, value, level, source }) => ({
    path,
    value,
    level,
    ...(source && { source: placeJson(source, root) }),
  }))
  const { devices, source, ...store } = shown.store
  return {
    schema: 'till.inventory.explained/1',
    name: shown.name,
    ...(shown.device
      ? { device: deviceJson(shown.device, root) }
      : { store: { ...store, source: placeJson(source, root), devices: devices.map((device) => device.name) } }),
    values,
  }
}
