import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HOUR_MS } from '../core/duration.ts'
import { type Contents, isAsWritten, type LeftOut, readSeal, sealOf, writeSeal } from './checkout-seal.ts'
import { hasId, readObjects } from './commit-object.ts'
import { gitText } from './git.ts'
import { syncFolder } from './trust-folder.ts'

/** Why a tree is not written to disk. */
export class TreeRefused extends Error {
  override readonly name = 'TreeRefused'
}

export interface Checkout {
  readonly root: string
  readonly leftOut: readonly LeftOut[]
}

const FILE_BYTES = 64_000_000
const TREE_BYTES = 1_000_000_000
const TREE_FILES = 200_000
/** Bytes that are read from git at a time. */
const PORTION_BYTES = 32_000_000
const KEPT = 3
const ABANDONED_MS = HOUR_MS

interface Entry {
  readonly path: string
  readonly mode: string
  readonly object: string
  readonly bytes: number
}

/**
 * Writes the files of a commit into a folder of our own, by ourselves: no filter, attribute, hook, link or submodule of
 * the repository takes part. `.till` there leads to `home`, where state and cache of all revisions are. Whole or not at
 * all, also when this process is killed or the power fails: what is on the disk is sealed, and looked over before it is used.
 * The mirror is only opened where that is not so. Throws TreeRefused, GitBroken.
 */
export async function checkOut(
  mirror: () => Promise<string>,
  commit: string,
  { revisions, home }: { readonly revisions: string; readonly home: string },
): Promise<Checkout> {
  const root = join(revisions, commit)
  const sealed = await readSeal(root)
  if (sealed && isAsWritten(root, sealed)) return { root, leftOut: sealed.leftOut }
  const from = await mirror()
  const { files, leftOut } = sorted(await listTree(from, commit))
  const contents = { files: files.map(({ path, bytes }) => [path, bytes] as const), leftOut }
  await mkdir(revisions, { recursive: true, mode: 0o700 })
  await mkdir(home, { recursive: true, mode: 0o700 })
  if (!isAsWritten(root, contents)) {
    const fresh = await mkdtemp(join(revisions, `.${commit}.`))
    try {
      for (const portion of portions(files)) await writePortion(from, fresh, portion)
      await symlink(home, join(fresh, '.till'))
      await syncFolder(fresh)
      await putInPlace(fresh, root, contents)
    } catch (error) {
      // On a full disk each try would leave what it came to, and keep the disk full.
      await rm(fresh, { recursive: true, force: true })
      throw error
    }
    await syncFolder(revisions)
  }
  await writeSeal(root, contents)
  return { root, leftOut }
}

/** Another process may write the same checkout at the same time: whichever comes first stands. */
async function putInPlace(fresh: string, root: string, contents: Contents): Promise<void> {
  if (existsSync(root) && !isAsWritten(root, contents)) await rename(root, `${fresh}.torn`).catch(ignoreAbsent)
  try {
    await rename(fresh, root)
  } catch (error) {
    if (!isAsWritten(root, contents)) throw error
  }
  for (const left of [fresh, `${fresh}.torn`]) await rm(left, { recursive: true, force: true })
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

async function listTree(mirror: string, commit: string): Promise<readonly Entry[]> {
  const text = await gitText(mirror, ['ls-tree', '-r', '-z', '-l', '--full-tree', '--end-of-options', commit])
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t')
      const [mode = '', , object = '', size = ''] = line.slice(0, tab).split(/ +/)
      return { path: line.slice(tab + 1), mode, object, bytes: size === '-' ? 0 : Number(size) }
    })
}

function sorted(entries: readonly Entry[]): { readonly files: readonly Entry[]; readonly leftOut: readonly LeftOut[] } {
  const files: Entry[] = []
  const leftOut: LeftOut[] = []
  for (const entry of entries) {
    const what = meaningless(entry)
    if (what === undefined) files.push(entry)
    else leftOut.push({ path: shownPath(entry.path), what })
  }
  if (files.length === 0) throw new TreeRefused('it has no file')
  const large = files.find(({ bytes }) => bytes > FILE_BYTES)
  if (large) throw new TreeRefused(`"${shownPath(large.path)}" has ${large.bytes} bytes; ${FILE_BYTES} are the most`)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  if (files.length > TREE_FILES || bytes > TREE_BYTES)
    throw new TreeRefused(
      `It has ${files.length} files of ${bytes} bytes; ${TREE_FILES} files of ${TREE_BYTES} bytes are the most`,
    )
  return { files, leftOut }
}

