import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Ended, GitBroken, type GitLogin, git, gitEnvironment, gitText, runProgram } from './git.ts'
import { requireGit } from './git-version.ts'
import { ToolMissing } from './program-tools.ts'
import type { PathChange } from './trust-policy.ts'

/** What is followed. */
export interface Remote {
  readonly repository: string
  readonly branch: string
  readonly login?: GitLogin | undefined
  readonly timeoutMs: number
}

/** A fetch that did not bring anything, in words. */
export interface FetchFailed {
  /** `local`: this machine could not take what the remote has; that says nothing of the remote. */
  readonly kind: 'unreachable' | 'incomplete' | 'invalid' | 'local'
  readonly detail: string
}

/** Where the tip lies that the remote has told last; nothing is ever checked out from it. */
const INCOMING = 'refs/incoming/tip'
/** Keeps what is in force, and what it came from, whatever the remote does. */
const TRUSTED = 'refs/trusted/tip'

/** By which hash a repository names its objects; one of git holds those of one format alone (git-init(1), --object-format). */
export type ObjectFormat = 'sha1' | 'sha256'

/** The format of the repository that a full id is from. */
export function formatOf(id: string): ObjectFormat {
  return id.length === 64 ? 'sha256' : 'sha1'
}

/** What the copy of a repository is called in its folder. */
export function mirrorName(format: ObjectFormat): string {
  return format === 'sha1' ? 'mirror.git' : 'mirror-sha256.git'
}

/** A bare repository of our own: objects of the remote, and no configuration, hook or attribute of it. */
export async function openMirror(folder: string, format: ObjectFormat): Promise<string> {
  await requireGit()
  const mirror = join(folder, mirrorName(format))
  if (existsSync(join(mirror, 'HEAD'))) return mirror
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = await mkdtemp(join(folder, 'mirror.new.'))
  const args = ['init', '--quiet', '--bare', '--template=', '--initial-branch=none', `--object-format=${format}`, fresh]
  const ended = await runProgram('git', args, { env: gitEnvironment(), cwd: folder })
  if (ended.missing) throw new ToolMissing('git')
  if (ended.code !== 0) throw new GitBroken('init', ended)
  await writeFile(join(fresh, 'description'), 'What till follows. Nobody else writes here.\n')
  await rename(fresh, mirror)
  return mirror
}

