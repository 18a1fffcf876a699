import type { Alert } from '../core/alert.ts'
import type { Device, Fleet } from '../core/fleet.ts'

/** What an alert is about, or why that cannot be said. Nothing is guessed. */
export type Found =
  | { readonly ok: true; readonly device: Device | null; readonly store: string | null }
  | { readonly ok: false; readonly why: string }

/** Names of devices as monitoring knows them. */
export interface DeviceIndex {
  find(alert: Alert): Found
}

/**
 * Devices by full name, by address, and by the names that `hostnames` gives each of them. A name that several devices have
 * finds none of them.
 */
export function indexDevices(fleet: Fleet, hostnames: (device: Device) => readonly string[]): DeviceIndex {
  const byName = new Map<string, Device | 'several'>()
  for (const device of fleet.devices.values()) {
    const names = new Set([device.name, device.address, ...hostnames(device)].map(canonical))
    for (const name of names) {
      if (name !== '') byName.set(name, byName.has(name) ? 'several' : device)
    }
  }
  return { find: (alert) => find(alert, fleet, byName) }
}

function find(alert: Alert, fleet: Fleet, byName: ReadonlyMap<string, Device | 'several'>): Found {
  if (alert.device !== undefined) return named(alert, fleet, alert.device)
  const hits = new Set(alert.hosts.map((host) => byName.get(canonical(host))).filter((hit) => hit !== undefined))
  const [hit] = hits
  if (hits.size > 1 || hit === 'several') {
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
  if (!fleet.stores.has(alert.store)) return { ok: false, why: `There is no store "${alert.store}" in the inventory.` }
  return { ok: true, device: null, store: alert.store }
}

/** A device that is named is that one: by its full name, or by its id beside its store. */
function named(alert: Alert, fleet: Fleet, name: string): Found {
  const device = fleet.devices.get(name) ?? fleet.devices.get(`${alert.store ?? ''}/${name}`)
  if (device) return { ok: true, device, store: device.store }
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
