import type { Device, Fleet } from '../../../core/fleet.ts'
import { gatewayName, hostOf, neighboursOf } from '../../reach/resolve-target.ts'

/** Devices of the inventory that are needed to reach others, and the gateways of their stores. */
export function wayOf(
  fleet: Fleet,
  devices: readonly Device[],
): { readonly way: readonly Device[]; readonly gateways: Readonly<Record<string, string>> } {
  const found = new Map<string, Device>()
  const gateways: Record<string, string> = {}
  const open = [...devices]
  for (let device = open.pop(); device; device = open.pop()) {
    const gateway = fleet.stores.get(device.store)?.gateway
    if (gateway !== undefined) gateways[device.store] = gateway
    const { via } = device.transport
    const through = via === undefined ? undefined : fleet.devices.get(gatewayName(fleet, device, via))
    const next = [hostOf(fleet, device), neighboursOf(fleet, device).gateway, through]
    for (const each of next) {
      if (!each || found.has(each.name)) continue
      found.set(each.name, each)
      open.push(each)
    }
  }
  for (const { name } of devices) found.delete(name)
  return { way: [...found.values()], gateways }
}

/** As much of an inventory as reaching devices takes. */
export class PartOfFleet {
  readonly #devices = new Map<string, Device>()
  readonly #stores = new Map<string, { readonly gateway?: string }>()
  readonly fleet: Fleet

  constructor(name: string) {
    const fleet: Pick<Fleet, 'name' | 'devices'> & { readonly stores: ReadonlyMap<string, object> } = {
      name,
      devices: this.#devices,
      stores: this.#stores,
    }
    this.fleet = fleet as unknown as Fleet
  }

  add(devices: readonly Device[], gateways: Readonly<Record<string, string>>): void {
    for (const device of devices) this.#devices.set(device.name, device)
    for (const [store, gateway] of Object.entries(gateways)) this.#stores.set(store, { gateway })
  }
}
