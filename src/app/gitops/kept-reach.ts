import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../version.ts'

/** Names of the devices that each assignment of a revision means, by the name of the assignment. */
export type Reach = ReadonlyMap<string, readonly string[]>

interface Kept {
  /** Another till may read a selector otherwise. */
  readonly version: string
  readonly commits: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

const KEPT = 'reach.json'

/** What was kept of a revision, so that it is not loaded a second time to be compared with the next one; undefined for nothing. */
export async function keptReach(folder: string, commit: string): Promise<Reach | undefined> {
  try {
    const { version, commits } = JSON.parse(await readFile(join(folder, KEPT), 'utf8')) as Kept
    const found = version === VERSION ? commits[commit] : undefined
    return found && new Map(Object.entries(found))
  } catch {
    // Not there, or not whole: it is found anew.
    return undefined
  }
}

/** Keeps the same of these revisions, and of no other. */
export async function keepReach(folder: string, reaches: ReadonlyMap<string, Reach>): Promise<void> {
  const commits = Object.fromEntries([...reaches].map(([commit, reach]) => [commit, Object.fromEntries(reach)]))
  const fresh = join(folder, `.${KEPT}`)
  try {
    await writeFile(fresh, JSON.stringify({ version: VERSION, commits } satisfies Kept), { mode: 0o600 })
    await rename(fresh, join(folder, KEPT))
  } catch {
    // A disk that is full keeps no revision from being taken; it is loaded again next time.
  }
}
