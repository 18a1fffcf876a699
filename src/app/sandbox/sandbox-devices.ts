import type { Device } from '../../core/fleet.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import {
  type DeviceSpec,
  EMULATORS,
  type FlavourName,
  type ListenerSpec,
  type PrinterSpec,
  type WindowsSpec,
} from '../../sandbox/index.ts'

/** What a sandbox serves of a selection of devices, and how many it cannot, by the reason. */
export interface SandboxSelection {
  readonly devices: readonly DeviceSpec[]
  readonly windows: readonly WindowsSpec[]
  readonly printers: readonly PrinterSpec[]
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

/** Devices with a shell as they are; printers by their protocol; for the rest something that listens on their port. */
export function sandboxSelection(
  devices: readonly Device[],
  timeZoneOf: (device: Device) => string | undefined,
): SandboxSelection {
  const left: Record<string, number> = {}
  const served: DeviceSpec[] = []
  const windows: WindowsSpec[] = []
  const printers: PrinterSpec[] = []
  const listeners: ListenerSpec[] = []
  for (const device of devices) {
    const port = portOf(device)
    const printer = printerOf(device, timeZoneOf(device) ?? 'UTC')
    if (device.transport.type === 'ssh' && device.os.family === 'linux') served.push(specOf(device))
    else if (device.os.family === 'windows' && isWindowsWay(device.transport.type))
      windows.push({ ...commonOf(device), by: device.transport.type })
    else if (printer) printers.push(printer)
    else if (device.transport.type === 'none' && port !== undefined)
      listeners.push({ name: device.name, ports: [port] })
    else {
      const reason = reasonOf(device)
      left[reason] = (left[reason] ?? 0) + 1
    }
  }
  return { devices: served, windows, printers, listeners, left_out: left }
}

function isWindowsWay(type: Device['transport']['type']): type is WindowsSpec['by'] {
  return type === 'winrm' || type === 'ssh'
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

/** A printer or vending machine that speaks what the sandbox speaks too, whatever it hangs on. */
function printerOf({ name, transport, vars }: Device, timeZone: string): PrinterSpec | undefined {
  const audit = mapIn(mapIn(vars['vending'])?.['audit'])
  const described = mapIn(vars['fiscal']) ?? mapIn(vars['printer']) ?? audit
  if (transport.type !== 'none' || !described) return undefined
  const protocol = textIn(described['protocol']) ?? textIn(described['language']) ?? (audit ? 'eva-dts' : '')
  const emulator = EMULATORS[protocol]
  if (!emulator) return undefined
  return {
    name,
    protocol,
    port: portIn(described) ?? emulator.port,
    vendor: textIn(described['vendor']) ?? 'unknown',
    model: textIn(described['model']) ?? 'unknown',
    serial: textIn(described['serial_number']) ?? `S${name.replace(/\W/g, '')}`,
    uniqueNumber: textIn(described['unique_number']) ?? '',
    timeZone,
  }
}

function mapIn(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

function textIn(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function portOf(device: Device): number | undefined {
  if (device.address === '') return undefined
  const written = [device.vars['printer'], device.vars['fiscal'], device.vars['terminal']].map(portIn)
  return written.find((port) => port !== undefined) ?? device.transport.port ?? USUAL_PORT[device.kind]
}

function portIn(value: JsonValue | undefined): number | undefined {
  const port = mapIn(value)?.['port']
  return typeof port === 'number' ? port : undefined
}

function reasonOf(device: Device): string {
  if (device.transport.type === 'none')
    return `${device.kind} ${device.address === '' ? 'without an address' : 'without a known port'}`
  return `${device.os.family} by ${device.transport.type}`
}