function meaningless({ path, mode }: Entry): LeftOut['what'] | undefined {
  if (mode === '120000') return 'symbolic link'
  if (mode === '160000') return 'submodule'
  const parts = path.split('/')
  const isReserved = parts.some((part) => part === '' || part === '.' || part === '..' || /^\.git$/i.test(part))
  return isReserved || /^\.till$/i.test(parts[0] ?? '') ? 'reserved name' : undefined
}

/** A path as people read it; in git it is bytes. */
export function shownPath(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8')
}

function* portions(files: readonly Entry[]): Generator<readonly Entry[]> {
  let portion: Entry[] = []
  let bytes = 0
  for (const file of files) {
    if (bytes + file.bytes > PORTION_BYTES && portion.length > 0) {
      yield portion
      portion = []
      bytes = 0
    }
    portion.push(file)
    bytes += file.bytes
  }
  if (portion.length > 0) yield portion
}

async function writePortion(mirror: string, folder: string, files: readonly Entry[]): Promise<void> {
  const objects = readObjects(
    mirror,
    files.map(({ object }) => object),
    'blob',
  )
  const made = new Set<string>()
  let index = 0
  for await (const { id, bytes } of objects) {
    const entry = files[index]
    index += 1
    if (entry === undefined) break
    if (!hasId('blob', bytes, id))
      throw new TreeRefused(`The content of "${shownPath(entry.path)}" is not that of its id`)
    await writeEntry(folder, entry, { bytes, made }).catch((error: NodeJS.ErrnoException) => {
      const why = UNWRITABLE[error.code ?? '']
      throw why === undefined ? error : new TreeRefused(`"${cut(shownPath(entry.path))}" cannot be written: ${why}`)
    })
  }
}

/** What a disk says of a path, whenever it is asked: so it is about the revision, and not about how things are here now. */
const UNWRITABLE: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'its name is too long for the disk of this machine',
  EEXIST:
    'the commit has another file of this name, or one that only differs in case, which this disk does not tell apart',
  ENOTDIR: 'the commit has a file by the name of its folder',
  EISDIR: 'the commit has a folder of this name, too',
  EILSEQ: 'its name is no text that the disk of this machine takes',
  EINVAL: 'its name is none that the disk of this machine takes',
}

function cut(path: string): string {
  return path.length > 100 ? `${path.slice(0, 100)}…` : path
}

async function writeEntry(
  folder: string,
  { path, mode }: Entry,
  { bytes, made }: { readonly bytes: Buffer; readonly made: Set<string> },
): Promise<void> {
  const at = (name: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')])
  const parent = dirname(path)
  if (!made.has(parent)) {
    await mkdir(at(parent), { recursive: true, mode: 0o700 })
    made.add(parent)
  }
  // `wx`: two entries of one name, as on a disk that does not tell cases apart, are not both true.
  const handle = await open(at(path), 'wx', mode === '100755' ? 0o700 : 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes revisions that were last used before `time`, in milliseconds since 1970; `utimes` says that one is used. */
export async function forgetUnused(revisions: string, time: number): Promise<void> {
  for (const name of await readdir(revisions).catch(() => [])) {
    const found = await stat(join(revisions, name)).catch(() => undefined)
    if (found?.isDirectory() && found.ctimeMs < time) await forget(join(revisions, name))
  }
}

/** Removes revisions that are no longer needed, and what a killed process has left; `keep` and the newest stay. */
export async function forgetRevisions(revisions: string, keep: string): Promise<void> {
  const names = (await readdir(revisions).catch(() => [])).filter((name) => !name.endsWith(sealOf('')))
  const aged = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(revisions, name)).catch(() => undefined))?.ctimeMs ?? 0 })),
  )
  const whole = aged.filter(({ name }) => name !== keep && !name.startsWith('.')).sort((a, b) => b.at - a.at)
  // Another process may be about to write one: what was begun long ago is nobody's any more.
  const left = aged.filter(({ name, at }) => name.startsWith('.') && at < Date.now() - ABANDONED_MS)
  for (const { name } of [...whole.slice(KEPT - 1), ...left]) await forget(join(revisions, name))
}

async function forget(root: string): Promise<void> {
  await rm(sealOf(root), { force: true })
  await rm(root, { recursive: true, force: true })
}
