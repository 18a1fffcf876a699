import { createHash } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What stands in a tree and is not written: nothing of it has a meaning here. */
export interface LeftOut {
  readonly path: string
  readonly what: 'symbolic link' | 'submodule' | 'reserved name'
}

/** What a checkout holds, as it was when all of it was on the disk; so it can be used without the mirror. */
export interface Contents {
  /** Paths, as bytes, a character each, with their sizes. */
  readonly files: readonly (readonly [path: string, bytes: number])[]
  readonly leftOut: readonly LeftOut[]
}

/** Beside the checkout, since everything in that is of the repository. */
export function sealOf(root: string): string {
  return `${root}.seal`
}

/** What a sealed checkout holds; undefined where there is no seal, or one that is not whole. */
export async function readSeal(root: string): Promise<Contents | undefined> {
  const [digest, text = ''] = (await readFile(sealOf(root), 'utf8').catch(() => '')).split('\n')
  return digest === digestOf(text) ? (JSON.parse(text) as Contents) : undefined
}

export async function writeSeal(root: string, contents: Contents): Promise<void> {
  const text = JSON.stringify(contents)
  const handle = await open(sealOf(root), 'w', 0o600)
  await handle.writeFile(`${digestOf(text)}\n${text}\n`)
  await handle.sync()
  await handle.close()
}

/** Whether a checkout is there, whole, and nobody has touched it since. */
export function isAsWritten(root: string, { files }: Pick<Contents, 'files'>): boolean {
  return isWhole(root, files) && isUntouched(root, files)
}

/** Whether all files are in a folder, whole: a power cut leaves empty ones, and an inventory of empty files is no fault. */
function isWhole(folder: string, files: Contents['files']): boolean {
  return files.every(([path, bytes]) => {
    const found = lstatSync(Buffer.from(join(folder, path), 'latin1'), { throwIfNoEntry: false })
    return found?.isFile() === true && found.size === bytes
  })
}

/**
 * The link to `.till` is made last, so that whatever is changed, added or removed later has a later time of change (ctime, which no
 * program can set): by a tool of a `local` step that writes beside itself, say.
 */
function isUntouched(root: string, files: Contents['files']): boolean {
  const made = lstatSync(join(root, '.till'), { throwIfNoEntry: false })?.ctimeMs
  const wanted = new Set(['.till', ...files.map(([path]) => path.split('/')[0] ?? '')])
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

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
