import { createHash, randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { appendFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

/** The revision that is in force. */
export interface TrustedRevision {
  readonly commit: string
  /** When it came into force. */
  readonly at: string
  /** `till`, for one that was verified; otherwise the account of whoever said so. */
  readonly by: string
  readonly reason?: string
  /** What became of its assignments by it; absent where what was in force before could not be read any more. */
  readonly assignments?: readonly AssignmentReach[]
}

/** How many devices an assignment means by a revision, and how many more and fewer than by the one before. */
export interface AssignmentReach {
  readonly assignment: string
  readonly devices: number
  readonly gained: number
  readonly lost: number
  /** Absent for one that both revisions have. */
  readonly is?: 'new' | 'gone'
}

/** The last commit that was looked at, and what came of it. */
export interface LastPull {
  readonly at: string
  readonly outcome: 'current' | 'advanced' | 'refused' | 'unreachable' | 'undecided'
  /** Tip of the branch; null where the remote was not reached. */
  readonly tip: string | null
  /** What was decided with: signers, revocations, policy. */
  readonly decidedWith: string
  readonly code?: string
  readonly problems: readonly {
    readonly kind: string
    readonly commit?: string
    readonly path?: string
    readonly detail: string
  }[]
  /** Of how many problems. */
  readonly problemCount: number
  /** Since when it is so. */
  readonly since: string
  /** When the remote last told where the branch is. */
  readonly answered_at?: string
  /** The newest revision that was seen, where it was refused; it stays so while the remote does not answer. */
  readonly refused?: { readonly tip: string; readonly code: string; readonly since: string }
}

/** Another controller of the same state has another revision in force, which counts. */
export interface Overtaken {
  readonly commit: string
  /** When it came into force there, or was ordered. */
  readonly at: string
  /** Name of that controller. */
  readonly on: string
  readonly ordered_by?: string
  /** Since when this controller has been overtaken. */
  readonly since: string
}

const TRUSTED = 'trusted.json'
const LAST = 'last-pull.json'
const RECORD = 'record.ndjson'
const RECEIVED = 'received.json'
const OVERTAKEN = 'overtaken.json'
const CONTROLLER = 'controller.json'

/** Reads what is in force; undefined where nothing is yet. A file that is not whole is a fault, and never nothing. */
export async function readTrusted(folder: string): Promise<TrustedRevision | undefined> {
  const trusted = (await readJson(folder, TRUSTED)) as TrustedRevision | undefined
  if (trusted === undefined || /^[0-9a-f]{40,64}$/.test(trusted.commit)) return trusted
  throw new FolderDamaged(join(folder, TRUSTED))
}

/** Puts a revision in force and on record: whole or not at all, also when this process is killed. */
export async function writeTrusted(folder: string, revision: TrustedRevision, from: string | undefined): Promise<void> {
  const what = revision.by === 'till' ? 'advanced' : 'trusted'
  const { at, commit, by, reason, assignments } = revision
  const moved = assignments?.filter(({ gained, lost, is }) => gained > 0 || lost > 0 || is !== undefined) ?? []
  await note(folder, {
    ...{ at, what, commit, from: from ?? null, by },
    ...(reason !== undefined && { reason }),
    ...(moved.length > 0 && { assignments: moved }),
  })
  await writeJson(folder, TRUSTED, revision)
}

export async function readLastPull(folder: string): Promise<LastPull | undefined> {
  return (await readJson(folder, LAST)) as LastPull | undefined
}

export async function writeLastPull(folder: string, pull: LastPull): Promise<void> {
  await writeJson(folder, LAST, pull)
}

/** When commits that are not in force yet were first seen here, in the order of their ids. */
export async function readReceived(folder: string): Promise<ReadonlyMap<string, string>> {
  return new Map(Object.entries(((await readJson(folder, RECEIVED)) ?? {}) as Record<string, string>))
}

export async function writeReceived(folder: string, received: ReadonlyMap<string, string>): Promise<void> {
  await writeJson(folder, RECEIVED, Object.fromEntries(received))
}

export async function readOvertaken(folder: string): Promise<Overtaken | undefined> {
  return (await readJson(folder, OVERTAKEN)) as Overtaken | undefined
}

export async function writeOvertaken(folder: string, overtaken: Overtaken | undefined): Promise<void> {
  if (overtaken === undefined) await rm(join(folder, OVERTAKEN), { force: true })
  else await writeJson(folder, OVERTAKEN, overtaken)
}

/** What the controller of this folder is called among those that share its state; a container has another host name each time. */
export async function controllerName(folder: string): Promise<string> {
  const known = (await readJson(folder, CONTROLLER)) as { readonly name: string } | undefined
  if (known !== undefined) return known.name
  const name = `${hostname()}-${randomBytes(3).toString('hex')}`
  await writeJson(folder, CONTROLLER, { name })
  return name
}

/** What happened here, oldest first; the last `limit`. */
export async function readRecord(folder: string, limit: number): Promise<readonly object[]> {
  const text = await readFile(join(folder, RECORD), 'utf8').catch(absent)
  const lines = (text ?? '').split('\n').filter((line) => line !== '')
  return lines.slice(-limit).flatMap((line) => {
    try {
      return [JSON.parse(line) as object]
    } catch {
      // The last line of a process that was killed in the middle of it.
      return []
    }
  })
}

/** Adds to the record, durably. */
export async function note(folder: string, entry: object): Promise<void> {
  const path = join(folder, RECORD)
  const before = await readFile(path, 'utf8').catch(absent)
  const start = before === undefined || before === '' || before.endsWith('\n') ? '' : '\n'
  await appendFile(path, `${start}${JSON.stringify(entry)}\n`, { mode: 0o600, flush: true } as object)
}

/** A file of the folder is not as it was written. */
export class FolderDamaged extends Error {
  override readonly name = 'FolderDamaged'
  readonly file: string

  constructor(file: string) {
    super(`"${file}" is damaged`)
    this.file = file
  }
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const text = await readFile(join(folder, name), 'utf8').catch(absent)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new FolderDamaged(join(folder, name))
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}

async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = join(folder, `.${name}.${process.pid}`)
  try {
    await writeFile(fresh, `${JSON.stringify(value, null, 1)}\n`, { mode: 0o600, flush: true } as object)
    await rename(fresh, join(folder, name))
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** A rename is durable once its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().catch(() => undefined)
  await handle.close()
}

/**
 * Runs `work` while no other process of this machine does so for the same folder; undefined where one does. The lock is
 * a socket, which goes with its process, however that ends.
 */
export async function alone<T>(folder: string, work: () => Promise<T>): Promise<T | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const name = `till-gitops-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 40)}`
  const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), name)
  const server = createServer((socket) => socket.destroy())
  const isMine = await new Promise<boolean>((resolve, reject) => {
    server.once('listening', () => resolve(true))
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen(path)
  })
  if (!isMine) return undefined
  try {
    return await work()
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()))
    if (process.platform !== 'linux') await rm(path, { force: true })
  }
}
