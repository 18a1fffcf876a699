import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
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

/** Whether all files are in a folder, whole: a power cut leaves empty ones, and an inventory of empty files is no fault. */
export function isWhole(folder: string, { files }: Pick<Contents, 'files'>): boolean {
  return files.every(([path, bytes]) => {
    const found = lstatSync(Buffer.from(join(folder, path), 'latin1'), { throwIfNoEntry: false })
    return found?.isFile() === true && found.size === bytes
  })
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
