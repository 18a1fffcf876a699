import { relative } from 'node:path'
import type { Device } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { KnownMarks } from '../history/known-marks.ts'

/** A device that claims an identity, and by what. */
export interface Claim {
  readonly device: string
  /** `inventory`: written there; `seen`: read by a run; `known_hosts`: recorded when it was trusted. */
  readonly by: 'inventory' | 'seen' | 'known_hosts'
  /** Where it is written, or when it was read. */
  readonly evidence: string
}

/** One identity with several claimants. */
export interface Duplicate {
  /** `unique_number`, `serial`, `machine_id`, `hostname`, `address`, `host_key`. */
  readonly what: string
  readonly value: string
  readonly claims: readonly Claim[]
  /** What it means and what to do. */
  readonly advice: string
}

const ADVICE: Readonly<Record<string, string>> = {
  unique_number:
    'The tax office knows one device by this number: correct the inventory, or find out which device stands where.',
  serial: 'One device was moved or is written down twice: correct the inventory.',
  machine_id:
    'One is a clone of the image of the other: give it an identity of its own (systemd-machine-id-setup, sysprep).',
  hostname: 'Monitoring takes them for one host: give each a name of its own in the inventory.',
  address: 'Both are asked at one address: correct the inventory, or name the gateway of each (via).',
  host_key:
    'One is a clone of the image of the other, or both names lead to one device: make new host keys on one (ssh-keygen -A).',
}

/** What stands in place of a number where a maker had none. */
const EMPTY =
  /^(.)\1*$|^(none|null|unknown|default string|to be filled by o\.?e\.?m\.?|system serial number|not (specified|applicable|available)|0?123456789)$/i

/** Identities that more than one of the devices claims, by what they are. `hostKeys` gives the recorded keys of a device. */
export function duplicatesOf(
  devices: readonly Device[],
  known: {
    readonly marks: ReadonlyMap<string, KnownMarks>
    readonly hostKeys: (device: Device) => readonly string[]
    readonly root: string
  },
): readonly Duplicate[] {
  const groups = new Map<string, { what: string; value: string; claims: { claim: Claim; device: Device }[] }>()
  const claim = (what: string, value: string, by: { readonly claim: Claim; readonly device: Device }): void => {
    const key = `${what}\n${value.toLowerCase()}`
    const group = groups.get(key) ?? { what, value, claims: [] }
    group.claims.push(by)
    groups.set(key, group)
  }
  for (const device of devices) {
    for (const { what, value, by, evidence } of claimsOf(device, known)) {
      if (!EMPTY.test(value.trim())) claim(what, value.trim(), { claim: { device: device.name, by, evidence }, device })
    }
  }
  return [...groups.values()]
    .filter(({ claims }) => isContested(claims.map(({ device }) => device)))
    .map(({ what, value, claims }) => ({
      what,
      value,
      claims: claims.map((one) => one.claim),
      advice: ADVICE[what] ?? '',
    }))
    .sort((a, b) => (a.what + a.value < b.what + b.value ? -1 : 1))
}

/** More than one device; a printer and the till that it hangs on speak of the same thing. */
function isContested(devices: readonly Device[]): boolean {
  const apart = new Set(devices.map(({ store, id, attached_to }) => `${store}/${attached_to ?? id}`))
  return apart.size > 1
}

interface Identity extends Pick<Claim, 'by' | 'evidence'> {
  readonly what: string
  readonly value: string
}

function claimsOf(device: Device, known: Parameters<typeof duplicatesOf>[1]): readonly Identity[] {
  const { file, line } = device.source
  const written = { by: 'inventory', evidence: `${relative(known.root, file)}:${line}` } as const
  const marks = known.marks.get(device.name)
  const seen = ['unique_number', 'serial', 'machine_id'].flatMap((name): Identity[] => {
    const mark = marks?.get(name)
    return mark ? [{ what: name, value: mark.value, by: 'seen', evidence: mark.at }] : []
  })
  const named = [
    { what: 'unique_number', value: textAt(device.vars, 'fiscal', 'unique_number') },
    { what: 'hostname', value: textAt(device.vars, 'agent', 'hostname') },
    { what: 'address', value: placeOf(device) },
  ].flatMap(({ what, value }): Identity[] => (value === undefined ? [] : [{ what, value, ...written }]))
  const own = device.transport.host_keys
  const keys = (own ?? known.hostKeys(device)).map((key): Identity => {
    const value = key.split(' ').slice(0, 2).join(' ')
    return { what: 'host_key', value, ...(own ? written : { by: 'known_hosts', evidence: 'known_hosts' }) }
  })
  return [...named, ...seen, ...keys]
}

/** The same private addresses are behind the gateway of every store; a port of its own is another device. */
function placeOf({ address, store, transport: { type, via, port } }: Device): string | undefined {
  if (address === '' || type === 'local') return undefined
  return `${address}${port === undefined ? '' : `:${port}`}${via === undefined ? '' : ` via ${via} of ${store}`}`
}

function textAt(vars: JsonObject, ...path: readonly string[]): string | undefined {
  const value = path.reduce<JsonValue | undefined>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as JsonObject)[key] : undefined),
    vars,
  )
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
