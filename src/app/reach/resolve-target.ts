import { type Failure, fail, PHASES, type Phase, type Result, success } from '../../core/failure.ts'
import { lockNameOf } from '../../core/fence.ts'
import type { Device, Fleet, SecretReference } from '../../core/fleet.ts'
import type { Neighbours } from '../../core/module.ts'
import type { Secret } from '../../core/secret.ts'
import type { PhaseDeadlines, Target, WinRmTarget } from '../../core/transport.ts'
import { patternProblem } from '../../pattern/pattern.ts'
import type { HostKeyLookup } from '../../transports/known-hosts.ts'
import { keyFile, keyFiles } from './key-files.ts'
import { winrmPort, winrmTarget } from './resolve-winrm.ts'
import type { SecretReader } from './secrets.ts'

/** Deadlines in milliseconds where the inventory says nothing. */
const DEADLINES_MS: PhaseDeadlines = {
  resolve: 5_000,
  connect: 10_000,
  identify: 10_000,
  authenticate: 10_000,
  open: 10_000,
  observe: 60_000,
  converge: 300_000,
  verify: 60_000,
}
/** A slow till needs 7 s and more until a PowerShell that nobody used before says a word. */
const WINDOWS_OPEN_MS = 30_000
const KEEP_ALIVE_MS = 15_000
const MAX_OUTPUT_BYTES = 1_048_576
const SSH_PORT = 22

/** The deadline of one phase on one device, in milliseconds. */
export function deadlineOf(device: Device, phase: Phase): number {
  const usual = phase === 'open' && device.os.family === 'windows' ? WINDOWS_OPEN_MS : DEADLINES_MS[phase]
  return device.transport.timeouts_ms?.[phase] ?? usual
}

function deadlinesOf(device: Device): PhaseDeadlines {
  const all = PHASES.map((phase) => [phase, deadlineOf(device, phase)] as const)
  return Object.fromEntries(all) as Record<Phase, number>
}

/**
 * Which end of a connection on behalf of a device: its own; that of the device which it hangs on; or the way to its
 * ports, where nobody logs in, so that neither keys nor passwords of its own are read.
 */
export type TargetEnd = 'self' | 'host' | 'way'

export interface TargetResolver {
  /**
   * The endpoint with keys and secrets read, and of the gateways on the way to it. `behalf`: the device that is worked on,
   * where that is another one of its store.
   */
  resolve(device: Device, end: TargetEnd, behalf?: Device): Promise<Result<Target>>
}

/** The devices of the inventory that another one depends on: with a shell that it hangs on, and its store's gateway. */
export function neighboursOf(fleet: Fleet, device: Device): Neighbours {
  const host = hostOf(fleet, device)
  const gateway = gatewayOf(fleet, device)
  return { ...(host && { host }), ...(gateway && { gateway }) }
}

function gatewayOf(fleet: Fleet, device: Device): Device | undefined {
  const id = fleet.stores.get(device.store)?.gateway
  return id === undefined ? undefined : fleet.devices.get(`${device.store}/${id}`)
}

/** The device with a shell that another one hangs on. */
export function hostOf(fleet: Fleet, device: Device): Device | undefined {
  if (device.attached_to === undefined) return undefined
  const host = fleet.devices.get(`${device.store}/${device.attached_to}`)
  return host && host.transport.type !== 'none' ? host : undefined
}

