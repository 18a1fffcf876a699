import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DeviceShell } from '../../src/core/chain.ts'
import { openPosixShell } from '../../src/shell/posix-channel.ts'
import { localTransport } from '../../src/transports/local.ts'
import { localTarget } from '../peers/targets.ts'

/** What is installed over the common base for each system. */
const SYSTEMS = {
  systemd: ['systemd', 'systemd-sysv', 'dbus', 'libpam-systemd'],
  sysvinit: ['sysvinit-core'],
  openrc: ['openrc', 'sysvinit-core'],
  runit: ['runit-init'],
  rpm: ['rpm', 'dnf', 'createrepo-c', 'dnf-plugins-core'],
  busybox: ['busybox-static'],
} as const
export type SystemName = keyof typeof SYSTEMS

const BASE = ['openssh-server', 'cron', 'procps', 'cups-daemon', 'cups-client', 'curl', 'iputils-ping', 'acl', 'attr']
const BUILDER = fileURLToPath(new URL('./build-system.sh', import.meta.url))

/** Root file systems are kept here, by what they are made of, and made anew where that changes. */
const ROOTS = process.env['TILL_TEST_SYSTEMS'] ?? '/var/tmp/till-test-systems'

/** Why no system can be booted here; undefined when it can. */
export const whyNoBoot = ((): string | undefined => {
  // debian: 'mmdebstrap systemd-container util-linux'
  const missing = ['mmdebstrap', 'systemd-nspawn', 'nsenter'].filter((name) => spawnSync('which', [name]).status !== 0)
  if (missing.length > 0)
    return `install the packages mmdebstrap, systemd-container and util-linux (${missing.join(', ')})`
  if (process.getuid?.() !== 0) return 'only root boots systems'
  const tried = spawnSync('unshare', [
    '-m',
    'sh',
    '-c',
    `mount -t tmpfs none /mnt && mkdir /mnt/a /mnt/b /mnt/c /mnt/d && mount -t overlay none -o lowerdir=/mnt/a,upperdir=/mnt/b,workdir=/mnt/c /mnt/d`,
  ])
  return tried.status === 0 ? undefined : 'overlays cannot be mounted here'
})()
if (whyNoBoot !== undefined) {
  if (process.env['CI']) throw new Error(`No system can be booted: ${whyNoBoot}.`)
  console.warn(`Skipped: booted systems: ${whyNoBoot}.`)
}

/** A booted machine: its processes, mounts and users are its own, its network is that of this one. */
export interface BootedSystem {
  readonly name: SystemName
  /** The modules' way to it: a shell inside it. */
  readonly shell: DeviceShell
  /** Where its files are seen from here. */
  readonly root: string
  /** Runs a script in it, as somebody who sits there. */
  run(script: string): { readonly code: number | null; readonly out: string }
  /** Starts a program in it by a command line. */
  readonly command: (command: string) => string
  stop(): Promise<void>
}

