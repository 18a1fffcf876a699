import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Secret } from '../../src/core/secret.ts'
import type { Target } from '../../src/core/transport.ts'
import { isThere } from './debian.ts'
import { kept } from './kept.ts'
import { DEADLINES } from './targets.ts'

/** A real SSH server on a loopback address, with keys and configuration in a folder of its own. */
export interface SshServer {
  readonly name: string
  readonly address: string
  readonly port: number
  /** Lines `type base64` of its host keys. */
  readonly hostKeys: readonly string[]
  stop(): Promise<void>
}

const SERVERS = [
  { name: 'OpenSSH', path: '/usr/sbin/sshd', debian: 'openssh-server', start: startOpenSsh },
  { name: 'dropbear', path: '/usr/sbin/dropbear', debian: 'dropbear-bin', start: startDropbear },
  { name: 'tinysshd', path: '/usr/sbin/tinysshd', debian: 'tinysshd', start: startTinyssh },
]

/** The servers that are here; elsewhere than in CI, a missing one is skipped loudly. */
export const sshServers = SERVERS.filter(({ name, path, debian }) =>
  isThere({ what: `tests with ${name}`, debian, isHere: existsSync(path) }),
)

/** Keys of the tests' user, accepted by every server started here. */
export interface ClientKeys {
  readonly folder: string
  readonly ed25519: string
  readonly ecdsa: string
  readonly rsa: string
  /** ed25519 with the passphrase `open sesame`. */
  readonly locked: string
  readonly authorized: string
  /** What servers see in place of the user's home; `authorized` is in it. */
  readonly home: string
  remove(): void
}

/** An account that is on every server here that was started by root. */
export const PLAIN_USER = 'plain'
export const PLAIN_ID = 4242

const PASSPHRASE = 'open sesame'

function keygen(file: string, ...options: string[]): string {
  execFileSync('ssh-keygen', ['-q', '-C', 'till', '-f', file, ...options])
  return file
}

const rsaKeys: Record<string, number> = {}

/** An RSA key, in `file` and `file.pub`, that no other of this process is; they take a second to make, so they are kept. */
function rsaKey(file: string, program: 'ssh-keygen' | 'dropbearkey', ...options: string[]): string {
  const kind = [program, ...options].join('')
  rsaKeys[kind] = (rsaKeys[kind] ?? 0) + 1
  const folder = kept(`${kind}-${rsaKeys[kind]}`, (made) => {
    const quiet = program === 'ssh-keygen' ? ['-q', '-C', 'till', '-N', ''] : []
    execFileSync(program, [...quiet, '-t', 'rsa', '-f', join(made, 'key'), ...options], { stdio: 'ignore' })
  })
  cpSync(join(folder, 'key'), file)
  chmodSync(file, 0o600)
  if (program === 'ssh-keygen') cpSync(join(folder, 'key.pub'), `${file}.pub`)
  return file
}

