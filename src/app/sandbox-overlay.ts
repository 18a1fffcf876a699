import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../core/diagnostic.ts'
import type { Device, Fleet } from '../core/fleet.ts'

/** What a running sandbox says of the devices that it imitates. */
export interface SandboxOverlay {
  readonly pid: number
  readonly key: string
  readonly user: string
  readonly devices: Readonly<
    Record<string, { readonly address: string; readonly port: number; readonly host_key?: string }>
  >
}

/** The fleet as the sandbox serves it: its devices only, at their loopback addresses. No other device can be reached. */
export async function sandboxFleet(fleet: Fleet, folder: string): Promise<Fleet> {
  const overlay = await readOverlay(folder)
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

async function readOverlay(folder: string): Promise<SandboxOverlay> {
  const file = join(folder, 'overlay.json')
  const overlay = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as SandboxOverlay,
    () => undefined,
  )
  if (overlay && alive(overlay.pid)) return overlay
  throw new InputError([
    {
      code: 'SANDBOX_MISSING',
      severity: 'error',
      summary: 'No sandbox is running for this repository',
      detail: 'Start one with `till sandbox up --detach`.',
    },
  ])
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
