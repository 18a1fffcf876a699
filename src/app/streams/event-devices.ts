import type { Device, Fleet } from '../../core/fleet.ts'
import type { DeviceIndex } from '../../hooks/find-device.ts'
import type { FindDevice, NamedDevice } from '../../streams/intake/map-event.ts'

/** Names that were asked for, with what they led to. */
const MOST_KNOWN = 50_000

/**
 * Finds devices by the names that their events give: the full name, the id in a store, the address, or a name of `hooks.hostnames`.
 * What `reach` does not allow is not there.
 */
export function deviceFinder(
  { fleet, devices }: { readonly fleet: Fleet; readonly devices: DeviceIndex },
  reach?: (device: Device) => boolean,
): FindDevice {
  const known = new Map<string, NamedDevice | undefined>()
  const look = (name: string, store: string | undefined): NamedDevice | undefined => {
    const named = fleet.devices.get(name) ?? (store === undefined ? undefined : fleet.devices.get(`${store}/${name}`))
    const found = named ?? indexed(devices, { name, store, reach })
    if (!found || (reach && !reach(found)) || (store !== undefined && found.store !== store)) return undefined
    return { name: found.name, timeZone: fleet.stores.get(found.store)?.time_zone ?? 'UTC' }
  }
  return (name, store) => {
    const key = `${store ?? ''}\0${name}`
    if (known.has(key)) return known.get(key)
    if (known.size >= MOST_KNOWN) known.clear()
    const found = look(name, store)
    known.set(key, found)
    return found
  }
}

function indexed(
  devices: DeviceIndex,
  {
    name,
    store,
    reach,
  }: {
    readonly name: string
    readonly store: string | undefined
    readonly reach: ((device: Device) => boolean) | undefined
  },
): Device | undefined {
  const found = devices.find({ hosts: [name], ...(store !== undefined && { store }) }, reach)
  return found.ok ? (found.device ?? undefined) : undefined
}
