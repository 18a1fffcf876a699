import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Files looked at between two turns of the event loop. */
const AT_ONCE = 200

/** A text that is another one when a file among these, or below these folders, is another, gone or new. */
export async function filesSeen(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) {
    const files = await filesBelow(path)
    for (let at = 0; at < files.length; at += AT_ONCE) {
      for (const line of await Promise.all(files.slice(at, at + AT_ONCE).map(seen))) hash.update(line)
    }
  }
  return hash.digest('hex')
}

async function seen(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  return `${file}\0${found ? `${found.mtimeMs} ${found.size} ${found.ino}` : ''}\0`
}

async function filesBelow(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch {
    // A file, or nothing: either is a fact about it.
    return [path]
  }
}
