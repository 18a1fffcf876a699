import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { OverlayDevice, SandboxOverlay } from '../../sandbox/index.ts'

/** The fleet as the sandbox serves it: its devices only, at their loopback addresses. No other device can be reached. */
export async function sandboxFleet(fleet: Fleet, folder: string): Promise<Fleet> {
  // Only who asks for a sandbox pays for loading it.
  const { runningOverlay } = await import('./sandbox-control.ts')
  const overlay = runningOverlay(folder)
  const devices = new Map<string, Device>()
  for (const name of fleet.devices.keys()) {
    const place = overlay.devices[name]
    const device = place && fleet.devices.get(name)
    if (device) devices.set(name, atPlace(device, place, overlay))
  }
  return { ...fleet, devices }
}

function atPlace(device: Device, place: OverlayDevice, overlay: SandboxOverlay): Device {
  const { address, port } = place
  if (place.printer) return { ...device, address, transport: { type: 'none' }, vars: printerVars(device, port) }
  const { via: _via, become: _become, password: _password, passphrase: _passphrase, ...wider } = device.transport
  const { prompts: _prompts, ...transport } = wider
  if (place.winrm) {
    const { user, password_file } = overlay.windows
    const password = { secret: `file:${password_file}` }
    const { type, scripts, timeouts_ms, keep_alive_ms, max_output_bytes } = transport
    const kept = {
      ...(scripts && { scripts }),
      ...(timeouts_ms && { timeouts_ms }),
      ...(keep_alive_ms !== undefined && { keep_alive_ms }),
      ...(max_output_bytes !== undefined && { max_output_bytes }),
    }
    return { ...device, address, transport: { type, port, user, password, https: false, auth: 'ntlm', ...kept } }
  }
  if (place.host_key === undefined) return { ...device, address, transport: { ...device.transport, port } }
  const login = { user: overlay.user, keys: [overlay.key], host_keys: [place.host_key] }
  return { ...device, address, transport: { ...transport, port, ...login } }
}

/** Printers are on a port of their own here, also those that hang on a serial or USB port of a till. */
function printerVars({ vars }: Device, port: number): JsonObject {
  const moved = Object.entries(vars).filter(([name]) => name === 'printer' || name === 'fiscal')
  const places = Object.fromEntries(
    moved.map(([name, value]) => {
      const { serial: _serial, usb: _usb, baud: _baud, ...kept } = value as JsonObject
      return [name, { ...kept, port }]
    }),
  )
  return { ...vars, ...places }
}
