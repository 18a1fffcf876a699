import type { Alert } from '../core/alert.ts'
import type { Device, Fleet } from '../core/fleet.ts'

/** What an alert is about, or why that cannot be said. Nothing is guessed. */
export type Found =
  | { readonly ok: true; readonly device: Device | null; readonly store: string | null }
  | { readonly ok: false; readonly why: string }

/** What names a device or a store. */
export type Named = Pick<Alert, 'device' | 'store' | 'hosts'>

/** Names of devices as monitoring knows them. */
export interface DeviceIndex {
  /** What `reach` does not allow is not there. */
  find(alert: Named, reach?: (device: Device) => boolean): Found
}

/**
 * Devices by full name, by address, and by the names that `hostnames` gives each of them. A name that several devices have
 * finds none of them.
 */
export function indexDevices(fleet: Fleet, hostnames: (device: Device) => readonly string[]): DeviceIndex {
  const byName = new Map<string, Device[]>()
  for (const device of fleet.devices.values()) {
    const names = new Set([device.name, device.address, ...hostnames(device)].map(canonical))
    for (const name of names) {
      if (name === '') continue
      const known = byName.get(name)
      if (known) known.push(device)
      else byName.set(name, [device])
    }
  }
  return { find: (alert, reach) => find(alert, { fleet, byName, reach }) }
}

interface Known {
  readonly fleet: Fleet
  readonly byName: ReadonlyMap<string, readonly Device[]>
  readonly reach: ((device: Device) => boolean) | undefined
}

function find(alert: Named, known: Known): Found {
  if (alert.device === undefined) return byHosts(alert, known)
  const named = deviceNamed(alert, { ...known, name: alert.device })
  if (named.ok || isFullName(alert.device) || alert.hosts.length === 0) return named
  // `device` may be a disk or a network card of the host: exporters have such labels.
  const hosted = byHosts(alert, known)
  return hosted.ok ? hosted : named
}

/** STORE/DEVICE, as no disk or network card is called: /dev/sda1, md0, eth0. */
function isFullName(name: string): boolean {
  return /^[^/]+\/[^/]+$/.test(name)
}

function byHosts(alert: Named, { fleet, byName, reach }: Known): Found {
  const named = alert.hosts.flatMap((host) => byName.get(canonical(host)) ?? [])
  const hits = new Set(reach ? named.filter(reach) : named)
  const [hit] = hits
  if (hits.size > 1) {
    return { ok: false, why: `Several devices go by ${quoted(alert.hosts)}; tell the device by its full name.` }
  }
  if (hit) {
    const elsewhere = alert.store !== undefined && alert.store !== hit.store
    return elsewhere
      ? { ok: false, why: `${quoted(alert.hosts)} is ${hit.name}, which is not in the store "${alert.store}".` }
      : { ok: true, device: hit, store: hit.store }
  }
  if (alert.hosts.length > 0) return { ok: false, why: `No device of the inventory goes by ${quoted(alert.hosts)}.` }
  if (alert.store === undefined) return { ok: false, why: 'It names neither a device nor a store.' }
  const store = fleet.stores.get(alert.store)
  if (!store || (reach && !store.devices.some(reach)))
    return { ok: false, why: `There is no store "${alert.store}" in the inventory.` }
  return { ok: true, device: null, store: alert.store }
}

/** A device that is named is that one: by its full name, or by its id beside its store. */
function deviceNamed(
  alert: Named,
  { fleet, reach, name }: Pick<Known, 'fleet' | 'reach'> & { readonly name: string },
): Found {
  const device = fleet.devices.get(name) ?? fleet.devices.get(`${alert.store ?? ''}/${name}`)
  if (device && (reach === undefined || reach(device))) return { ok: true, device, store: device.store }
  return {
    ok: false,
    why: `There is no device "${name}" in the inventory${alert.store === undefined ? '' : ` of ${alert.store}`}.`,
  }
}

function canonical(name: string): string {
  return name.trim().toLowerCase()
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
