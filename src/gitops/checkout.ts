import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasId, readObjects } from './commit-object.ts'
import { gitText } from './git.ts'
import { syncFolder } from './trust-folder.ts'

/** Why a tree is not written to disk. */
export class TreeRefused extends Error {
  override readonly name = 'TreeRefused'
}

/** What stands in a tree and is not written: nothing of it has a meaning here. */
export interface LeftOut {
  readonly path: string
  readonly what: 'symbolic link' | 'submodule' | 'reserved name'
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

interface Entry {
  readonly path: string
  readonly mode: string
  readonly object: string
  readonly bytes: number
}

/**
 * Writes the files of a commit into a folder of our own, by ourselves: no filter, attribute, hook, link or submodule of
 * the repository takes part. `.till` there leads to `home`, where state and cache of all revisions are. Whole or not at
 * all, also when this process is killed; one that somebody has touched since is written anew. Throws TreeRefused.
 */
export async function checkOut(
  mirror: string,
  commit: string,
  { revisions, home }: { readonly revisions: string; readonly home: string },
): Promise<Checkout> {
  const root = join(revisions, commit)
  const { files, leftOut } = sorted(await listTree(mirror, commit))
  if (existsSync(root) && isAsWritten(root, files)) return { root, leftOut }
  await mkdir(revisions, { recursive: true, mode: 0o700 })
  await mkdir(home, { recursive: true, mode: 0o700 })
  const fresh = join(revisions, `.${commit}.${process.pid}`)
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  for (const portion of portions(files)) await writePortion(mirror, fresh, portion)
  await symlink(home, join(fresh, '.till'))
  await syncFolder(fresh)
  const touched = join(revisions, `.${commit}.${process.pid}.touched`)
  if (existsSync(root)) await rename(root, touched)
  await rename(fresh, root)
  await syncFolder(revisions)
  await rm(touched, { recursive: true, force: true })
  return { root, leftOut }
}

/**
 * Whether all in a checkout is as it was written. The link to `.till` is made last, so that whatever is changed, added or removed later
 * has a later time of change (ctime, which no program can set): by a tool of a `local` step that writes beside itself, say.
 */
function isAsWritten(root: string, files: readonly Entry[]): boolean {
  const made = lstatSync(join(root, '.till'), { throwIfNoEntry: false })?.ctimeMs
  const wanted = new Set(['.till', ...files.map(({ path }) => path.split('/')[0] ?? '')])
  const found = readdirSync(root, 'latin1')
  // The time of the folder itself is that of its renaming, and of its last use.
  if (made === undefined || found.length !== wanted.size || !found.every((name) => wanted.has(name))) return false
  return found.every((name) => name === '.till' || isOlder(Buffer.from(`${root}/`), name, made))
}

function isOlder(folder: Buffer, name: string, time: number): boolean {
  const path = Buffer.concat([folder, Buffer.from(name, 'latin1')])
  const stat = lstatSync(path)
  if (stat.ctimeMs > time) return false
  if (!stat.isDirectory()) return true
  const below = Buffer.concat([path, Buffer.from('/')])
  return readdirSync(path, 'latin1').every((one) => isOlder(below, one, time))
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
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(entry.path, 'latin1')])
    const parent = dirname(entry.path)
    if (!made.has(parent)) {
      await mkdir(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(parent, 'latin1')]), {
        recursive: true,
        mode: 0o700,
      })
      made.add(parent)
    }
    // `wx`: two entries of one name, as on a disk that does not tell cases apart, are not both true.
    const handle = await open(path, 'wx', entry.mode === '100755' ? 0o700 : 0o600)
    await handle.writeFile(bytes)
    await handle.close()
  }
}

/** Removes revisions that were last used before `time`, in milliseconds since 1970; `utimes` says that one is used. */
export async function forgetUnused(revisions: string, time: number): Promise<void> {
  for (const name of await readdir(revisions).catch(() => [])) {
    const found = await stat(join(revisions, name)).catch(() => undefined)
    if (found && found.ctimeMs < time) await rm(join(revisions, name), { recursive: true, force: true })
  }
}

/** Removes revisions that are no longer needed, and what a killed process has left; `keep` and the newest stay. */
export async function forgetRevisions(revisions: string, keep: string): Promise<void> {
  const names = await readdir(revisions).catch(() => [])
  const aged = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(revisions, name)).catch(() => undefined))?.ctimeMs ?? 0 })),
  )
  const old = aged
    .filter(({ name }) => name !== keep)
    .sort((a, b) => b.at - a.at)
    .filter(({ name }, index) => name.startsWith('.') || index >= KEPT - 1)
  for (const { name } of old) await rm(join(revisions, name), { recursive: true, force: true })
}