/** Boots a system; `rpm` and `busybox` have no init of their own and only hold their programs. */
export async function bootSystem(name: SystemName): Promise<BootedSystem> {
  const lower = systemRoot(name)
  const folder = mkdtempSync(join(tmpdir(), `till-${name}-`))
  for (const part of ['up', 'work', 'root']) mkdirSync(join(folder, part))
  const mount = `mount -t overlay overlay -o lowerdir=${lower},upperdir=${folder}/up,workdir=${folder}/work ${folder}/root`
  const what = name === 'rpm' || name === 'busybox' ? '-a sleep 3600' : '-b'
  const nspawn = `exec timeout -k 5 1500 systemd-nspawn -q -D ${folder}/root -M till-${name} --register=no --keep-unit --console=pipe --link-journal=no ${what}`
  const machine = spawn('unshare', ['-m', 'sh', '-c', `${mount} && ${nspawn}`], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [machine.stdout, machine.stderr])
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-4000)
    })
  const pid = await firstProcess(machine, () => said)
  const enter = (command: string): string =>
    `nsenter -t ${pid} -m -u -i -p env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root ${command}`
  const run = (script: string): { code: number | null; out: string } => {
    const ended = spawnSync('sh', ['-c', `exec ${enter('sh')}`], { input: script, encoding: 'utf8', timeout: 60_000 })
    return { code: ended.status, out: ended.stdout + ended.stderr }
  }
  await until(
    () => run(BOOTED[name]).code === 0,
    240_000,
    () => `${name} does not come up: ${said}`,
    500,
  ).catch((error) => {
    machine.kill()
    throw error
  })
  const connected = await localTransport.connect(localTarget(), new AbortController().signal)
  if (!connected.ok) throw new Error(connected.failure.message)
  const deadlines = { open: 20_000, observe: 60_000, converge: 120_000 }
  const shell = openPosixShell({
    start: (command, input) => connected.value.exec(`exec ${enter(`${SESSION} ${command}`)}`, input),
    deadlines,
  })
  return {
    name,
    shell,
    root: `/proc/${pid}/root`,
    run,
    command: enter,
    stop: async () => {
      shell.close()
      await connected.value.close()
      const gone = new Promise((resolve) => machine.once('exit', resolve))
      // The first process of a namespace takes all others with it.
      if (machine.exitCode === null) process.kill(pid, 'SIGKILL')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What a session may bring along, and no daemon may inherit. */
const SESSION = `LANG=pl_PL.UTF-8 SSH_CONNECTION='10.0.0.1 1 10.0.0.2 22' sh -c 'umask 077; ulimit -S -n 555; exec "$@"' session`

const BOOTED: Readonly<Record<SystemName, string>> = {
  systemd: 'case $(systemctl is-system-running) in running | degraded) ;; *) exit 1 ;; esac',
  sysvinit: 'case $(runlevel) in *2) pgrep -x getty >/dev/null ;; *) exit 1 ;; esac',
  openrc: 'case $(runlevel) in *2) pgrep -x getty >/dev/null ;; *) exit 1 ;; esac',
  runit: 'sv status /etc/service/ssh >/dev/null && pidof cron',
  rpm: 'rpm --version',
  busybox: 'busybox true',
}

/** From here, the first process of the machine. */
async function firstProcess(machine: ChildProcess, said: () => string): Promise<number> {
  let found = 0
  const childOf = (pid: number): number => {
    const listed = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
    return Number(listed[0] ?? 0)
  }
  // unshare becomes sh and then timeout, whose child is systemd-nspawn.
  await until(
    () => {
      if (machine.exitCode !== null) throw new Error(`the machine ended: ${said()}`)
      const nspawn = childOf(machine.pid ?? 0)
      found = nspawn > 0 ? childOf(nspawn) : 0
      return found > 0 && isFirst(found)
    },
    30_000,
    () => `the machine does not start: ${said()}`,
  )
  return found
}

/** Whether a process is the first of a namespace of its own: the helper that systemd-nspawn begins with is not, and ends at once. */
function isFirst(pid: number): boolean {
  try {
    return /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Waits for a condition; looks for it every `pauseMs`. */
export async function until(holds: () => boolean, ms: number, otherwise: () => string, pauseMs = 100): Promise<void> {
  const end = Date.now() + ms
  while (!holds()) {
    if (Date.now() > end) throw new Error(otherwise())
    await sleep(pauseMs)
  }
}

/** The folder with the root file system of a system, made once and kept. */
function systemRoot(name: SystemName): string {
  mkdirSync(ROOTS, { recursive: true })
  const script = readFileSync(BUILDER, 'utf8')
  const key = (...more: readonly string[]): string =>
    createHash('sha256')
      .update([script, ...BASE, ...more].join('\n'))
      .digest('hex')
      .slice(0, 12)
  const base = join(ROOTS, `base-${key()}`)
  const root = join(ROOTS, `${name}-${key(...SYSTEMS[name])}`)
  execFileSync('bash', [BUILDER, base, BASE.join(','), root, SYSTEMS[name].join(' ')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 600_000,
  })
  return root
}
