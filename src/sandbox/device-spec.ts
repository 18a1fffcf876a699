import type { JsonObject } from '../core/json.ts'

/** What a device is like: its tools, its init system, its packages. */
export const FLAVOURS = ['debian', 'redhat', 'alpine', 'router'] as const
export type FlavourName = (typeof FLAVOURS)[number]

/** A device to imitate. */
export interface DeviceSpec {
  /** `PL-0001/pos1` */
  readonly name: string
  readonly kind: string
  readonly flavour: FlavourName
  readonly os: { readonly distribution?: string; readonly version?: string }
  /** Values of the inventory: what a device that has not drifted is like. */
  readonly vars: JsonObject
}

/** A device that has no shell: something answers on its ports, nothing more. */
export interface ListenerSpec {
  readonly name: string
  /** The first is the one that the overlay names. */
  readonly ports: readonly number[]
}

/** A printer to imitate. */
export interface PrinterSpec {
  readonly name: string
  /** One of `EMULATORS`. */
  readonly protocol: string
  readonly port: number
  readonly vendor: string
  readonly model: string
  readonly serial: string
  readonly uniqueNumber: string
  /** IANA name. */
  readonly timeZone: string
}

export interface PlacedPrinter extends PrinterSpec {
  readonly address: string
}

/** A device with its place on the loopback network. */
export interface PlacedDevice extends DeviceSpec {
  readonly address: string
  readonly port: number
}

export interface PlacedListener extends ListenerSpec {
  readonly address: string
}

/** Names of files and folders for a device; different for different devices. */
export function deviceFolder(name: string): string {
  return name.split('/').map(encodeFolder).join('/')
}

function encodeFolder(part: string): string {
  const encoded = encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return encoded.startsWith('.') ? `%2e${encoded.slice(1)}` : encoded
}

/** A Windows device to imitate. */
export interface WindowsSpec extends Omit<DeviceSpec, 'flavour'> {
  /** How it is spoken to. */
  readonly by: 'winrm' | 'ssh'
}

export interface PlacedWindows extends WindowsSpec {
  readonly address: string
  readonly port: number
}
