import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What is in a folder and the folders below it. */
export interface ListedFiles {
  /** Paths below the folder, with `/`, in the order of their names. */
  readonly names: readonly string[]
  /** What could not be looked at, with the error of the system. */
  readonly unread: readonly { readonly name: string; readonly error: unknown }[]
}

/**
 * Lists the files of a folder and of all folders below it. Links to folders are followed, as those to files are, and one that
 * leads back to where it came from is ELOOP, as the system has it for a path. What is hidden is left out.
 */
export function listFiles(folder: string): ListedFiles {
  const names: string[] = []
  const unread: { name: string; error: unknown }[] = []
  walk('', [])
  return { names: names.sort(), unread }

  function walk(below: string, above: readonly string[]): void {
    let entries: readonly Dirent[]
    let here: string
    try {
      here = realpathSync(join(folder, below))
      if (above.includes(here)) throw Object.assign(new Error('it leads in a circle'), { code: 'ELOOP' })
      entries = readdirSync(here, { withFileTypes: true })
    } catch (error) {
      unread.push({ name: below, error })
      return
    }
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      const isFolder = entry.isSymbolicLink() ? leadsToFolder(name) : entry.isDirectory()
      if (isFolder === true) walk(name, [...above, here])
      if (isFolder === false) names.push(name)
    }
  }

  /** A link that leads nowhere may have led to a folder: to a submodule that is not checked out. */
  function leadsToFolder(name: string): boolean | undefined {
    try {
      return statSync(join(folder, name)).isDirectory()
    } catch (error) {
      unread.push({ name, error })
      return undefined
    }
  }
}
