import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { connect } from 'node:net'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { counted } from '../../core/counted.ts'
import { InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import { GIT_NEEDED, gitTooOld } from '../../gitops/git-version.ts'
import { lookAtDatabase } from '../history/open-store.ts'
import type { Project } from '../project.ts'
import { counts } from '../state/store-that-counts.ts'
import { unknownNode } from './known-nodes.ts'

/** What this machine has, or is missing, for one purpose. */
export interface MachineFinding {
  readonly name: string
  /** `missing`: something that only some need; `failed`: nothing goes without it. */
  readonly state: 'ok' | 'missing' | 'failed'
  readonly detail: string
  /** How to get it; where something is missing. */
  readonly advice?: string
}

/** What is looked at: a repository, where there is one, and its fleet, where that can be read. */
export interface Machine {
  readonly project: Project | undefined
  readonly fleet: Fleet | undefined
}

/** Looks at everything that Tillwright may need of this machine; writes nothing. */
export async function examineMachine(machine: Machine): Promise<readonly MachineFinding[]> {
  return [
    nodeVersion(),
    gitProgram(),
    program('ssh-keygen', {
      for: 'signatures of commits are verified where a repository is followed (till gitops)',
      get: 'apt-get install openssh-client',
    }),
    repository(machine),
    ...knownHosts(machine),
    ...keys(machine),
    await agent(),
    await stateStore(machine),
    ...(await whichStore(machine)),
    ...namedWorkers(machine),
    await freeDisk(machine),
    clock(),
    sandbox(),
    program('ansible-playbook', {
      for: 'steps that run a playbook (module local)',
      get: 'apt-get install ansible-core',
    }),
    program('lpstat', { for: 'a look at queues of CUPS on this machine', get: 'apt-get install cups-client' }),
    program('psql', { for: 'a look into a state store in PostgreSQL', get: 'apt-get install postgresql-client' }),
  ]
}

const NODE = [20, 19] as const

function nodeVersion(): MachineFinding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isNew = major > NODE[0] || (major === NODE[0] && minor >= NODE[1])
  const advice = `Install Node.js ${NODE.join('.')} or later.`
  const unknown = unknownNode(process.versions.node)
  return {
    name: 'node',
    state: isNew ? 'ok' : 'failed',
    detail: `Node.js ${process.version}, ${unknown === undefined ? 'on which the tests have passed' : 'on which the tests have not been run'}`,
    ...(isNew ? unknown !== undefined && { advice: unknown } : { advice }),
  }
}

function program(name: string, why: { readonly for: string; readonly get?: string }): MachineFinding {
  const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  if (status !== null)
    return {
      name,
      state: 'ok',
      detail:
        stdout
          .split('\n')
          .find((line) => /\d/.test(line))
          ?.trim() ?? 'it is there',
    }
  const advice = `${why.get ?? `apt-get install ${name}`}. It is for this: ${why.for}.`
  return { name, state: 'missing', detail: `The program ${name} is not there.`, advice }
}

function gitProgram(): MachineFinding {
  const found = program('git', { for: 'the revision of the repository is noted with each run' })
  const old = found.state === 'ok' ? gitTooOld(found.detail) : undefined
  if (old === undefined) return found
  const needed = GIT_NEEDED.join('.')
  const advice = `Install git ${needed} or later: nothing is followed, previewed or blamed with less (till gitops, till plan --against).`
  return { ...found, state: 'missing', detail: `git ${old} is too old.`, advice }
}

function repository({ project, fleet }: Machine): MachineFinding {
  if (project === undefined) {
    return {
      name: 'repository',
      state: 'missing',
      detail: 'No tillwright.yaml here or above.',
      advice: '`till init` makes a repository.',
    }
  }
  if (fleet === undefined) {
    return {
      name: 'repository',
      state: 'failed',
      detail: `The inventory of ${project.root} is not valid.`,
      advice: 'See `till validate`.',
    }
  }
  const { size } = fleet.devices
  return { name: 'repository', state: 'ok', detail: `${project.root}, ${counted(size, 'device')}` }
}

function knownHosts({ project, fleet }: Machine): readonly MachineFinding[] {
  if (project === undefined) return []
  const name = 'known-hosts'
  const file = project.paths.knownHosts
  const advice = '`till trust` shows the keys of devices, to compare and record.'
  const needed = [...(fleet?.devices.values() ?? [])].some(
    ({ transport }) => transport.type === 'ssh' && !transport.host_keys,
  )
  if (!existsSync(file)) {
    const detail = `${file} is not there yet.`
    return [needed ? { name, state: 'missing', detail, advice } : { name, state: 'ok', detail: 'No device needs it.' }]
  }
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\s*[^#\s]/.test(line)).length
  const isOpen = (statSync(file).mode & 0o002) !== 0
  if (isOpen) return [{ name, state: 'failed', detail: `Others may write to ${file}.`, advice: `chmod go-w ${file}` }]
  return [{ name, state: 'ok', detail: `${lines} host keys in ${file}` }]
}

const MOST_KEYS = 10

/** Files of private keys that the inventory names. */
function keys({ project, fleet }: Machine): readonly MachineFinding[] {
  const named = new Set([...(fleet?.devices.values() ?? [])].flatMap(({ transport }) => transport.keys ?? []))
  return [...named].slice(0, MOST_KEYS).map((path): MachineFinding => {
    const home = path.replace(/^~(?=\/)/, homedir())
    const file = isAbsolute(home) ? home : join(project?.root ?? '.', home)
    const name = `key ${path}`
    if (!existsSync(file))
      return {
        name,
        state: 'missing',
        detail: 'There is no such file.',
        advice: `ssh-keygen -t ed25519 -f ${path}, or name another one in the inventory.`,
      }
    const mode = statSync(file).mode & 0o777
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      return {
        name,
        state: 'failed',
        detail: `Others may read it: its mode is ${mode.toString(8)}.`,
        advice: `chmod 600 ${path}`,
      }
    }
    return {
      name,
      state: canRead(file) ? 'ok' : 'failed',
      detail: canRead(file) ? `mode ${mode.toString(8)}` : 'You may not read it.',
    }
  })
}

