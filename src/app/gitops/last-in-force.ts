import type { Followed, LastInForce } from '../../core/revision-store.ts'
import { GitBroken } from '../../gitops/git.ts'
import { formatOf, hasCommit, isAncestor, openMirror } from '../../gitops/mirror.ts'
import {
  type AssignmentReach,
  controllerName,
  type Overtaken,
  readOvertaken,
  type TrustedRevision,
  writeOvertaken,
} from '../../gitops/trust-folder.ts'
import type { Project } from '../project.ts'
import type { OpenFollow } from './open-follow.ts'

/**
 * By which revision this controller is overtaken: another one that shares the state has it in force, and what is in force here
 * is not newer. Undefined where none is; then what is in force here counts for all. `isStill`: it was so at the pass before.
 */
export async function overtakenBy(
  follow: OpenFollow,
  { project, trusted }: { readonly project: Project; readonly trusted: TrustedRevision },
): Promise<{ readonly overtaken: Overtaken | undefined; readonly isStill: boolean }> {
  const last = await otherInForce(follow, { project, trusted })
  const before = await readOvertaken(follow.folder)
  const overtaken = last && { ...last, since: before?.since ?? new Date().toISOString() }
  if (overtaken !== undefined || before !== undefined) await writeOvertaken(follow.folder, overtaken)
  return { overtaken, isStill: overtaken !== undefined && before !== undefined }
}

async function otherInForce(
  follow: OpenFollow,
  { project, trusted }: { readonly project: Project; readonly trusted: TrustedRevision },
): Promise<LastInForce | undefined> {
  const { revisions } = await project.store()
  const of = await followed(follow, project)
  for (;;) {
    const before = await revisions.lastInForce(of)
    if (before?.commit === trusted.commit) return undefined
    if (before !== undefined && !(await isNewer(follow, trusted, before))) return before
    const next = { commit: trusted.commit, at: trusted.at, on: await controllerName(follow.folder) }
    if (await revisions.putInForce(of, { before, next })) return undefined
  }
}

/** Whether a revision follows on what came into force last. What a person ordered is followed only by what came later. */
async function isNewer(follow: OpenFollow, { commit, at }: TrustedRevision, last: LastInForce): Promise<boolean> {
  if (last.ordered_by !== undefined && Date.parse(at) <= Date.parse(last.at)) return false
  return isBefore(follow, last.commit, commit)
}

/** Whether a commit is in the history of another one, as far as it is known here. */
async function isBefore(follow: OpenFollow, old: string, id: string): Promise<boolean> {
  if (formatOf(old) !== formatOf(id)) return false
  try {
    const mirror = await openMirror(follow.folder, formatOf(id))
    return (await hasCommit(mirror, old)) && (await hasCommit(mirror, id)) && (await isAncestor(mirror, old, id))
  } catch (error) {
    if (error instanceof GitBroken && !error.missing) return false
    throw error
  }
}

async function followed({ settings }: OpenFollow, project: Project): Promise<Followed> {
  const { fleets } = await project.store()
  return { fleet: await fleets.keyOf(await project.fleet()), branch: settings.branch }
}

/** What a person put in force by hand, and what was in force here before. */
export interface ByHand {
  readonly commit: string
  readonly from: string | undefined
  readonly by: string
  readonly assignments?: readonly AssignmentReach[]
}

/** What it is for the others that share the state: `before` is what they had. */
export interface ForAll {
  readonly kind: 'ordered' | 'theirs'
  readonly before: LastInForce
}

/**
 * Orders a commit for all controllers of the state, where this one had what they have, or it is said again; otherwise theirs counts.
 * Undefined where they have nothing else.
 */
export async function orderForAll(
  follow: OpenFollow,
  project: Project,
  { commit, from, by }: ByHand,
): Promise<ForAll | undefined> {
  const { revisions } = await project.store()
  const of = await followed(follow, project)
  for (;;) {
    const before = await revisions.lastInForce(of)
    if (before === undefined || before.commit === commit) return undefined
    const isMeant =
      from !== undefined && (from === commit || from === before.commit || (await isBefore(follow, before.commit, from)))
    if (!isMeant) return { kind: 'theirs', before }
    const next = { commit, at: new Date().toISOString(), on: await controllerName(follow.folder), ordered_by: by }
    if (await revisions.putInForce(of, { before, next })) return { kind: 'ordered', before }
  }
}