/** Files of keys are read once for all devices. */
export function targetResolver(options: {
  readonly fleet: Fleet
  readonly root: string
  readonly secrets: SecretReader
  readonly hostKeys: HostKeyLookup
  /** Tells values of secrets apart. Absent: whoever asks logs in nowhere. */
  readonly printOf?: (secrets: readonly Secret[]) => string
  /** Of the state store; absent where nothing is changed. */
  readonly storeId?: string
}): TargetResolver {
  const key = keyFiles(options.root)

  async function privateKeys(device: Device): Promise<Result<Target['keys']>> {
    const passphrase = await optional(options.secrets, device.transport.passphrase)
    if (!passphrase.ok) return passphrase
    const found: Target['keys'][number][] = []
    for (const origin of device.transport.keys ?? []) {
      const content = await key(origin)
      if (!content.ok) return content
      const path = keyFile(origin, options.root)
      found.push({ origin, path, content: content.value, ...(passphrase.value && { passphrase: passphrase.value }) })
    }
    return success(found)
  }

  async function resolve(device: Device, end: TargetEnd): Promise<Result<Target>> {
    if (end === 'way') return way(device)
    const at = end === 'self' ? device : hostOf(options.fleet, device)
    if (!at) return fail(noShell(device))
    return login(at)
  }

  async function way(device: Device): Promise<Result<Target>> {
    const { via: through } = device.transport
    const via = through === undefined ? success(undefined) : await gateway(device, through)
    if (!via.ok) return via
    const nothing = {
      keys: [],
      password: undefined,
      print: undefined,
      becomePassword: undefined,
      winrm: undefined,
      prompts: [],
    }
    return success(targetOf(device, { ...nothing, via: via.value, hostKeys: options.hostKeys }))
  }

  async function login(device: Device): Promise<Result<Target>> {
    const { transport } = device
    if (transport.type === 'none') return fail(noShell(device))
    const passwords = await passwordsOf(device, options.secrets)
    if (!passwords.ok) return passwords
    const readKeys = await privateKeys(device)
    if (!readKeys.ok) return readKeys
    const via = transport.via === undefined ? success(undefined) : await gateway(device, transport.via)
    if (!via.ok) return via
    const winrm = transport.type === 'winrm' ? await winrmOf(device) : success(undefined)
    if (!winrm.ok) return winrm
    const found = { ...passwords.value, keys: readKeys.value, winrm: winrm.value, via: via.value }
    const target = {
      ...targetOf(device, { ...found, hostKeys: options.hostKeys }),
      lockName: lockNameOf(device, options.storeId ?? ''),
    }
    return success(withPrint(target, options.printOf))
  }

  async function winrmOf({ transport }: Device): Promise<Result<WinRmTarget>> {
    const passphrase = await optional(options.secrets, transport.passphrase)
    if (!passphrase.ok) return passphrase
    return winrmTarget(transport, { passphrase: passphrase.value, read: key })
  }

  async function gateway(device: Device, via: string): Promise<Result<Target>> {
    const name = gatewayName(options.fleet, device, via)
    const found = options.fleet.devices.get(name)
    if (found) return login(found)
    const message = `The inventory has no device "${name}", through which "${device.name}" is reached.`
    return fail({ code: 'CONNECT_VIA_FAILED', phase: 'resolve', message })
  }

  return { resolve }
}

function withPrint(target: Target, printOf: ((secrets: readonly Secret[]) => string) | undefined): Target {
  const { password, prompts = [], via } = target
  const asked = [...(password ? [password] : []), ...prompts.map(({ answer }) => answer)]
  if (!printOf || (asked.length === 0 && via?.print === undefined)) return target
  return { ...target, print: printOf(asked) + (via?.print ?? '') }
}

/** The device that `via` of another one means. */
export function gatewayName(fleet: Fleet, { store }: Device, via: string): string {
  const id = via === 'gateway' ? fleet.stores.get(store)?.gateway : via
  return id?.includes('/') ? id : `${store}/${id ?? ''}`
}

async function optional(
  secrets: SecretReader,
  reference: SecretReference | undefined,
): Promise<Result<Secret | undefined>> {
  return reference ? secrets.read(reference.secret) : success(undefined)
}