function canRead(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}

async function agent(): Promise<MachineFinding> {
  const name = 'ssh-agent'
  const socket = process.env['SSH_AUTH_SOCK']
  const advice = 'eval "$(ssh-agent)" && ssh-add. It is for devices with `agent: true`.'
  if (!socket) return { name, state: 'missing', detail: 'SSH_AUTH_SOCK is not set.', advice }
  const answers = await new Promise<boolean>((resolve) => {
    const stream = connect(socket)
    stream.setTimeout(1_000, () => resolve(false))
    stream.once('connect', () => resolve(true)).once('error', () => resolve(false))
    stream.once('connect', () => stream.destroy())
  })
  return answers
    ? { name, state: 'ok', detail: `answers at ${socket}` }
    : { name, state: 'missing', detail: `Nobody answers at ${socket}.`, advice }
}

async function stateStore(machine: Machine): Promise<MachineFinding> {
  const { project } = machine
  if (!project || 'file' in project.state) return stateFolder(machine)
  const name = 'state'
  try {
    return { name, state: 'ok', detail: `PostgreSQL ${(await lookAtDatabase(project.state)).server} answers` }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const [first] = error.diagnostics
    return { name, state: 'failed', detail: `${first?.summary}.`, advice: first?.detail ?? '' }
  }
}

/** Which store counts; a file that is not there yet is not made. */
async function whichStore({ project }: Machine): Promise<MachineFinding[]> {
  if (!project) return []
  const name = 'state id'
  const { stateId } = project.settings
  if (stateId === undefined) return [{ name, state: 'missing', detail: ALONE, advice: ADOPT }]
  const isThere = !('file' in project.state) || existsSync(project.state.file)
  const store = isThere ? await project.store().catch(() => undefined) : undefined
  if (store && counts(project, store))
    return [{ name, state: 'ok', detail: `this store is the one that counts, ${stateId}` }]
  const detail = store
    ? `the store here is ${store.leases.id}, and tillwright.yaml counts on ${stateId}: it may plan, and not change`
    : `tillwright.yaml counts on ${stateId}, and here is none yet: it may plan, and not change`
  const advice = 'Change devices where that store is, or name it as `state` (a PostgreSQL that machines share).'
  return [{ name, state: 'missing', detail, advice }]
}

const ALONE = 'tillwright.yaml does not say which state store counts: caps, leases and breaker hold for this one alone'
const ADOPT = 'Where others change the same devices, share one, write its id by `till state adopt`, and commit that.'

/** Who may work for runs is of interest where the state is shared. */
function namedWorkers({ project }: Machine): readonly MachineFinding[] {
  if (!project || 'file' in project.state) return []
  const name = 'workers'
  const named = project.settings.workers()
  const detail = 'tillwright.yaml names none: whoever has the address of the database may work for runs'
  const advice = 'Name them in `workers`, each with the key of a token of its own: till worker token.'
  if (named.length === 0) return [{ name, state: 'missing', detail, advice }]
  return [{ name, state: 'ok', detail: named.map((one) => `${one.name} may serve ${one.serve}`).join('; ') }]
}

function stateFolder({ project }: Machine): MachineFinding {
  const name = 'state'
  const file = project?.paths.state ?? join(process.cwd(), '.till', 'state.db')
  const place = nearest(dirname(file))
  try {
    accessSync(place, constants.W_OK)
    if (existsSync(file)) accessSync(file, constants.W_OK)
    return { name, state: 'ok', detail: `${file} can be written` }
  } catch {
    return {
      name,
      state: 'failed',
      detail: `${file} cannot be written by this user.`,
      advice: `Give yourself the folder: chown -R "$USER" ${place}`,
    }
  }
}

/** The folder itself, or the first above it that is there. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder))
}

const LEAST_MIB = 500

async function freeDisk({ project }: Machine): Promise<MachineFinding> {
  const folder = nearest(dirname(project?.paths.state ?? join(process.cwd(), '.till', 'state.db')))
  const { bavail, bsize } = await statfs(folder)
  const free = Math.floor((bavail * bsize) / 1_048_576)
  const detail = `${free} MiB free in ${folder}`
  const advice = `At least ${LEAST_MIB} MiB are good to have for journal and history.`
  return free >= LEAST_MIB ? { name: 'disk', state: 'ok', detail } : { name: 'disk', state: 'failed', detail, advice }
}

/** A clock that is before the day on which this program was installed is wrong. */
function clock(): MachineFinding {
  const installed = statSync(new URL('../../package.json', import.meta.url)).mtimeMs
  const now = Date.now()
  const detail = new Date(now).toISOString()
  if (now >= installed - 86_400_000) return { name: 'clock', state: 'ok', detail }
  return {
    name: 'clock',
    state: 'failed',
    detail: `${detail} is before this program was installed.`,
    advice: 'timedatectl set-ntp true',
  }
}

function sandbox(): MachineFinding {
  const name = 'sandbox'
  const advice =
    'It needs Linux, and root or user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000'
  if (process.platform !== 'linux') return { name, state: 'missing', detail: 'This is not Linux.', advice }
  const { status } = spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true'], { timeout: 10_000 })
  return status === 0 || process.getuid?.() === 0
    ? { name, state: 'ok', detail: 'devices can be isolated' }
    : { name, state: 'missing', detail: 'Namespaces cannot be made.', advice }
}
