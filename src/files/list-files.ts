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
  const walk = new Walk(folder)
  walk.into('', [])
  return { names: walk.names.sort(), unread: walk.unread }
}

class Walk {
  readonly names: string[] = []
  readonly unread: { name: string; error: unknown }[] = []
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** `above`: where the folders above really lie. */
  into(below: string, above: readonly string[]): void {
    const here = this.#tried(below, (path) => realpathSync(path))
    if (here === undefined) return
    if (above.includes(here)) {
      this.unread.push({ name: below, error: Object.assign(new Error('it leads in a circle'), { code: 'ELOOP' }) })
      return
    }
    for (const entry of this.#tried(below, (path) => readdirSync(path, { withFileTypes: true })) ?? []) {
      if (entry.name.startsWith('.')) continue
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      const isFolder = this.#leadsToFolder(entry, name)
      if (isFolder === true) this.into(name, [...above, here])
      if (isFolder === false) this.names.push(name)
    }
  }

  /** A link that leads nowhere may have led to a folder: to a submodule that is not checked out. */
  #leadsToFolder(entry: Dirent, name: string): boolean | undefined {
    if (!entry.isSymbolicLink()) return entry.isDirectory()
    return this.#tried(name, (path) => statSync(path).isDirectory())
  }

  #tried<T>(name: string, look: (path: string) => T): T | undefined {
    try {
      return look(join(this.#folder, name))
    } catch (error) {
      this.unread.push({ name, error })
      return undefined
    }
  }
}
