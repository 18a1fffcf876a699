import type { Device, Fleet } from '../core/fleet.ts'
import type { SandboxOverlay } from '../sandbox/index.ts'

/** The fleet as the sandbox serves it: its devices only, at their loopback addresses. No other device can be reached. */
export async function sandboxFleet(fleet: Fleet, folder: string): Promise<Fleet> {
  // Only who asks for a sandbox pays for loading it.
  const { runningOverlay } = await import('./sandbox-control.ts')
  const overlay = runningOverlay(folder)
  const devices = new Map<string, Device>()
  for (const device of fleet.devices.values()) {
    const place = overlay.devices[device.name]
    if (place) devices.set(device.name, atPlace(device, place, overlay))
  }
  return { ...fleet, devices, explain: (device) => fleet.explain(device) }
}

function atPlace(device: Device, place: SandboxOverlay['devices'][string], overlay: SandboxOverlay): Device {
  if (place.host_key === undefined) {
    return { ...device, address: place.address, transport: { ...device.transport, port: place.port } }
  }
  const { via: _via, become: _become, password: _password, passphrase: _passphrase, ...transport } = device.transport
  return {
    ...device,
    address: place.address,
    transport: { ...transport, port: place.port, user: overlay.user, keys: [overlay.key], host_keys: [place.host_key] },
  }
}
