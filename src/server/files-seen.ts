import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listFiles } from '../files/list-files.ts'

/** Files looked at between two turns of the event loop. */
const AT_ONCE = 200

/** What is looked at for changes: `paths` are files, or folders with all that is below them. */
export interface Seen {
  readonly paths: readonly string[]
  readonly files: readonly string[]
}

/** A text that is another one when a file among these, or below these folders, is another, gone or new. */
export async function filesSeen({ paths, files: alone }: Seen): Promise<string> {
  const hash = createHash('sha256')
  for (const files of [...paths.map(filesBelow), alone]) {
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

/** A file, or nothing, is a fact about it. */
function filesBelow(path: string): readonly string[] {
  const { names, unread } = listFiles(path)
  return [...names, ...unread.map(({ name }) => name)].map((name) => join(path, name)).sort()
}