export function makeClientKeys(): ClientKeys {
  const folder = mkdtempSync(join(tmpdir(), 'till-ssh-'))
  const keys = {
    ed25519: keygen(join(folder, 'id_ed25519'), '-t', 'ed25519', '-N', ''),
    ecdsa: keygen(join(folder, 'id_ecdsa'), '-t', 'ecdsa', '-N', ''),
    rsa: rsaKey(join(folder, 'id_rsa'), 'ssh-keygen', '-b', '3072', '-m', 'PEM'),
    locked: keygen(join(folder, 'id_locked'), '-t', 'ed25519', '-N', PASSPHRASE),
  }
  const home = join(folder, 'home')
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 })
  const authorized = join(home, '.ssh', 'authorized_keys')
  writeFileSync(
    authorized,
    Object.values(keys)
      .map((file) => readFileSync(`${file}.pub`, 'utf8'))
      .join(''),
    { mode: 0o600 },
  )
  const passwd = join(folder, 'passwd')
  const plainHome = join(folder, 'homes', PLAIN_USER)
  const plain = `${PLAIN_USER}:x:${PLAIN_ID}:${PLAIN_ID}:plain:/home/${PLAIN_USER}:/bin/sh`
  writeFileSync(passwd, `${readFileSync('/etc/passwd', 'utf8')}${plain}\n`)
  if (userInfo().uid === 0) {
    cpSync(home, plainHome, { recursive: true })
    for (const path of ['', '.ssh', '.ssh/authorized_keys']) {
      chownSync(join(plainHome, path), PLAIN_ID, PLAIN_ID)
      chmodSync(join(plainHome, path), path.endsWith('keys') ? 0o644 : 0o755)
    }
    chmodSync(passwd, 0o644)
  }
  return { folder, home, ...keys, authorized, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/**
 * Starts a server that sees `keys.home` in place of the user's home: dropbear and tinysshd look for keys nowhere else,
 * and nothing of the user's own start-up files is run.
 */
function spawnServer(keys: ClientKeys, program: string, args: readonly string[]): ChildProcess {
  const user = userInfo()
  const unshare = user.uid === 0 ? ['-m'] : ['-m', '--map-current-user']
  const enter = ['sh', '-c', user.uid === 0 ? ENTER_AS_ROOT : ENTER, keys.home, user.homedir, keys.folder]
  return spawn('unshare', [...unshare, ...enter, program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
}

const ENTER = 'mount --bind "$0" "$1" && shift 2 && exec "$@"'

/** It has an account without rights, and places for locks of its own: other servers here stand for other devices. */
const ENTER_AS_ROOT = [
  'mount --bind "$0" "$1"',
  'mount --bind "$2/passwd" /etc/passwd',
  'mount --bind "$2/homes" /home',
  'mkdir -p /run/till /run/lock',
  'mount -t tmpfs -o mode=755 till /run/till',
  'mount -t tmpfs -o mode=1777 till /run/lock',
  'shift 2',
  'exec "$@"',
].join(' && ')

/** The key in a file, as a target holds it. */
export function keyOf(file: string, passphrase?: string): Target['keys'][number] {
  const content = new Secret(readFileSync(file, 'utf8'))
  return { origin: file, content, ...(passphrase !== undefined && { passphrase: new Secret(passphrase) }) }
}

/** A target for a server, by the ed25519 key unless told otherwise. */
export function targetOf(server: SshServer, keys: ClientKeys, more: Partial<Target> = {}): Target {
  return {
    device: `TEST/${server.name}`,
    type: 'ssh',
    address: server.address,
    port: server.port,
    user: userInfo().username,
    keys: [keyOf(keys.ed25519)],
    hostKeys: server.hostKeys,
    deadlines: DEADLINES,
    keepAliveMs: 15_000,
    maxOutputBytes: 1024 * 1024,
    ...more,
  }
}

export async function startOpenSsh(keys: ClientKeys, address: string, config = ''): Promise<SshServer> {
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true })
  const folder = mkdtempSync(join(keys.folder, 'sshd-'))
  const port = await freePort(address)
  const hostKeyFiles = ['ed25519', 'ecdsa'].map((type) => keygen(join(folder, type), '-t', type, '-N', ''))
  hostKeyFiles.push(rsaKey(join(folder, 'rsa'), 'ssh-keygen'))
  const lines = [
    // The first value of a setting counts.
    config,
    `ListenAddress ${address}:${port}`,
    ...hostKeyFiles.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${keys.authorized} .ssh/authorized_keys`,
    `PidFile ${join(folder, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'MaxStartups 200',
    'UseDNS no',
    'PermitRootLogin yes',
  ]
  writeFileSync(join(folder, 'config'), `${lines.join('\n')}\n`)
  const child = spawnServer(keys, '/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'config')])
  const hostKeys = hostKeyFiles.map((file) => publicKey(readFileSync(`${file}.pub`, 'utf8')))
  return running({ name: 'OpenSSH', address, port, hostKeys }, child)
}

export async function startDropbear(keys: ClientKeys, address: string): Promise<SshServer> {
  const folder = mkdtempSync(join(keys.folder, 'dropbear-'))
  const port = await freePort(address)
  const files = [join(folder, 'ed25519'), rsaKey(join(folder, 'rsa'), 'dropbearkey')]
  execFileSync('dropbearkey', ['-t', 'ed25519', '-f', files[0] ?? ''], { stdio: 'ignore' })
  const hostKeys = files.map((file) => {
    const out = execFileSync('dropbearkey', ['-y', '-f', file], { stdio: ['ignore', 'pipe', 'ignore'] })
    return publicKey(
      out
        .toString()
        .split('\n')
        .find((line) => line.startsWith('ssh-')) ?? '',
    )
  })
  const options = [
    '-F',
    '-E',
    '-s',
    '-p',
    `${address}:${port}`,
    '-P',
    join(folder, 'pid'),
    ...files.flatMap((file) => ['-r', file]),
  ]
  const child = spawnServer(keys, '/usr/sbin/dropbear', options)
  return running({ name: 'dropbear', address, port, hostKeys }, child)
}

/** tinysshd speaks on stdin and stdout; this plays the super-server that runs one for each connection. */
export async function startTinyssh(keys: ClientKeys, address: string): Promise<SshServer> {
  const folder = mkdtempSync(join(keys.folder, 'tinyssh-'))
  const keyFolder = join(folder, 'keys')
  execFileSync('tinysshd-makekey', ['-q', keyFolder])
  const port = await freePort(address)
  const blob = readFileSync(join(keyFolder, 'ed25519.pk'))
  const type = Buffer.from('ssh-ed25519')
  const word = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  const hostKeys = [`ssh-ed25519 ${Buffer.concat([word(type), word(blob)]).toString('base64')}`]
  const child = spawnServer(keys, 'tcpserver', [
    '-q',
    '-H',
    '-R',
    '-l0',
    '-c',
    '100',
    address,
    String(port),
    'tinysshd',
    '-q',
    keyFolder,
  ])
  return running({ name: 'tinysshd', address, port, hostKeys }, child)
}

function publicKey(line: string): string {
  return line.split(' ').slice(0, 2).join(' ')
}

async function running(server: Omit<SshServer, 'stop'>, child: ChildProcess): Promise<SshServer> {
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  process.once('exit', () => child.kill('SIGKILL'))
  for (let n = 0; !(await answers(server.address, server.port)); n += 1) {
    if (child.exitCode !== null || n > 200) throw new Error(`${server.name} did not start: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    ...server,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

export function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, address, () => {
      const bound = server.address()
      server.close(() => resolve(typeof bound === 'object' && bound ? bound.port : 0))
    })
  })
}
