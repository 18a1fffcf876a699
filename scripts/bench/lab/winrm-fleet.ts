import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WindowsDevice } from '../../../src/sandbox/windows/windows-device.ts'
import { WindowsPlaces } from '../../../src/sandbox/windows/windows-places.ts'
import { REPOSITORY } from '../tools/till.ts'
import { startBackground } from './background.ts'
import { onEnd } from './undo.ts'
import { serveWindowsPrograms } from './windows-programs.ts'

/** How the peers are spoken to. */
export type WinRmWay = 'ntlm' | 'https'

/** WinRM peers, one on each of these ports of 127.0.0.1, in a process of their own. */
export interface WinRmFleet {
  readonly way: WinRmWay
  readonly ports: readonly number[]
  readonly user: string
  readonly password: string
  /** A file in PEM with the certificate of all of them, which signs itself; none over plain HTTP. */
  readonly certificate: string
  /** Forgets what was counted, and every shell. */
  reset(): Promise<void>
  /** What was counted since, once nobody is connected any more. */
  counts(): Promise<WinRmCounts>
}

export interface WinRmCounts {
  readonly http: number
  readonly shells_created: number
  readonly shells_open: number
  readonly violations: number
  readonly actions: Readonly<Record<string, number>>
}

const PYTHON = '/usr/bin/python3'
const MODULES = 'gssapi, impacket, cryptography, yaml'
export const PEER_PACKAGES = 'gss-ntlmssp python3-gssapi python3-impacket python3-cryptography python3-yaml openssl'
const ACCOUNT = { user: 'posadmin', password: 'S3cret!pw' }
const CONTROL_MS = 10_000

/** Whether the peer can be started here. */
export function hasWinRmPeer(): boolean {
  if (!existsSync(PYTHON) || !existsSync('/usr/share/doc/gss-ntlmssp')) return false
  return spawnSync(PYTHON, ['-c', `import ${MODULES}`]).status === 0
}

/** Starts so many peers: NTLM with sealing over HTTP, or Basic over HTTPS. `folder` is empty and for them. */
export async function startWinRmFleet(way: WinRmWay, count: number, folder: string): Promise<WinRmFleet> {
  const socket = join(folder, 'programs')
  const programs = await serveWindowsPrograms(socket, devicesIn(join(folder, 'devices')))
  onEnd(() => void programs.close())
  const canned = join(folder, 'canned.json')
  writeFileSync(canned, JSON.stringify([{ match: '.', stdout: 'WINPOS01\r\n' }]))
  const log = join(folder, 'log.jsonl')
  const own = way === 'ntlm' ? ['--auth', 'ntlm', '--require-encryption'] : ['--auth', 'basic', '--tls']
  const command = [
    ...[PYTHON, join(REPOSITORY, 'test/peers/winrm-peer.py'), '--port', '0', '--ports', String(count)],
    ...['--user', `${ACCOUNT.user}:${ACCOUNT.password}`, '--control-port', '0', '--log', log],
    ...['--canned', canned, '--stand-in', socket, ...own],
  ]
  const peer = await startBackground({ command, log: join(folder, 'errors'), ready: 'control=' })
  const [, certificate = '', control = ''] = /cert=(\S+) control=(\d+)/.exec(peer.output()) ?? []
  const ask = async (path: string, more: RequestInit = {}): Promise<WinRmCounts & { readonly open_conns: number }> =>
    (await (
      await fetch(`http://127.0.0.1:${control}${path}`, { ...more, signal: AbortSignal.timeout(CONTROL_MS) })
    ).json()) as WinRmCounts & { readonly open_conns: number }
  return {
    way,
    ...ACCOUNT,
    certificate: certificate === 'None' ? '' : certificate,
    ports: portsIn(readFileSync(log, 'utf8')),
    async reset() {
      await ask('/reset', { method: 'POST', body: '' })
    },
    async counts() {
      let counts = await ask('/state')
      for (let tries = 0; counts.open_conns > 0 && tries < 40; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        counts = await ask('/state')
      }
      return counts
    },
  }
}

/** The ports of the peer, from its log. */
export function portsIn(log: string): readonly number[] {
  const lines = log.split('\n').filter((line) => line.includes('"listen"'))
  return lines.flatMap((line) => (JSON.parse(line) as { readonly ports: readonly number[] }).ports)
}

/** A till with Windows behind each port, as it should be. */
function devicesIn(folder: string): (port: number) => WindowsDevice {
  const places = new WindowsPlaces(folder, { seed: 1, drift: 0 })
  const devices = new Map<number, WindowsDevice>()
  return (port) => {
    const spec = { name: `WINDOWS/${port}`, kind: 'till', by: 'winrm', os: { version: '21H2' }, vars: {} } as const
    const device = devices.get(port) ?? places.device(spec)
    devices.set(port, device)
    return device
  }
}
