import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commit } from './commit-object.ts'
import { isSigner, type Verifier } from './gather-facts.ts'
import type { CommitFacts } from './judge-range.ts'
import type { Signer } from './trust-policy.ts'

/** Files of what was decided with something that is no longer so; the newest is kept. */
const KEPT = 1

/**
 * Remembers good signatures by commit and by everything that decides about them (`decidedWith`); a bad one is looked at
 * again. A file that cannot be read is one that remembers nothing.
 */
export function remembering(folder: string, decidedWith: string, verify: Verifier): Verifier {
  const file = join(folder, `${decidedWith}.json`)
  return async (commits) => {
    const known = commits.length === 0 ? new Map<string, Signer>() : await read(file)
    const verdicts = new Map<string, CommitFacts['signer']>()
    const open: Commit[] = []
    for (const commit of commits) {
      const signer = known.get(commit.id)
      if (signer) verdicts.set(commit.id, signer)
      else open.push(commit)
    }
    if (open.length === 0) return verdicts
    for (const [id, verdict] of await verify(open)) verdicts.set(id, verdict)
    const good = [...verdicts].flatMap(([id, verdict]) => (isSigner(verdict) ? [[id, verdict] as const] : []))
    await write(folder, file, good)
    return verdicts
  }
}

async function read(file: string): Promise<ReadonlyMap<string, Signer>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, Signer>))
  } catch {
    return new Map()
  }
}

async function write(folder: string, file: string, good: readonly (readonly [string, Signer])[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const old = (await readdir(folder)).map((name) => join(folder, name)).filter((name) => name !== file)
  for (const name of old.slice(KEPT)) await rm(name, { force: true })
  // A torn file is read as an empty one.
  await writeFile(file, JSON.stringify(Object.fromEntries(good)), { mode: 0o600 })
}
