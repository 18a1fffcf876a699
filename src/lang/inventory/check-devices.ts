import type { Device, Store } from '../../core/fleet.ts'
import { meantKey } from '../foreign-keys.ts'
import { DEVICE } from '../schema/inventory.ts'
import { didYouMean } from '../suggest.ts'
import { addressFault, canonicalAddress } from './address.ts'
import { checkOpenssh, checkPrompts } from './check-login.ts'
import { devicePlace, type Findings, inside, listed, type Place, shortPlace } from './findings.ts'
import type { SourceFile, Ties } from './inventory-file.ts'
import type { BuiltDevice } from './store-builder.ts'

/** All devices, and the ids that stores have, also of devices that could not be built. */
export interface BuiltFleet {
  readonly stores: ReadonlyMap<string, Store>
  readonly places: ReadonlyMap<string, Place>
  readonly devices: ReadonlyMap<string, BuiltDevice>
  readonly deviceIds: ReadonlyMap<string, ReadonlySet<string>>
  readonly complete: boolean
}

const USUAL_PORT: Readonly<Record<string, string>> = { ssh: '22', openssh: '22', winrm: '5985' }

/** Checks what devices say of one another and of their addresses; returns that, file by file. */
export function checkDevices(fleet: BuiltFleet, findings: Findings): ReadonlyMap<SourceFile, Ties> {
  for (const [id, store] of fleet.stores) checkGateway(id, store, fleet, findings)
  const vias = new Map<string, string>()
  const addresses = new Map<string, BuiltDevice>()
  for (const built of fleet.devices.values()) {
    checkAttachment(built, fleet, findings)
    const via = viaOf(built, fleet, findings)
    if (via !== undefined) vias.set(built.device.name, via)
    checkAddress(built, via, { addresses, findings })
    checkWinRm(built, findings)
    checkOpenssh(built, findings)
    checkPrompts(built, findings)
  }
  checkCircles(vias, fleet, findings)
  return tiesOf(vias, addresses, fleet)
}

function tiesOf(
  vias: ReadonlyMap<string, string>,
  addresses: ReadonlyMap<string, BuiltDevice>,
  fleet: BuiltFleet,
): ReadonlyMap<SourceFile, Ties> {
  const found = new Map<SourceFile, { readonly addresses: string[]; readonly through: Set<string> }>()
  const of = (file: SourceFile) => {
    const ties = found.get(file) ?? { addresses: [], through: new Set() }
    found.set(file, ties)
    return ties
  }
  for (const [address, { file }] of addresses) of(file).addresses.push(address)
  for (const [name, via] of vias) {
    const [built, other] = [fleet.devices.get(name), via.slice(0, via.indexOf('/'))]
    if (built && built.device.store !== other) of(built.file).through.add(other)
  }
  return new Map([...found].map(([file, { addresses, through }]) => [file, { addresses, through: [...through] }]))
}

function checkGateway(id: string, store: Store, fleet: BuiltFleet, findings: Findings): void {
  const place = fleet.places.get(id)
  const ids = fleet.deviceIds.get(id)
  if (store.gateway === undefined || !place || !ids || ids.has(store.gateway)) return
  findings.error('INV_REFERENCE_UNKNOWN', inside(place, 'gateway'), unknownDevice(store.gateway, id, ids))
}

function unknownDevice(name: string, store: string, ids: ReadonlySet<string>): Parameters<Findings['error']>[2] {
  const detail = ids.size === 0 ? 'The store has no devices.' : `It has: ${listed(ids)}.`
  return { summary: `The store "${store}" has no device "${name}"`, detail, ...didYouMean(name, ids) }
}

function checkAttachment({ device, file }: BuiltDevice, fleet: BuiltFleet, findings: Findings): void {
  const target = device.attached_to
  if (target === undefined) return
  const ids = fleet.deviceIds.get(device.store) ?? new Set()
  const at = inside(devicePlace(file, device.store, device.id), 'attached_to')
  if (target === device.id) {
    const detail = 'Name the device whose serial or USB port it hangs on.'
    findings.error('INV_REFERENCE_UNKNOWN', at, { summary: `"${device.name}" is attached to itself`, detail })
  } else if (!ids.has(target)) findings.error('INV_REFERENCE_UNKNOWN', at, unknownDevice(target, device.store, ids))
}

/** The full name of the device through which this one is reached; undefined when there is none, or none that exists. */
function viaOf(built: BuiltDevice, fleet: BuiltFleet, findings: Findings): string | undefined {
  const { device } = built
  const written = device.transport.via
  if (written === undefined) return undefined
  const store = fleet.stores.get(device.store)
  const id = written === 'gateway' ? store?.gateway : written
  if (id === undefined) {
    const detail = 'Name it with `gateway: ID` in the store, or give `via` the id of a device.'
    const summary = `"${device.name}" is reached via the gateway, but the store has none`
    findings.error('INV_REFERENCE_UNKNOWN', viaPlace(built), { summary, detail })
    return undefined
  }
  const name = id.includes('/') ? id : `${device.store}/${id}`
  const target = fleet.devices.get(name)
  if (target === undefined) {
    if (written !== 'gateway' && !isDeclared(name, fleet)) {
      findings.error('INV_REFERENCE_UNKNOWN', viaPlace(built), unknownVia(written, device, fleet))
    }
    return undefined
  }
  if (target.device.transport.type !== 'ssh') {
    const summary = `"${device.name}" is reached via "${name}", which is reached by ${target.device.transport.type}`
    const detail = 'Only a device that is reached by ssh leads on to others.'
    findings.error('SCHEMA_VALUE_INVALID', viaPlace(built), { summary, detail })
  }
  return name
}

