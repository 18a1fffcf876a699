import { execFile } from 'node:child_process'
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
      askGit(root, ['ls-files', '-t', '-z', '--', '.']),
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
