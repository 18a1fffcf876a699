import { type InputError, inputError, usageError } from '../../../core/diagnostic.ts'
import { TreeRefused } from '../../../gitops/checkout.ts'
import { GitBroken } from '../../../gitops/git.ts'
import { commitsBetween, treeOfMerge } from '../../../gitops/mirror.ts'
import type { Project } from '../../project.ts'
import { missingTool } from '../of-this-machine.ts'
import { openObjects, type Side } from './repository-objects.ts'

/** What is there, and what would be there once another revision is merged. */
export interface Sides {
  readonly base: Side & { readonly commit: string }
  readonly merged: Side & { readonly tree: string }
  /** The revision that would be merged. */
  readonly tip: string
  /** Commits that it brings. */
  readonly commits: number
}

/** What would be merged, and into what. Default: HEAD. */
interface Merge {
  readonly ref: string
  readonly into?: string
}

/**
 * Reads the commit that is checked out, or `into`, and the tree that git makes of it and `ref`, out of git's objects: nothing
 * of either is executed, and the repository of the user is not written to. Throws InputError.
 */
export async function openSides(project: Project, { ref, into = 'HEAD' }: Merge): Promise<Sides> {
  return orInputError(ref, () => sidesOf(project, { ref, into }))
}

/** What git or a tree does not give becomes an InputError about `ref`. */
export async function orInputError<T>(ref: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TreeRefused) throw inputError('REVISION_BROKEN', `"${ref}" is not taken`, error.message)
    const missing = missingTool(error)
    if (missing) throw missing
    if (!(error instanceof GitBroken)) throw error
    const detail = /unrelated histories/.test(error.message)
      ? 'It has no history in common with what is here.'
      : `${error.message.replace(/\s+$/, '')}\nFetch all of it (of a partial clone: git fetch --refetch --no-filter); \`git fsck\` finds damage.`
    throw inputError('REVISION_INCOMPLETE', `The history of "${ref}" cannot be read`, detail)
  }
}

async function sidesOf(project: Project, { ref, into }: Required<Merge>): Promise<Sides> {
  const objects = await openObjects(project)
  const [commit, tip] = [await objects.commitOf(into), await objects.commitOf(ref)]
  if (commit === undefined || tip === undefined) throw unknownRevision(commit === undefined ? into : ref)
  const merge = await treeOfMerge(objects.mirror, commit, tip)
  if (!merge.ok) {
    const detail = `Merge or rebase it first. In conflict: ${merge.paths.slice(0, 5).join(', ')}.`
    const where = into === 'HEAD' ? 'what is checked out here' : `"${into}"`
    throw inputError('REVISION_BROKEN', `"${ref}" does not merge into ${where}`, detail)
  }
  const [base, merged] = [await objects.open(commit), await objects.open(merge.tree)]
  const commits = (await commitsBetween(objects.mirror, commit, tip)).length
  return { base: { ...base, commit }, merged: { ...merged, tree: merge.tree }, tip, commits }
}

function unknownRevision(ref: string): InputError {
  const detail = 'Name a branch, a tag or a commit that is there; `git fetch` brings those of the remote.'
  return usageError(`There is no revision "${ref}" in this repository`, detail)
}
