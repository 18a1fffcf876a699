import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deadline } from '../load/deadline.ts'
import { ENTER_SCRIPT, HANG_SCRIPT, SESSION_PREFIX, WORLD_SCRIPT } from './isolation-scripts.ts'

/** Where the parts of a sandbox are on the disk. */
export interface SandboxFolders {
  /** Files of the devices, written by what runs on them. */
  readonly devices: string
  /** What devices of a kind share, read-only. */
  readonly flavours: string
  /** An empty folder to build in. */
  readonly world: string
}

/** What a device is entered with. */
export interface Entry {
  readonly folder: string
  readonly flavour: string
  readonly diskFull: boolean
  readonly hanging: readonly string[]
}

/** A device that is there: its root, its processes, its network, apart from everything else. */
export interface Place {
  /** Starts a program in it, in root's home, with nothing in its environment but what is given. */
  run(command: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess
  /** Ends everything that runs in it. */
  close(): void
}

/** Namespaces that are held open for as long as this lives. */
export interface Isolation {
  /** Rejects with what the machine said when it cannot be entered. */
  enter(entry: Entry): Promise<Place>
  close(): void
}

export type IsolationResult =
  | { readonly ok: true; readonly isolation: Isolation }
  | { readonly ok: false; readonly problem: string }

const TOOL_PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
const NSENTER = systemProgram('nsenter') ?? 'nsenter'
const UNSHARE = systemProgram('unshare') ?? 'unshare'
// Without being root here one is root there already, and may not let go of one's groups.
const CREDENTIALS = process.getuid?.() === 0 ? [] : ['--preserve-credentials']
const NAMESPACES = ['--user', ...CREDENTIALS, '--mount', '--net', '--uts', '--ipc']
const START_TIMEOUT_MS = 20_000
/** Users of devices are mapped here on a host where we are root: to users that own nothing. */
const MAPPED_FROM = 1_879_048_192
const MAPPED_COUNT = 65_536

/** Who owns the files of devices, as the host sees it; undefined: whoever runs the sandbox. */
export function deviceOwner(): number | undefined {
  return process.getuid?.() === 0 ? mapping().from : undefined
}

/** The scripts that run in the worlds of the workers, written where the worlds find them. */
export function writeScripts(flavours: string): void {
  writeFileSync(join(flavours, 'enter'), ENTER_SCRIPT)
  writeFileSync(join(flavours, 'hang'), HANG_SCRIPT, { mode: 0o755 })
}

/** The absolute path of a program of the system, or undefined. */
export function systemProgram(name: string): string | undefined {
  return TOOL_PATH.split(':')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
}

/** Makes namespaces and the world in them. Every way it can fail is a sentence for people. */
export async function openIsolation(folders: SandboxFolders): Promise<IsolationResult> {
  const missing = ['unshare', 'nsenter', 'setpriv', 'mount', 'umount', 'pivot_root'].filter(
    (name) => !systemProgram(name),
  )
  if (missing.length > 0)
    return { ok: false, problem: `Missing here: ${missing.join(', ')} (Debian: util-linux, mount).` }
  mkdirSync(folders.world, { recursive: true })
  const root = process.getuid?.() === 0
  const first = root ? [] : ['--map-root-user']
  const script = [
    'sh',
    '-c',
    WORLD_SCRIPT,
    'world',
    root ? '--user' : '--map-root-user',
    folders.world,
    folders.devices,
  ]
  const holder = spawn(
    UNSHARE,
    [...first, '--mount', '--propagation', 'private', '--', ...script, ...sharedParts(folders.flavours)],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: TOOL_PATH, LC_ALL: 'C' }, cwd: '/' },
  )
  const problem = await ready(holder, 'ready\n')
  if (problem !== undefined || holder.pid === undefined) {
    holder.kill('SIGKILL')
    return { ok: false, problem: explain(problem ?? '') }
  }
  if (root) mapUsers(holder.pid)
  await loopbackUp(holder.pid)
  return { ok: true, isolation: isolationAround(holder, holder.pid) }
}

/** Folders of the host that devices see, as pairs of source and place in the world. A file would be gone when it is replaced. */
function sharedParts(flavours: string): string[] {
  const folders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
  const own = folders.filter((path) => existsSync(path) && !lstatSync(path).isSymbolicLink())
  const pairs = own.map((path) => [path, path.slice(1)])
  if (existsSync('/etc/alternatives')) pairs.push(['/etc/alternatives', 'etc.alternatives'])
  return [...pairs, [flavours, 'flavours']].flat()
}

