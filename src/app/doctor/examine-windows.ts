import { type Failure, type Result, SessionLost } from '../../core/failure.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { ServiceIdentity, Target, Transport } from '../../core/transport.ts'
import { Masker } from '../../engine/journal/mask.ts'
import { secretSources } from '../../secrets/index.ts'
import { drained, openTransports } from '../../transports/index.ts'
import { hostKeyLookup } from '../../transports/known-hosts.ts'
import { createHandshakeGate } from '../../transports/ssh/handshake-gate.ts'
import type { Project } from '../project.ts'
import { LazySession } from '../reach/device-session.ts'
import { targetResolver } from '../reach/resolve-target.ts'
import { secretReader } from '../reach/secrets.ts'
import { warnOnce } from '../warn.ts'
import type { Check, Examined } from './windows-check.ts'
import { WINDOWS_CHECKS } from './windows-checks.ts'
import { identityCheck } from './winrm-identity.ts'

/** What came of one check. */
export interface Finding {
  readonly name: string
  readonly about: string
  /** `not-run`: the session was lost before it. */
  readonly state: 'ok' | 'failed' | 'not-run'
  readonly detail: string
  readonly duration_ms: number
}

/** Runs the checks on a Windows device, one after another, and hands each on as soon as it is there. */
export async function* examineWindows(
  device: Device,
  dependencies: { readonly project: Project; readonly fleet: Fleet; readonly signal: AbortSignal },
): AsyncGenerator<Finding> {
  const { project, fleet, signal } = dependencies
  const secrets = secretReader(secretSources(project.root, project.settings.secrets), new Masker())
  const hostKeys = hostKeyLookup(project.paths.knownHosts)
  const resolver = targetResolver({ fleet, root: project.root, secrets, hostKeys })
  const transports = openTransports(createHandshakeGate(1), warnOnce())
  const watch = { connecting: () => undefined, connected: () => undefined }
  const session = new LazySession(device, { resolver, transports, neighboursOf: () => ({}), signal, watch })
  const identify = transports.get(device.transport.type)?.identify
  const first = identify
    ? [identityCheck(async () => identified(await resolver.resolve(device, 'self'), identify, signal))]
    : []
  const store = fleet.stores.get(device.store)
  if (!store) throw new Error(`"${device.name}" is of no store`)
  let lost = false
  try {
    for (const check of [...first, ...WINDOWS_CHECKS]) {
      const seen: Seen = lost ? notRun(check) : await examine(check, { device, store, shell: session.shell })
      lost = seen.lost
      yield seen.finding
    }
  } finally {
    await session.close()
    await drained(transports)
  }
}

function identified(
  target: Result<Target>,
  identify: NonNullable<Transport['identify']>,
  signal: AbortSignal,
): Promise<Result<ServiceIdentity>> | Result<ServiceIdentity> {
  return target.ok ? identify(target.value, signal) : target
}

interface Seen {
  readonly finding: Finding
  readonly lost: boolean
}

async function examine(check: Check, examined: Examined): Promise<Seen> {
  const { name, about } = check
  const began = performance.now()
  const finding = (state: Finding['state'], detail: string): Finding => {
    return { name, about, state, detail, duration_ms: Math.round(performance.now() - began) }
  }
  try {
    return { finding: finding('ok', await check.run(examined)), lost: false }
  } catch (error) {
    const lost = error instanceof SessionLost
    const why = lost ? inWords(error.failure) : String((error as Error).message)
    return { finding: finding('failed', why), lost }
  }
}

function inWords({ code, message, hint = '' }: Failure): string {
  return `${code}: ${message} ${hint}`.trimEnd()
}

function notRun({ name, about }: Check): Seen {
  const detail = 'The session was lost before it.'
  return { finding: { name, about, state: 'not-run', detail, duration_ms: 0 }, lost: true }
}
