import { stringify } from 'yaml'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ImportedDevice, ImportedStore } from './imported-device.ts'

export interface ImportedFleet {
  readonly region: string
  readonly devices: readonly ImportedDevice[]
  readonly stores?: ReadonlyMap<string, ImportedStore>
  /** For stores, where the fleet has none. */
  readonly timeZone?: string | undefined
}

export interface ImportedText {
  readonly text: string
  readonly diagnostics: readonly Diagnostic[]
  /** Where that stands in what is imported which a line of the text was made of. */
  readonly placeOf: (line: number) => ImportedDevice['place']
}

/**
 * An inventory file of ours. Values and settings that all devices of a store, or of the region, have in common stand there
 * once. Devices of one name in one store are a mistake of what was imported.
 */
export function importedText(fleet: ImportedFleet, origin: string): ImportedText {
  const { region, devices } = fleet
  const diagnostics = duplicates(devices)
  const shared = commonOf(devices.map(({ vars, transport }) => ({ vars, transport })))
  const profiles = new Map(devices.map((device) => [profileOf(region, device), device]))
  const members = new Map<string, ImportedDevice[]>()
  for (const device of devices)
    members
      .set(device.store, members.get(device.store) ?? [])
      .get(device.store)
      ?.push(device)
  const document = {
    region,
    regions: { [region]: { name: region, ...written(shared) } },
    profiles: Object.fromEntries([...profiles].map(([id, { kind, family }]) => [id, { kind, os: { family } }])),
    stores: Object.fromEntries([...members].map(([id, own]) => [id, storeOf({ id, own }, fleet, shared)])),
  }
  const head = `# yaml-language-server: $schema=../schemas/inventory.schema.json\n# Imported from ${origin.replace(/[\r\n]/g, ' ')}.\n`
  const text = head + stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 })
  return { text, diagnostics, placeOf: (line) => deviceAt(text.split('\n').slice(0, line), devices)?.place }
}

/** A key of a store, and one of a device in it, as they are written above. */
const STORE_KEY = /^ {2}"?([^\s"]+)"?:/
const DEVICE_KEY = /^ {6}"?([^\s"]+)"?:/

/** The device that the last of these lines is about; the first one of the store, where it is about that. */
function deviceAt(lines: readonly string[], devices: readonly ImportedDevice[]): ImportedDevice | undefined {
  const inStores = lines.slice(lines.indexOf('stores:') + 1)
  const storeLine = inStores.findLastIndex((line) => STORE_KEY.test(line))
  const inDevices = inStores.slice(Math.max(storeLine, inStores.lastIndexOf('    devices:')))
  const store = STORE_KEY.exec(inStores[storeLine] ?? '')?.[1]
  const id = inDevices.map((line) => DEVICE_KEY.exec(line)?.[1]).findLast((key) => key !== undefined)
  const own = devices.filter((device) => device.store === store)
  return own.find((device) => device.id === id) ?? own[0]
}

interface Level {
  readonly vars: JsonObject
  readonly transport: JsonObject
}

function storeOf(
  { id, own }: { readonly id: string; readonly own: readonly ImportedDevice[] },
  { region, stores, timeZone }: ImportedFleet,
  above: Level,
): JsonObject {
  const shared = commonOf(own.map((device) => without(device, above)))
  const entries = own.map((device): [string, JsonObject] => [
    device.id,
    {
      profile: profileOf(region, device),
      ...(device.address !== undefined && device.address !== '' && { address: device.address }),
      ...(device.tags.length > 0 && { tags: [...new Set(device.tags)] }),
      ...written(without(without(device, above), shared)),
    },
  ])
  return {
    ...(timeZone !== undefined && { time_zone: timeZone }),
    ...stores?.get(id),
    ...written(shared),
    devices: Object.fromEntries(entries),
  }
}

function profileOf(region: string, { kind, family }: ImportedDevice): string {
  return `${region}-${kind}${family === 'none' ? '' : `-${family}`}`
}

/** What all have, with the same value. */
function commonOf(levels: readonly Level[]): Level {
  const common = (maps: readonly JsonObject[]): JsonObject => {
    const [first = {}, ...others] = maps
    return Object.fromEntries(
      Object.entries(first).filter(([key, value]) => others.every((map) => same(map[key], value))),
    )
  }
  return { vars: common(levels.map(({ vars }) => vars)), transport: common(levels.map(({ transport }) => transport)) }
}

function without(level: Level, above: Level): Level {
  const less = (map: JsonObject, known: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(map).filter(([key, value]) => !same(known[key], value)))
  return { vars: less(level.vars, above.vars), transport: less(level.transport, above.transport) }
}

function same(a: JsonValue | undefined, b: JsonValue): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}

function written({ vars, transport }: Level): JsonObject {
  return {
    ...(Object.keys(transport).length > 0 && { transport }),
    ...(Object.keys(vars).length > 0 && { vars }),
  }
}

function duplicates(devices: readonly ImportedDevice[]): readonly Diagnostic[] {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { store, id } of devices) (seen.has(`${store}/${id}`) ? twice : seen).add(`${store}/${id}`)
  return [...twice].map((name) => ({
    code: 'INV_DEVICE_DUPLICATE',
    severity: 'error',
    summary: `Two devices would both be "${name}"`,
    detail: 'Say how stores and devices are told apart: see --store-by of an Ansible inventory, --map of CSV.',
  }))
}
