import type { Phase } from './failure.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { Sourced, SourceRange } from './source.ts'

export const DEVICE_KINDS = [
  'till',
  'fiscal-printer',
  'receipt-printer',
  'label-printer',
  'office-printer',
  'payment-terminal',
  'router',
  'server',
  'vending',
] as const
export type DeviceKind = (typeof DEVICE_KINDS)[number]

export const OS_FAMILIES = ['linux', 'windows', 'none'] as const
export type OsFamily = (typeof OS_FAMILIES)[number]

/** A reference to a secret, as written in the inventory: `{ secret: "env:TILL_PASSWORD" }` or `{ secret: "file:/path" }`. */
export interface SecretReference {
  readonly secret: string
}

/** How a device is reached, after the cascade. Times are in milliseconds. */
export interface TransportSettings {
  /** `none`: has no shell and is asked directly (printers, terminals). */
  readonly type: 'ssh' | 'openssh' | 'winrm' | 'local' | 'none'
  readonly port?: number
  readonly user?: string
  /** Paths of private keys, tried in order; `~` and paths relative to the repository are resolved. */
  readonly keys?: readonly string[]
  readonly passphrase?: SecretReference
  /** Ask the agent at SSH_AUTH_SOCK. */
  readonly agent?: boolean
  readonly password?: SecretReference
  /** Answers to what keyboard-interactive asks. */
  readonly prompts?: readonly { readonly match: string; readonly answer: SecretReference }[]
  /** `ssh-ed25519 AAAA…` lines, as in known_hosts without the host. Without any, known_hosts is asked. */
  readonly host_keys?: readonly string[]
  /** The device through which this one is reached: `router1` of the same store, `gateway` for the store's own, or a full name. */
  readonly via?: string
  /** WinRM over TLS. Default: true on port 5986, false elsewhere. */
  readonly https?: boolean
  /** How to log in over WinRM. Default: `ntlm`. */
  readonly auth?: 'ntlm' | 'basic' | 'certificate' | 'kerberos'
  /** A file of certificate authorities in PEM, in place of those of this machine. */
  readonly ca?: string
  /** `sha256:…` of the certificates that are accepted, whoever signed them. */
  readonly fingerprints?: readonly string[]
  /** The name that the certificate must have, where it is not the address. */
  readonly server_name?: string
  /** How PowerShell travels to a Windows device. Default: `packed`. */
  readonly scripts?: 'packed' | 'plain'
  /** Files in PEM for `auth: certificate`. */
  readonly client_certificate?: string
  readonly client_key?: string
  /** Become root before anything else. */
  readonly become?: { readonly method: 'sudo' | 'doas'; readonly password?: SecretReference }
  readonly timeouts_ms?: Partial<Record<Phase, number>>
  readonly keep_alive_ms?: number
  /** What one answer may bring, in bytes; the rest is cut and said to be. */
  readonly max_output_bytes?: number
}

/** `{ mon: ['06:00-22:00'], … }`; an empty list is closed. Times are local to the store; `22:00-02:00` runs past midnight. */
export interface TradingHours {
  readonly week: Readonly<Record<'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun', readonly string[]>>
  /** Dates (`2026-12-24`) that differ, with the hours of that day. */
  readonly exceptions: Readonly<Record<string, readonly string[]>>
}

export interface Region {
  readonly id: string
  readonly name: string
  readonly vars: JsonObject
}

export interface Store {
  readonly id: string
  readonly name: string
  readonly region: string
  readonly address: {
    readonly street: string
    readonly postcode: string
    readonly city: string
    readonly country?: string
  }
  /** Where it lies, in degrees (WGS 84); south and west are negative. */
  readonly location?: { readonly lat: number; readonly lon: number }
  /** IANA name: `Europe/Warsaw`. */
  readonly time_zone: string
  readonly hours: TradingHours
  readonly link: {
    readonly type: string
    readonly rtt_ms?: number
    readonly backup?: string
    /** What goes over it is paid for. */
    readonly metered?: boolean
  }
  /** Device id of the store's gateway. */
  readonly gateway?: string
  readonly owner: JsonObject
  readonly tags: readonly string[]
  readonly vars: JsonObject
  readonly devices: readonly Device[]
  readonly source: SourceRange
}

/** A store as modules see it. */
export type StoreFacts = Omit<Store, 'devices' | 'source'>

export interface Device {
  /** `pos1` */
  readonly id: string
  /** `PL-0412/pos1` */
  readonly name: string
  readonly store: string
  readonly region: string
  readonly profile: string
  readonly kind: DeviceKind
  readonly os: { readonly family: OsFamily; readonly distribution?: string; readonly version?: string }
  /** Host name or IP address. */
  readonly address: string
  readonly attached_to?: string
  readonly tags: readonly string[]
  readonly note?: string
  readonly transport: TransportSettings
  /** Values after the cascade fleet → region → store → profile → device. */
  readonly vars: JsonObject
  readonly source: SourceRange
}

/** The inventory, loaded. */
export interface Fleet {
  readonly name: string
  readonly regions: ReadonlyMap<string, Region>
  readonly profiles: ReadonlyMap<string, { readonly id: string; readonly kind: DeviceKind }>
  readonly stores: ReadonlyMap<string, Store>
  /** By full name, in the order of the files. */
  readonly devices: ReadonlyMap<string, Device>
  /** sha256 of everything that was read, in hexadecimal. */
  readonly digest: string
  /** Ids of the stores, `store` among them, in which devices may be reached through those of `store`. */
  storesBehind(store: string): Iterable<string>
  /** Where every effective value of a device came from: dotted path → value, level, place. */
  explain(device: string): ReadonlyMap<string, Sourced<JsonValue>>
}