/** Its first output proves that the namespaces exist (cat echoes the greeting); until then stderr says what is wrong. */
function ready(holder: ChildProcess, greeting = ''): Promise<string | undefined> {
  return new Promise((resolve) => {
    let errors = ''
    const done = (problem: string | undefined): void => {
      callOff()
      resolve(problem)
    }
    const callOff = deadline(START_TIMEOUT_MS, () => done('It took too long.'))
    holder.stderr?.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(-2000)
    })
    holder.stdout?.once('data', () => done(undefined))
    holder.on('error', (error) => done(error.message))
    holder.on('close', (code) => done(errors.trim() || `unshare ended with exit code ${code}.`))
    holder.stdin?.on('error', () => {})
    if (greeting !== '') holder.stdin?.write(greeting)
  })
}

function explain(problem: string): string {
  const [first = ''] = problem.split('\n').filter((line) => !line.includes('dmesg(1)'))
  const said = first === '' ? '' : ` (${first.trim()})`
  const switches = [
    ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'sysctl kernel.unprivileged_userns_clone=1'],
    [
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
      '1',
      'sysctl kernel.apparmor_restrict_unprivileged_userns=0',
    ],
    ['/proc/sys/user/max_user_namespaces', '0', 'sysctl user.max_user_namespaces=10000'],
  ] as const
  const off = switches.filter(([file, value]) => existsSync(file) && readFileSync(file, 'utf8').trim() === value)
  const remedy =
    off.length > 0
      ? `enable them with ${off.map(([, , command]) => `\`${command}\``).join(' and ')}`
      : 'in a container, allow it unshare and mount (for Docker: --privileged)'
  return `Linux namespaces are not permitted here${said}; ${remedy}.`
}

function mapUsers(pid: number): void {
  const { from, count } = mapping()
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${map}`, `0 ${from} ${count}\n`)
}

/** The users that are there to be mapped: inside a container, root itself has only some. */
function mapping(): { readonly from: number; readonly count: number } {
  const ranges = readFileSync('/proc/self/uid_map', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const holds = ranges.some(
    ([inside = 0, , count = 0]) => inside <= MAPPED_FROM && inside + count >= MAPPED_FROM + MAPPED_COUNT,
  )
  if (holds) return { from: MAPPED_FROM, count: MAPPED_COUNT }
  const [inside = 0, , count = 1] = ranges.at(-1) ?? []
  const some = Math.min(MAPPED_COUNT, Math.max(1, Math.floor(count / 2)))
  return { from: inside + count - some, count: some }
}

/** Devices reach 127.0.0.1 of their own network where `ip` is there to switch it on; nothing else ever. */
async function loopbackUp(pid: number): Promise<void> {
  const ip = systemProgram('ip')
  if (ip === undefined) return
  const child = spawn(
    NSENTER,
    ['--target', `${pid}`, '--user', ...CREDENTIALS, '--net', '--', ip, 'link', 'set', 'lo', 'up'],
    {
      stdio: 'ignore',
      env: { PATH: TOOL_PATH },
    },
  )
  await new Promise((resolve) => child.on('close', resolve).on('error', resolve))
}

function isolationAround(holder: ChildProcess, pid: number): Isolation {
  const into = [...NAMESPACES, '--target', `${pid}`, `--pid=/proc/${pid}/ns/pid_for_children`]
  const apart = [UNSHARE, '--mount', '--propagation', 'unchanged', '--pid', '--fork', '--kill-child', '--']
  return {
    async enter({ folder, flavour, diskFull, hanging }) {
      const place = [folder, flavour, diskFull ? 'full' : 'own', hanging.join(':') || '-']
      const args = [...into, '--', ...apart, '/bin/sh', '/flavours/enter', ...place]
      const child = spawn(NSENTER, args, { stdio: 'pipe', env: { PATH: TOOL_PATH }, cwd: '/' })
      const problem = await ready(child)
      const inside = child.pid === undefined ? undefined : childrenOf(child.pid).flatMap(childrenOf)[0]
      if (problem === undefined && inside !== undefined) return placeAround(child, inside)
      endTree(child)
      throw new Error(problem ?? 'The device could not be entered.')
    },
    close() {
      holder.stdin?.end()
      holder.kill('SIGKILL')
    },
  }
}

function placeAround(keeper: ChildProcess, inside: number): Place {
  const into = [...NAMESPACES, '--pid', '--target', `${inside}`, '--']
  return {
    run: (command, environment) =>
      spawn(NSENTER, [...into, ...SESSION_PREFIX, ...command], { stdio: 'pipe', env: { ...environment }, cwd: '/' }),
    close: () => endTree(keeper),
  }
}

/** nsenter waits outside for the process inside that holds a place; with that one, everything in the place goes. */
function endTree(child: ChildProcess): void {
  child.stdin?.end()
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const inside = childrenOf(child.pid)
  for (const pid of inside) tryKill(pid)
  if (inside.length === 0) child.kill('SIGKILL')
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