/** Fetches the branch, and says its tip. Objects are checked as they come; a shallow answer is refused. */
export async function fetchTip(mirror: string, remote: Remote, signal?: AbortSignal): Promise<string | FetchFailed> {
  const { repository, branch, login, timeoutMs } = remote
  const refspec = `+refs/heads/${branch}:${INCOMING}`
  const flags = ['--quiet', '--no-tags', '--write-fetch-head', '--no-auto-gc', '--no-recurse-submodules', '--refmap=']
  // A server may count objects for minutes: how long that may take is said once, for the whole fetch.
  const slow = ['-c', `http.lowSpeedTime=${Math.ceil(timeoutMs / 1000)}`]
  await sweep(mirror)
  const ended = await git(mirror, [...slow, 'fetch', ...flags, '--', repository, refspec], {
    timeoutMs,
    signal,
    ...(login && { login }),
  })
  if (ended.missing) throw new ToolMissing('git')
  if (ended.code !== 0) {
    await sweep(mirror)
    if (/couldn't find remote ref/.test(ended.stderr)) return noBranch(mirror, remote, signal)
    return fetchFailed(ended, remote)
  }
  // A ref that would make us shallow is left as it was, and git calls that a success; what was taken stands here.
  const taken = /^([0-9a-f]+)\t/.exec(await readFile(join(mirror, 'FETCH_HEAD'), 'latin1').catch(() => ''))?.[1]
  if (taken !== undefined && !existsSync(join(mirror, 'shallow')))
    return (await gitText(mirror, ['rev-parse', '--verify', '--end-of-options', `${taken}^{commit}`])).trim()
  await rm(join(mirror, 'shallow'), { force: true })
  return { kind: 'incomplete', detail: 'the remote is a shallow clone, in which commits are missing without a word' }
}

/** Locks that a fetch or `keepTrusted` holds; the caller is alone here, so one that is there was left by one that was killed. */
const LOCKS = [`${INCOMING}.lock`, `${TRUSTED}.lock`, 'packed-refs.lock', 'shallow.lock', 'HEAD.lock', 'config.lock']

/** Removes what fetches that were killed have left: git itself never does, and each leaves all that it had taken. */
async function sweep(mirror: string): Promise<void> {
  for (const folder of ['objects', join('objects', 'pack')])
    for (const name of await readdir(join(mirror, folder)).catch(() => []))
      if (name.startsWith('tmp_')) await rm(join(mirror, folder, name), { recursive: true, force: true })
  for (const lock of LOCKS) await rm(join(mirror, lock), { force: true })
}

/** What git says where this machine is full, or does not let it write (git's compat/ and refs/, in the C locale). */
const LOCAL =
  /No space left on device|Disk quota exceeded|Read-only file system|cannot lock ref|Unable to create '|insufficient permission for adding an object|unable to (create|write|open) (temporary|loose|sha1|file)|died of signal|Out of memory|Too many open files|Cannot allocate memory/i

/** It answered, and has no such branch; to git a page of a proxy, without one whole line, is a repository without any. */
async function noBranch(mirror: string, remote: Remote, signal?: AbortSignal): Promise<FetchFailed> {
  const { repository, branch, login, timeoutMs } = remote
  const options = { timeoutMs, signal, ...(login && { login }) }
  const heads = await git(mirror, ['ls-remote', '--heads', '--', repository], options)
  if (heads.code === 0 && heads.stdout.length === 0) {
    const what = 'it is empty, or what answers is no repository of git (a page to sign in, a proxy)'
    return { kind: 'unreachable', detail: `the remote shows no branch at all: ${what}` }
  }
  const detail = `the remote has no branch "${branch}": it was renamed or removed. \`branch\` of gitops.yaml says which is followed`
  return { kind: 'unreachable', detail }
}

/** What is meant where git says so (its http.c, remote-curl.c and credential.c, in the C locale): the key of gitops.yaml that mends it. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /could not read (Username|Password) for|unable to read askpass response/,
    'the remote asks for a name and a password, and `login` of gitops.yaml has none that answers',
  ],
  [
    /Authentication failed for/,
    'the remote refuses the name or the password; `login` of gitops.yaml says which file holds it',
  ],
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'the remote shows another host key than the one that is known: find out why before you record it',
  ],
  [
    /certificate verification failed|SSL certificate problem|certificate subject name/,
    'the certificate of the remote is not one that this machine trusts; its authority belongs to those of the system',
  ],
  [
    /returned error: 30[12378]\b|unable to update url base from redirection/,
    'the remote sends on to another address, which is not followed; `repository` of gitops.yaml has to name it',
  ],
]

function fetchFailed({ stderr, cut, code }: Ended, { timeoutMs }: Remote): FetchFailed {
  if (cut === 'time')
    return { kind: 'unreachable', detail: `the remote did not answer whole within ${timeoutMs / 1000} s` }
  const words = causeIn(stderr) || `git fetch ended with exit code ${code}`
  if (LOCAL.test(stderr) || code === null) return { kind: 'local', detail: words }
  const meaning = MEANINGS.find(([said]) => said.test(stderr))?.[1]
  if (meaning !== undefined) return { kind: 'unreachable', detail: `${meaning} (${words})` }
  const isShort = /shallow/.test(stderr)
  const isInvalid = /fsck|index-pack|unpack|bad object|corrupt|did not receive expected object|missing .* object/i.test(
    stderr,
  )
  return { kind: isShort ? 'incomplete' : isInvalid ? 'invalid' : 'unreachable', detail: words }
}

/** Said by git behind whatever ssh or the server said, which says why. */
const ONLY_THAT = /^fatal: (Could not read from remote repository|The remote end hung up unexpectedly)/i
const ADVICE =
  /^((remote: )?hint:|Please make sure you have the correct access rights|and the repository exists|@|IT IS POSSIBLE|Someone could be|It is also possible)/

/** What git says was wrong: advice is left out, and of what else it says (`remote:`, progress) errors come first. */
function causeIn(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !ADVICE.test(line))
  const rank = (line: string): number => (ONLY_THAT.test(line) ? 2 : /^(error|fatal):/.test(line) ? 0 : 1)
  return lines
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, 3)
    .join('; ')
}

/** Whether the mirror has this commit. Throws GitBroken where git does not come to an answer. */
export async function hasCommit(mirror: string, id: string): Promise<boolean> {
  const said = (
    await gitText(mirror, ['cat-file', '--batch-check=%(objecttype)'], { input: `${id}^{commit}\n` })
  ).trim()
  if (said === 'commit') return true
  if (said.endsWith(' missing')) return false
  throw new Error(`git cat-file does not say whether ${id} is there`)
}

/** Whether `old` is in the history of `id`. */
export async function isAncestor(mirror: string, old: string, id: string): Promise<boolean> {
  const ended = await git(mirror, ['merge-base', '--is-ancestor', old, id])
  if (ended.code !== 0 && ended.code !== 1) throw new GitBroken('merge-base', ended)
  return ended.code === 0
}