function isDeclared(name: string, fleet: BuiltFleet): boolean {
  const slash = name.indexOf('/')
  const ids = fleet.deviceIds.get(name.slice(0, slash))
  return ids ? ids.has(name.slice(slash + 1)) : !fleet.complete
}

function unknownVia(written: string, device: Device, fleet: BuiltFleet): Parameters<Findings['error']>[2] {
  if (!written.includes('/')) {
    return unknownDevice(written, device.store, new Set([...(fleet.deviceIds.get(device.store) ?? []), 'gateway']))
  }
  const detail = 'Write `gateway`, the id of a device of the same store, or the full name of another device.'
  return { summary: `There is no device "${written}"`, detail, ...didYouMean(written, fleet.devices.keys()) }
}

/** The device's own line; where `via` comes from a wider level, that is its id. */
function viaPlace(built: BuiltDevice): Place {
  const { written } = built
  const place = placeOf(built)
  return written.transport?.['via'] === undefined ? place : inside(place, 'transport', 'via')
}

function placeOf({ device, file }: BuiltDevice): Place {
  return devicePlace(file, device.store, device.id)
}

function checkAddress(
  built: BuiltDevice,
  via: string | undefined,
  state: { readonly addresses: Map<string, BuiltDevice>; readonly findings: Findings },
): void {
  const { device, written } = built
  const { type } = device.transport
  if (written.address === undefined) {
    checkAbsence(built, state.findings)
    return
  }
  const fault = addressFault(device.address)
  if (fault !== undefined) {
    const summary = `"${device.address}" is neither a host name nor an IP address`
    state.findings.error('SCHEMA_VALUE_INVALID', inside(placeOf(built), 'address'), { summary, detail: fault })
    return
  }
  if (type === 'local') return
  const usual = type === 'winrm' && device.transport.https === true ? '5986' : USUAL_PORT[type]
  const port = device.transport.port ?? usual ?? type
  const key = `${canonicalAddress(device.address)}|${port}|${via ?? ''}`
  const first = state.addresses.get(key)
  if (first === undefined) {
    state.addresses.set(key, built)
    return
  }
  const detail = `The other one stands in ${shortPlace(placeOf(first))}. One address reaches one device: one of the two is wrong.`
  const summary = `"${device.name}" has the address of "${first.device.name}", ${device.address}`
  state.findings.error('INV_ADDRESS_DUPLICATE', inside(placeOf(built), 'address'), { summary, detail })
}

/** Over plain HTTP nothing but NTLM is safe; a certificate needs its key. */
function checkWinRm(built: BuiltDevice, findings: Findings): void {
  const { type, auth = 'ntlm', https, port, client_certificate, client_key } = built.device.transport
  if (type !== 'winrm' || auth === 'ntlm') return
  const isWritten = built.written.transport?.['auth'] !== undefined
  const place = isWritten ? inside(placeOf(built), 'transport', 'auth') : placeOf(built)
  if (!(https ?? port === 5986)) {
    const summary = `"${built.device.name}" logs in by ${auth}, but not over HTTPS`
    const detail = 'Write `https: true`, or log in by ntlm, which seals every message.'
    findings.error('SCHEMA_VALUE_INVALID', place, { summary, detail })
  }
  if (auth === 'certificate' && (client_certificate === undefined || client_key === undefined)) {
    const summary = `"${built.device.name}" logs in by a certificate that is not named`
    const detail = 'Name its files with `client_certificate` and `client_key`.'
    findings.error('SCHEMA_KEY_MISSING', place, { summary, detail })
  }
}

/** Only what hangs on another device, or is this machine, needs no address. */
function checkAbsence(built: BuiltDevice, findings: Findings): void {
  const { device, written } = built
  const { type } = device.transport
  const isReached = type === 'ssh' || type === 'openssh' || type === 'winrm'
  // It stands there under another name, of which is told.
  if (Object.keys(written).some((key) => meantKey(key, Object.keys(DEVICE.properties)).own === 'address')) return
  if ('address' in written || type === 'local' || (device.attached_to !== undefined && !isReached)) return
  const detail = isReached
    ? `It is reached by ${type}, which needs a host name or an IP address, as in "address: 10.4.12.11".`
    : 'Give it a host name or an IP address, or name the device that it hangs on with `attached_to`.'
  const summary = `"${device.name}" has no "address"`
  findings.error('SCHEMA_KEY_MISSING', placeOf(built), { part: 'key', summary, detail })
}

function checkCircles(vias: ReadonlyMap<string, string>, fleet: BuiltFleet, findings: Findings): void {
  const settled = new Set<string>()
  for (const start of vias.keys()) {
    const way: string[] = []
    let name: string | undefined = start
    while (name !== undefined && !settled.has(name) && !way.includes(name)) {
      way.push(name)
      name = vias.get(name)
    }
    const circle = name === undefined || settled.has(name) ? [] : way.slice(way.indexOf(name))
    for (const step of way) settled.add(step)
    const built = circle[0] === undefined ? undefined : fleet.devices.get(circle[0])
    if (!built) continue
    const summary = `"${built.device.name}" is reached through itself`
    const detail = `The way is ${[...circle, circle[0]].join(' via ')}. One of them must be reached without the others.`
    findings.error('INV_VIA_CYCLE', viaPlace(built), { part: 'value', summary, detail })
  }
}
