import type { Failure } from '../../core/failure.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { secretSources } from '../../secrets/index.ts'
import type { RecordedHost } from '../../transports/known-hosts.ts'
import { hostKeyLookup } from '../../transports/known-hosts.ts'
import { createHandshakeGate } from '../../transports/ssh/handshake-gate.ts'
import { fingerprint } from '../../transports/ssh/host-key.ts'
import { sshTransport } from '../../transports/ssh/ssh-transport.ts'
import type { Project } from '../project.ts'
import { warnOnce } from '../warn.ts'
import { targetResolver } from './resolve-target.ts'
import { secretReader } from './secrets.ts'

export { recordHostKeys } from '../../transports/known-hosts.ts'

/** How the host keys that a device shows stand to those that are recorded. */
export type TrustState = 'known' | 'new' | 'changed' | 'revoked' | 'failed'

/** What a device showed. */
export interface ShownKeys {
  readonly device: Device
  readonly state: TrustState
  /** `type base64` of each; empty when it failed. */
  readonly keys: readonly string[]
  /** `type SHA256:…` of each, in the same order. */
  readonly fingerprints: readonly string[]
  /** The inventory itself names its keys; known_hosts is not asked. */
  readonly pinned: boolean
  /** known_hosts has certificate authorities for it, which are not supported. */
  readonly hasAuthority?: boolean
  readonly failure?: Failure
}

/** Asks devices that speak SSH for their host keys, several at a time, and hands each on as soon as it is there. */
export async function* scanDevices(
  devices: readonly Device[],
  dependencies: {
    readonly project: Project
    readonly fleet: Fleet
    readonly signal: AbortSignal
  },
): AsyncGenerator<ShownKeys> {
  const { project, fleet, signal } = dependencies
  const { parallel, handshakes } = project.settings.run
  const secrets = secretReader(secretSources(project.root, project.settings.secrets), new Masker())
  const hostKeys = hostKeyLookup(project.paths.knownHosts)
  const resolver = targetResolver({ fleet, root: project.root, secrets, hostKeys })
  const transport = sshTransport(createHandshakeGate(handshakes), warnOnce())
  const scan = async (device: Device): Promise<ShownKeys> => {
    const pinned = device.transport.host_keys !== undefined
    const target = await resolver.resolve(device, 'way')
    if (!target.ok) return failed(device, pinned, target.failure)
    const scanned = await transport.scanHostKeys(target.value, signal)
    if (!scanned.ok) return failed(device, pinned, scanned.failure)
    const keys = scanned.value
    const { hostKeys: recorded, revokedHostKeys = [], hasHostAuthority: hasAuthority = false } = target.value
    const state = stateOf(keys, recorded, revokedHostKeys)
    return { device, pinned, keys, fingerprints: keys.map(shown), state, hasAuthority }
  }
  const ahead: Promise<ShownKeys>[] = []
  for (const device of devices) {
    ahead.push(scan(device))
    if (ahead.length >= parallel) yield await (ahead.shift() as Promise<ShownKeys>)
  }
  for (const one of ahead) yield await one
}

function failed(device: Device, pinned: boolean, failure: Failure): ShownKeys {
  return { device, pinned, failure, keys: [], fingerprints: [], state: 'failed' }
}

function shown(key: string): string {
  return `${key.split(' ')[0] ?? ''} ${fingerprint(key)}`
}

/**
 * A device is known when it has a key that is recorded and none that contradicts a record: another key of a recorded
 * type means that the machine, or who answers for it, has changed.
 */
function stateOf(keys: readonly string[], recorded: readonly string[], revoked: readonly string[]): TrustState {
  if (keys.some((key) => revoked.includes(key))) return 'revoked'
  if (recorded.length === 0) return 'new'
  const types = new Set(recorded.map((key) => key.split(' ')[0]))
  const contradicts = keys.some((key) => types.has(key.split(' ')[0]) && !recorded.includes(key))
  return !contradicts && keys.some((key) => recorded.includes(key)) ? 'known' : 'changed'
}

/** What a person has agreed to. */
export interface TrustDecision {
  /** Keys of devices that had none may be recorded. */
  readonly acceptNew: boolean
  /** Fingerprints (`SHA256:…`) that were compared with the device by another way. */
  readonly fingerprints: readonly string[]
}

/**
 * The hosts to record. A key that replaces another is taken only by its fingerprint, named one by one; with any
 * fingerprint given, so is every other.
 */
export function hostsToRecord(shownKeys: readonly ShownKeys[], decision: TrustDecision): readonly RecordedHost[] {
  return shownKeys.flatMap(({ device, state, keys, pinned }) => {
    if (pinned || (state !== 'new' && state !== 'changed')) return []
    const named = keys.filter((key) => decision.fingerprints.includes(fingerprint(key)))
    const all = state === 'new' && decision.acceptNew && decision.fingerprints.length === 0
    const accepted = all ? keys : named
    return accepted.length === 0 ? [] : [{ address: device.address, port: device.transport.port ?? 22, keys: accepted }]
  })
}
