import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Target } from '../../core/transport.ts'

/** A private folder of one connection: the socket by which it is shared, and the host keys of its device. */
export interface SshFolder {
  readonly path: string
  readonly socket: string
  readonly knownHosts: string
  remove(): Promise<void>
}

/** What the recorded keys are filed under: the device has no other name there. */
const ALIAS = 'till-device'
const SSH_PORT = 22

export async function sshFolder(target: Target): Promise<SshFolder> {
  // mkdtemp makes it with mode 0700. The path of a socket may have about 100 characters.
  const path = await mkdtemp(join(tmpdir().length > 60 ? '/tmp' : tmpdir(), 'till-ssh-'))
  const knownHosts = join(path, 'known_hosts')
  const lines = target.hostKeys.map((key) => `${ALIAS} ${key}\n`)
  await writeFile(knownHosts, lines.join(''), { mode: 0o600 })
  return { path, socket: join(path, 's'), knownHosts, remove: () => rm(path, { recursive: true, force: true }) }
}

/**
 * The options of every `ssh` that we start; what stands here goes over ssh_config(5), since the first value counts. Nothing
 * secret is among them. Host keys: those that are recorded for the device, and only those; where there are none, those of
 * the user and of the system, as ssh_config has them. Checking cannot be switched off there, nor by an alias.
 */
export function sshOptions(target: Target, folder: SshFolder): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    IgnoreUnknown: 'ForkAfterAuthentication,StdinNull,KnownHostsCommand',
    BatchMode: 'yes',
    StrictHostKeyChecking: 'yes',
    NoHostAuthenticationForLocalhost: 'no',
    VerifyHostKeyDNS: 'no',
    UpdateHostKeys: 'no',
    ...(target.hostKeys.length > 0 && {
      HostKeyAlias: ALIAS,
      UserKnownHostsFile: folder.knownHosts,
      GlobalKnownHostsFile: '/dev/null',
      KnownHostsCommand: 'none',
    }),
    ConnectTimeout: String(seconds(target.deadlines.connect)),
    ServerAliveInterval: String(seconds(target.keepAliveMs)),
    ServerAliveCountMax: '3',
    ControlPath: folder.socket,
    ControlPersist: 'no',
    ForkAfterAuthentication: 'no',
    StdinNull: 'no',
    RemoteCommand: 'none',
    RequestTTY: 'no',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    ClearAllForwardings: 'yes',
    EscapeChar: 'none',
  }
  const keys = target.keys.flatMap(({ path }) => (path === undefined ? [] : ['-o', `IdentityFile=${path}`]))
  return [
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...keys,
    ...(target.user === '' ? [] : ['-l', target.user]),
    ...(target.port === SSH_PORT ? [] : ['-p', String(target.port)]),
  ]
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}