/** Every commit that is in the history of `tip` and not in that of `old`, parents first; merges' other parents too. */
export async function commitsBetween(mirror: string, old: string, tip: string): Promise<readonly string[]> {
  const text = await gitText(mirror, ['rev-list', '--topo-order', '--reverse', tip, `^${old}`, '--'])
  return text.split('\n').filter((line) => line !== '')
}

/** Keeps a commit from being collected, and names it for those who look into the mirror. */
export async function keepTrusted(mirror: string, id: string): Promise<void> {
  await gitText(mirror, ['update-ref', TRUSTED, id])
}

/** What differs between pairs of trees, in their order, by one process. */
export async function differences(
  mirror: string,
  pairs: readonly (readonly [string, string])[],
): Promise<readonly (readonly PathChange[])[]> {
  const found: PathChange[][] = pairs.map(() => [])
  const asked = pairs.map((pair, index) => ({ pair, index })).filter(({ pair: [a, b] }) => a !== b)
  if (asked.length === 0) return found
  const args = ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--no-ext-diff']
  const input = asked.map(({ pair }) => `${pair.join(' ')}\n`).join('')
  const text = await gitText(mirror, [...args, '--ignore-submodules=none'], { input })
  let at = 0
  for (const { pair, index } of asked) {
    const head = `${pair.join(' ')}\n`
    if (!text.startsWith(head, at)) throw new Error(`git diff-tree does not answer for ${pair.join(' ')}`)
    at += head.length
    while (text[at] === ':') {
      const meta = text.indexOf('\0', at)
      const end = text.indexOf('\0', meta + 1)
      const [, mode = '', , object = '', status] = text.slice(at, meta).split(' ')
      found[index]?.push({ path: text.slice(meta + 1, end), content: status === 'D' ? '' : `${mode} ${object}` })
      at = end + 1
    }
  }
  return found
}

/** The tree that a merge of two commits comes to; the paths in conflict where it is none. Throws GitBroken. */
export async function treeOfMerge(
  mirror: string,
  ours: string,
  theirs: string,
): Promise<{ readonly ok: true; readonly tree: string } | { readonly ok: false; readonly paths: readonly string[] }> {
  const args = ['merge-tree', '--write-tree', '--no-messages', '--name-only', '-z', ours, theirs]
  const ended = await git(mirror, args)
  const [tree = '', ...paths] = ended.stdout
    .toString()
    .split('\0')
    .filter((part) => part !== '')
  // It ends with 1 for what it cannot find, too, and says no tree then.
  if ((ended.code !== 0 && ended.code !== 1) || !/^[0-9a-f]+$/.test(tree)) throw new GitBroken('merge-tree', ended)
  return ended.code === 0 ? { ok: true, tree } : { ok: false, paths }
}

/** What git makes of two commits: a tree, and the paths in conflict, at which it may hold what one side has. */
export interface MergedTree {
  readonly tree: string
  /** As bytes, a character each. */
  readonly conflicts: readonly string[]
}

/**
 * What git makes of two commits, following files that were renamed; undefined where it makes no tree of them, since they have no
 * history in common. Throws GitBroken where it does not come to an answer, which says nothing of a merge.
 */
export async function mergedTree(mirror: string, ours: string, theirs: string): Promise<MergedTree | undefined> {
  const args = ['merge-tree', '--write-tree', '--no-messages', '--name-only', '-z', ours, theirs]
  const ended = await git(mirror, args)
  if (ended.code === 128 && /unrelated histories/.test(ended.stderr)) return undefined
  if (ended.code !== 0 && ended.code !== 1) throw new GitBroken('merge-tree', ended)
  const [tree = '', ...paths] = ended.stdout.toString('latin1').split('\0')
  if (!/^[0-9a-f]+$/.test(tree)) throw new GitBroken('merge-tree', ended)
  return { tree, conflicts: ended.code === 0 ? [] : paths.filter((path) => path !== '') }
}

/** The trees of all best common ancestors of two commits; none where their histories have nothing in common. */
export async function baseTrees(mirror: string, ours: string, theirs: string): Promise<readonly string[]> {
  const ended = await git(mirror, ['merge-base', '--all', ours, theirs])
  if (ended.code === 1) return []
  if (ended.code !== 0) throw new GitBroken('merge-base', ended)
  const bases = ended.stdout.toString().split('\n').filter(Boolean)
  const names = bases.map((id) => `${id}^{tree}`)
  return (await gitText(mirror, ['rev-parse', ...names])).split('\n').filter(Boolean)
}
