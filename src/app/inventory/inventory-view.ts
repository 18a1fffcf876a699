import { relative } from 'node:path'
import { type Diagnostic, InputError } from '../../core/diagnostic.ts'
import type { Device, Fleet, Store } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Sourced, SourceRange } from '../../core/source.ts'
import { suggest } from '../../lang/suggest.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'

/** A device as programs read it: all of the inventory's facts, its place relative to the repository. */
export function deviceJson(device: Device, root: string): object {
  return { ...device, source: placeJson(device.source, root) }
}

function placeJson(source: SourceRange, root: string): object {
  return { file: relative(root, source.file), line: source.line, column: source.column }
}

const DEVICE_COLUMNS: readonly TableColumn<Device>[] = [
  { title: 'DEVICE', value: (device) => device.name, whole: true },
  { title: 'KIND', value: (device) => device.kind },
  { title: 'OS', value: ({ os }) => systemOf(os), flexible: true, spare: 4 },
  {
    title: 'ADDRESS',
    value: (device) => device.address || `on ${device.attached_to ?? 'this machine'}`,
    flexible: true,
  },
  {
    title: 'BY',
    value: ({ transport }) => (transport.via === undefined ? transport.type : `${transport.type} via ${transport.via}`),
    flexible: true,
    spare: 3,
  },
  { title: 'REGION', value: (device) => device.region, flexible: true, spare: 2 },
  { title: 'PROFILE', value: (device) => device.profile, flexible: true, spare: 5 },
  { title: 'TAGS', value: (device) => device.tags.join(','), flexible: true, spare: 1 },
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

const VALUE_COLUMNS: readonly TableColumn<ShownValue>[] = [
  { title: 'VALUE', value: ({ path }) => path },
  { title: 'IS', value: ({ value }) => (typeof value === 'string' ? value : JSON.stringify(value)), flexible: true },
  { title: 'FROM', value: ({ level }) => level, flexible: true, spare: 1 },
]

/** Devices as a table; without `width` nothing is cut. Columns without any content are left out. */
export function devicesTable(devices: readonly Device[], width: number | undefined): string {
  return tableOf(devices, DEVICE_COLUMNS, width)
}

/** Effective values as a table, with the file below `root` and the line that each stands in. */
export function valuesTable(values: readonly ShownValue[], root: string, width: number | undefined): string {
  const place = ({ source }: ShownValue): string => (source ? `${relative(root, source.file)}:${source.line}` : '')
  return tableOf(values, [...VALUE_COLUMNS, { title: 'WRITTEN IN', value: place, whole: true }], width)
}

function tableOf<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], width: number | undefined): string {
  const used = columns.filter(({ value }) => rows.some((row) => value(row) !== ''))
  return `${formatTable(rows, used, { width }).join('\n')}\n`
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