async function passwordsOf(
  { transport }: Device,
  secrets: SecretReader,
): Promise<Result<Pick<TargetParts, 'password' | 'becomePassword' | 'prompts'>>> {
  const password = await optional(secrets, transport.password)
  if (!password.ok) return password
  const becomePassword = await optional(secrets, transport.become?.password)
  if (!becomePassword.ok) return becomePassword
  const prompts = await promptsOf(transport, secrets)
  if (!prompts.ok) return prompts
  return success({ password: password.value, becomePassword: becomePassword.value, prompts: prompts.value })
}

async function promptsOf(
  { prompts = [] }: Device['transport'],
  secrets: SecretReader,
): Promise<Result<TargetParts['prompts']>> {
  const answers: TargetParts['prompts'][number][] = []
  for (const { match, answer } of prompts) {
    const secret = await secrets.read(answer.secret)
    if (!secret.ok) return secret
    const problem = patternProblem(match)
    if (problem !== undefined) return fail(noPattern(match, problem))
    answers.push({ match, answer: secret.value })
  }
  return success(answers)
}

function noPattern(text: string, problem: string): Failure {
  const message = `"${text}" under \`prompts\` is not a regular expression: ${problem}.`
  return { code: 'SCHEMA_VALUE_INVALID', phase: 'resolve', message }
}

/** The ssh of the system goes by its own configuration. */
function userUnlessGiven(type: Device['transport']['type']): string {
  if (type === 'openssh') return ''
  return type === 'winrm' ? 'Administrator' : 'root'
}

/** What is read for a device, beside what its inventory says. */
interface TargetParts {
  readonly keys: Target['keys']
  readonly password: Secret | undefined
  readonly becomePassword: Secret | undefined
  readonly prompts: NonNullable<Target['prompts']>
  readonly winrm: WinRmTarget | undefined
  readonly via: Target | undefined
  readonly hostKeys: HostKeyLookup
}

/** The keys that are accepted, and what known_hosts says beside them: what it revokes is not, whoever names it. */
function hostKeysOf(
  { address, transport }: Device,
  port: number,
  lookup: HostKeyLookup,
): Pick<Target, 'hostKeys' | 'revokedHostKeys' | 'hasHostAuthority'> {
  const { revoked = [], authorities = [] } = lookup.marked?.(address, port) ?? {}
  const hostKeys = (transport.host_keys ?? lookup(address, port)).filter((one) => !revoked.includes(keyOf(one)))
  return {
    hostKeys,
    ...(revoked.length > 0 && { revokedHostKeys: revoked }),
    ...(authorities.length > 0 && { hasHostAuthority: true }),
  }
}

/** `type base64`, without a comment. */
function keyOf(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ')
}

function targetOf(device: Device, parts: TargetParts): Target {
  const { transport } = device
  const port = parts.winrm ? winrmPort(transport) : (transport.port ?? SSH_PORT)
  const agent = transport.agent ? process.env['SSH_AUTH_SOCK'] : undefined
  const { become } = transport
  return {
    device: device.name,
    type: transport.type,
    address: device.address,
    port,
    user: transport.user ?? userUnlessGiven(transport.type),
    keys: parts.keys,
    ...hostKeysOf(device, port, parts.hostKeys),
    deadlines: deadlinesOf(device),
    keepAliveMs: transport.keep_alive_ms ?? KEEP_ALIVE_MS,
    maxOutputBytes: transport.max_output_bytes ?? MAX_OUTPUT_BYTES,
    ...(agent !== undefined && { agent }),
    ...(parts.password && { password: parts.password }),
    ...(parts.prompts.length > 0 && { prompts: parts.prompts }),
    ...(parts.winrm && { winrm: parts.winrm }),
    ...(transport.scripts && { scripts: transport.scripts }),
    ...(parts.via && { via: parts.via }),
    ...(become && {
      become: { method: become.method, ...(parts.becomePassword && { password: parts.becomePassword }) },
    }),
  }
}

function noShell(device: Device): Parameters<typeof fail>[0] {
  const message = `"${device.name}" (${device.kind}) has no shell; a step asked for one.`
  return { code: 'TRANSPORT_NONE', phase: 'resolve', message }
}
