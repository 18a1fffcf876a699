import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Hidden } from '../../core/secret.ts'
import type { AgentConfig } from '../../devices/agent/agent-config.ts'
import type { PackageFile } from '../../devices/package/package-file.ts'
import type { PackageManager } from '../../devices/package/package-manager.ts'
import type { ServiceState } from '../../devices/service/service-state.ts'

export interface AgentParams {
  readonly kind?: AgentKind
  readonly version?: string
  readonly package?: string
  readonly manager?: 'auto' | PackageManager
  readonly file?: { readonly path: string; readonly sha256: string; readonly signer?: string }
  readonly properties?: { readonly [name: string]: string | number | boolean }
  readonly path?: string
  readonly set?: JsonObject
  readonly remove?: readonly string[]
  readonly includes?: readonly DesiredFile[]
  readonly psk?: PskWish
  readonly sensitive?: readonly string[]
  readonly service?: string
  readonly enabled?: boolean
  readonly patience_s?: number
}

export type AgentKind = 'zabbix_agent2' | 'zabbix_agentd'

/** Keys of one included file. */
export interface DesiredFile {
  readonly path: string
  readonly set?: JsonObject
  readonly remove?: readonly string[]
}

export interface PskWish {
  readonly identity: string
  readonly key: Hidden
  readonly path: string
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** A key that the step looks after. */
export interface AgentKey {
  /** As it stands in changes: `keys.Server`, `includes./etc/….conf.UserParameter`. */
  readonly name: string
  readonly isSensitive: boolean
  readonly before: JsonValue | undefined
  readonly after: JsonValue | undefined
}

/** A file as it is before the change. */
export interface FileFacts {
  readonly mode: string
  /** As chown takes it; empty leaves it. */
  readonly owner: string
  /** By which it is known to be still the same. */
  readonly sum: string
}

/** What was read of an agent, whatever the device runs. */
export interface AgentReading {
  readonly kind: AgentKind
  readonly path: string
  /** Empty: it is not there. */
  readonly binary: string
  readonly binaryVersion: string
  readonly packageName: string
  readonly package: {
    readonly manager: PackageManager | 'msi' | undefined
    readonly installed: readonly string[]
    readonly broken: boolean
  }
  readonly serviceName: string
  readonly service: ServiceState | undefined
  readonly answers: {
    readonly ping: boolean
    /** How that is known: port, control, binary. */
    readonly by: string
    readonly version: string
    readonly listening: boolean | undefined
  }
  /** A change before this one did not come to its end. */
  readonly unfinished: boolean
  /** Windows: so has an installation. */
  readonly unfinishedMsi?: boolean
  /** Configuration files that a package left beside those of the device. */
  readonly leftovers: readonly string[]
  readonly config: AgentConfig
  readonly files: ReadonlyMap<string, FileFacts>
  readonly psk?: {
    readonly state: 'absent' | 'same' | 'differs'
    readonly mode?: string
    readonly owner?: string
    readonly group?: string
    /** The group of the agent, where the device has it. */
    readonly usualGroup: string
  }
}

export interface AgentState extends AgentReading {
  readonly file?: PackageFile
  readonly keys: readonly AgentKey[]
  /** The configuration as it should be. */
  readonly next: AgentConfig
}

/** The files whose text changes. */
export function changedFiles({
  config,
  next,
}: AgentState): readonly { readonly path: string; readonly text: string }[] {
  return [...next.files]
    .filter(([path, text]) => config.files.get(path) !== text)
    .map(([path, text]) => ({ path, text }))
}
