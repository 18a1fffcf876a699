import type { Device } from '../core/fleet.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { DeviceSpec, FlavourName, ListenerSpec, WindowsSpec } from '../sandbox/index.ts'

/** What a sandbox serves of a selection of devices, and how many it cannot, by the reason. */
export interface SandboxSelection {
  readonly devices: readonly DeviceSpec[]
  readonly windows: readonly WindowsSpec[]
  readonly listeners: readonly ListenerSpec[]
  readonly left_out: Readonly<Record<string, number>>
}

const FLAVOUR_OF_DISTRIBUTION: Readonly<Record<string, FlavourName>> = {
  alpine: 'alpine',
  openwrt: 'router',
  ...{ rocky: 'redhat', rhel: 'redhat', redhat: 'redhat', centos: 'redhat', almalinux: 'redhat', fedora: 'redhat' },
}

/** The port on which a device without a shell is spoken to, where the inventory does not say. */
const USUAL_PORT: Readonly<Partial<Record<Device['kind'], number>>> = {
  'receipt-printer': 9100,
  'label-printer': 9100,
  'office-printer': 631,
}

/** The devices of the first `stores` stores, in the order of the inventory; all when it is not given. */
export function ofFirstStores(devices: readonly Device[], stores: number | undefined): readonly Device[] {
  if (stores === undefined) return devices
  const first = new Set([...new Set(devices.map((device) => device.store))].slice(0, stores))
  return devices.filter((device) => first.has(device.store))
}

/** Devices with a shell as they are; for those without one something that answers on their port. */
export function sandboxSelection(devices: readonly Device[]): SandboxSelection {
  const left: Record<string, number> = {}
  const served: DeviceSpec[] = []
  const windows: WindowsSpec[] = []
  const listeners: ListenerSpec[] = []
  for (const device of devices) {
    const port = portOf(device)
    if (device.transport.type === 'ssh' && device.os.family === 'linux') served.push(specOf(device))
    else if (device.os.family === 'windows' && (device.transport.type === 'winrm' || device.transport.type === 'ssh'))
      windows.push({ ...commonOf(device), by: device.transport.type })
    else if (device.transport.type === 'none' && port !== undefined)
      listeners.push({ name: device.name, ports: [port] })
    else {
      const reason = reasonOf(device)
      left[reason] = (left[reason] ?? 0) + 1
    }
  }
  return { devices: served, windows, listeners, left_out: left }
}

function specOf(device: Device): DeviceSpec {
  const flavour =
    FLAVOUR_OF_DISTRIBUTION[device.os.distribution?.toLowerCase() ?? ''] ??
    (device.kind === 'router' ? 'router' : 'debian')
  return { ...commonOf(device), flavour }
}

function commonOf({ name, kind, os, vars }: Device): Omit<DeviceSpec, 'flavour'> {
  const { distribution, version } = os
  return {
    name,
    kind,
    os: { ...(distribution !== undefined && { distribution }), ...(version !== undefined && { version }) },
    vars,
  }
}

function portOf(device: Device): number | undefined {
  if (device.address === '') return undefined
  const written = [device.vars['printer'], device.vars['fiscal'], device.vars['terminal']].map(portIn)
  return written.find((port) => port !== undefined) ?? device.transport.port ?? USUAL_PORT[device.kind]
}

function portIn(value: JsonValue | undefined): number | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { port } = value as JsonObject
  return typeof port === 'number' ? port : undefined
}

function reasonOf(device: Device): string {
  if (device.transport.type === 'none')
    return `${device.kind} ${device.address === '' ? 'without an address' : 'without a known port'}`
  return `${device.os.family} by ${device.transport.type}`
}
