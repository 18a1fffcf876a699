import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '../../src/core/secret.ts'
import type { Target, WinRmTarget } from '../../src/core/transport.ts'
import { isThere } from './debian.ts'
import { DEADLINES } from './targets.ts'

const PYTHON = '/usr/bin/python3'
const PEER = join(import.meta.dirname, 'winrm-peer.py')

/** Whether the peer can be started; elsewhere than in CI, a missing one is skipped loudly. */
export const hasWinRmPeer = ((): boolean => {
  const probe = existsSync(PYTHON)
    ? spawnSync(PYTHON, ['-c', 'import gssapi, impacket, cryptography, yaml'], { encoding: 'utf8' })
    : { status: 1 }
  return isThere({
    what: 'tests with a WinRM peer',
    debian: 'gss-ntlmssp python3-gssapi python3-impacket python3-cryptography python3-yaml openssl',
    isHere: probe.status === 0 && existsSync('/usr/share/doc/gss-ntlmssp'),
  })
})()

/** A line of the peer's log. */
export interface PeerEvent {
  readonly ev: string
  readonly [key: string]: unknown
}

export interface PeerState {
  readonly shells_created: number
  readonly shells_deleted: number
  readonly shells_open: number
  readonly http: number
  readonly soap: number
  readonly violations: number
  readonly decrypt_errors: number
  readonly events: Readonly<Record<string, number>>
  readonly actions: Readonly<Record<string, number>>
}

export interface WinRmPeer {
  readonly port: number
  /** PEM of its certificate, when it speaks TLS. */
  readonly certificate: string
  state(): Promise<PeerState>
  /** Everything that happened since the last reset. */
  events(): PeerEvent[]
  /** Lets it do wrong: `drop-after@Create*1`. */
  fault(spec: string): Promise<void>
  /** Forgets faults, shells and counts. */
  reset(): Promise<void>
  stop(): Promise<void>
}

/** Starts a peer on a loopback address with options of its own: see the head of winrm-peer.py. */
export async function startWinRmPeer(
  options: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<WinRmPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'till-winrm-'))
  const log = join(folder, 'log')
  const args = [PEER, '--port', '0', '--control-port', '0', '--log', log, ...options]
  const child = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } })
  const kill = (): void => void child.kill('SIGKILL')
  if (process.getMaxListeners() < 100) process.setMaxListeners(100)
  process.once('exit', kill)
  const { port, certificate, control } = await ready(child)
  let seen = 0
  const ask = async (path: string, body?: string): Promise<PeerState> => {
    const request = body === undefined ? {} : { method: 'POST', body }
    return (await (await fetch(`http://127.0.0.1:${control}${path}`, request)).json()) as PeerState
  }
  return {
    port,
    certificate,
    state: () => ask('/state'),
    events() {
      const lines = readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
      return lines.slice(seen).map((line) => JSON.parse(line) as PeerEvent)
    },
    async fault(spec) {
      await ask('/fault', spec)
    },
    async reset() {
      await ask('/reset', '')
      seen = readFileSync(log, 'utf8').split('\n').length - 1
    },
    async stop() {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGTERM')
      await ended
      process.off('exit', kill)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function ready(child: ChildProcess): Promise<{ port: number; certificate: string; control: string }> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000)
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /READY ports=(\d+).* cert=(\S+) control=(\d+)/.exec(said)
      if (!found) return
      const [, port = '', file = '', control = ''] = found
      resolve({ port: Number(port), certificate: file === 'None' ? '' : readFileSync(file, 'utf8'), control })
    })
    child.once('exit', () => reject(new Error(`The WinRM peer did not start: ${said}`)))
  })
}

/** A target for a peer: NTLM over plain HTTP with its usual user, unless told otherwise. */
export function winrmTarget(
  peer: Pick<WinRmPeer, 'port'>,
  winrm: Partial<WinRmTarget> = {},
  more: Partial<Target> = {},
): Target {
  return {
    device: 'TEST/windows',
    type: 'winrm',
    address: '127.0.0.1',
    port: peer.port,
    user: 'posadmin',
    keys: [],
    password: new Secret('S3cret!pw'),
    hostKeys: [],
    winrm: { https: false, auth: 'ntlm', fingerprints: [], ...winrm },
    deadlines: DEADLINES,
    keepAliveMs: 15_000,
    maxOutputBytes: 1024 * 1024,
    ...more,
  }
}

/** The SHA-256 of a certificate in PEM, as pins have it. */
export function fingerprintOf(certificate: string): string {
  const out = execFileSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256'], {
    input: certificate,
    encoding: 'utf8',
  })
  return (out.split('=')[1] ?? '').replace(/[:\s]/g, '').toLowerCase()
}
