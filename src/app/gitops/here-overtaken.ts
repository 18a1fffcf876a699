import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import type { LastInForce } from '../../core/revision-store.ts'
import { askGit } from '../../gitops/revision.ts'
import type { Overtaken } from '../../gitops/trust-folder.ts'
import type { Project } from '../project.ts'

/**
 * By which revision a repository that is reconciled as it lies here is overtaken: a controller that shares the state has it in force, and
 * what is checked out here is neither that nor newer. Of the branch that is checked out, where it is followed, else of any. Undefined where
 * none is.
 */
export async function overtakenHere(project: Project): Promise<Overtaken | undefined> {
  const { fleets, revisions } = await project.store()
  const all = await revisions.allInForce(await fleets.keyOf(await project.fleet()))
  if (all.length === 0) return undefined
  const branch = await askGit(project.root, ['symbolic-ref', '--short', 'HEAD']).catch(() => '')
  const own = all.filter((one) => one.branch === branch.trim())
  const asked = own.length > 0 ? own : all
  for (const one of asked) if (await isHere(project.root, one)) return undefined
  const { branch: _, ...newest } = asked.reduce((a, b) => (Date.parse(a.at) < Date.parse(b.at) ? b : a))
  return { ...newest, since: new Date().toISOString() }
}

/** What a person ordered in the place of something newer is followed by nothing that no controller has put in force since. */
async function isHere(root: string, { commit, ordered_by: by }: LastInForce): Promise<boolean> {
  // A checkout of a controller, to which `current` leads, is named by its commit, and is no repository of git.
  if (basename(realpathSync(root)) === commit) return true
  const asked =
    by === undefined ? ['merge-base', '--is-ancestor', commit, 'HEAD'] : ['diff', '--quiet', commit, 'HEAD', '--']
  return askGit(root, asked).then(
    () => true,
    () => false,
  )
}
