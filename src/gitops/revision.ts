import { execFile } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** A work tree of a large fleet that lies on a disk of the network is looked through slowly. */
const GIT_TIMEOUT_MS = 60_000
const MOST_BYTES = 256_000_000

/** What git says in a folder, with the configuration of whoever works there, as they have checked it out by that. */
export async function askGit(folder: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C' }
  const { stdout } = await run('git', args, { cwd: folder, env, timeout: GIT_TIMEOUT_MS, maxBuffer: MOST_BYTES })
  return stdout
}

/** How `git ls-files -t` begins the line of a file that git leaves out of the work tree, or does not look at there. */
export const LEFT_OUT = 'S '

/**
 * The commit of the repository at `root`, with `+dirty` behind it when the work tree differs, and `+sparse` where files of it are
 * left out; null outside git. Where git cannot say, although there is a repository, `warn` hears why.
 */
export async function revisionOf(root: string, warn?: (text: string) => void): Promise<string | null> {
  try {
    const [status, files] = await Promise.all([
      askGit(root, ['status', '--porcelain=v2', '--branch', '--no-ahead-behind', '--untracked-files=normal']),
      mayLeaveOut(root) ? askGit(root, ['ls-files', '-t', '-z', '--', '.']) : '',
    ])
    const [, head] = /^# branch\.oid ([0-9a-f]+)$/m.exec(status) ?? []
    if (head === undefined) return null
    const isDirty = /^[^#]/m.test(status)
    const isSparse = files.split('\0').some((line) => line.startsWith(LEFT_OUT))
    return `${head}${isSparse ? '+sparse' : ''}${isDirty ? '+dirty' : ''}`
  } catch (error) {
    const why = whyUnknown(error)
    if (why !== undefined)
      warn?.(`The commit of this repository is not known, and runs are noted without one: git: ${why}`)
    return null
  }
}

/**
 * False where git's index says by its version that it has no entry with the flag for files that are left out (gitformat-index(5):
 * version 2 has no such flag, and git writes 3 as soon as an entry has it). It spares a git of its own.
 */
function mayLeaveOut(root: string): boolean {
  // Which index it is then, git knows.
  if (process.env['GIT_DIR'] !== undefined || process.env['GIT_INDEX_FILE'] !== undefined) return true
  try {
    const folder = gitFolder(resolve(root))
    // A split index has its entries in another file.
    if (readdirSync(folder).some((name) => name.startsWith('sharedindex.'))) return true
    const head = Buffer.alloc(8)
    const file = openSync(join(folder, 'index'), 'r')
    try {
      readSync(file, head)
    } finally {
      closeSync(file)
    }
    return head.toString('latin1', 0, 4) !== 'DIRC' || head.readUInt32BE(4) !== 2
  } catch {
    return true
  }
}

/** Where the index of the work tree lies to which `folder` belongs. Throws where there is none. */
function gitFolder(folder: string): string {
  const found = join(folder, '.git')
  const kind = statSync(found, { throwIfNoEntry: false })
  if (kind?.isDirectory()) return found
  if (kind)
    return resolve(
      folder,
      readFileSync(found, 'utf8')
        .replace(/^gitdir: /, '')
        .trimEnd(),
    )
  if (dirname(folder) === folder) throw new Error(`no git folder above ${folder}`)
  return gitFolder(dirname(folder))
}

/** What git said that answered nothing; undefined where there is nothing to ask about: no git, or no repository. */
export function whyUnknown(error: unknown): string | undefined {
  const {
    code,
    killed,
    stderr = '',
    message,
  } = error as Error & Partial<Record<'code' | 'stderr', string>> & { killed?: boolean }
  if (code === 'ENOENT' || /not a git repository/i.test(stderr)) return undefined
  if (killed === true) return `it took longer than ${GIT_TIMEOUT_MS / 1000} s`
  return (stderr.trim() || message).split('\n')[0]
}
