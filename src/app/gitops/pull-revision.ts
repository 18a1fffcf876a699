import { inputError } from '../../core/diagnostic.ts'
import { type Prepared, type Pulled, pull, trustByHand } from '../../gitops/pull.ts'
import { type AssignmentReach, alone } from '../../gitops/trust-folder.ts'
import { ofThisMachine } from './of-this-machine.ts'
import type { OpenFollow } from './open-follow.ts'
import { pointTo, prepareRevision } from './prepare-revision.ts'

/**
 * Fetches, verifies and, unless it is only asked what would be, puts the newest revision in force. Throws InputError
 * where trust has no beginning yet, another process is at it, or this machine lacks something.
 */
export async function pullRevision(
  follow: OpenFollow,
  options: { readonly dry?: boolean; readonly signal?: AbortSignal; readonly now?: () => Date } = {},
): Promise<Pulled> {
  const { dry = false, signal, now = () => new Date() } = options
  const prepare = (commit: string): Promise<Prepared> => prepareRevision(follow, commit)
  const pulled = await inFolder(follow, async () => {
    const done = await pull(follow, { prepare, now, dry, ...(signal && { signal }) })
    if (done && !dry) await pointTo(follow, done.trusted.commit)
    return done ?? 'untrusted'
  })
  if (pulled !== 'untrusted') return pulled
  const summary = `Nobody has said with which commit of "${follow.settings.repository}" trust begins`
  const detail = 'Look at a commit and name it: `till gitops trust COMMIT --reason TEXT`. All later ones are verified.'
  throw inputError('GITOPS_MISSING', summary, detail)
}

/** Puts a commit in force because a person says so, on record. Throws InputError as `pullRevision`, or where it cannot be used. */
export async function trustRevision(
  follow: OpenFollow,
  { commit, reason, by }: { readonly commit: string; readonly reason: string; readonly by: string },
): Promise<{ readonly from: string | undefined; readonly assignments?: readonly AssignmentReach[] }> {
  const prepare = (id: string): Promise<Prepared> => prepareRevision(follow, id)
  const done = await inFolder(follow, async () => {
    const trusted = await trustByHand(follow, { commit, reason, by, now: new Date(), prepare })
    if (trusted.ok) await pointTo(follow, commit)
    return trusted
  })
  if (done.ok) return done
  const summary = `Commit ${commit} cannot be put in force`
  throw inputError('REVISION_BROKEN', summary, done.why)
}

async function inFolder<T>(follow: OpenFollow, work: () => Promise<T>): Promise<T> {
  try {
    const done = await alone(follow.folder, work)
    if (done !== undefined) return done
  } catch (error) {
    throw ofThisMachine(error, follow) ?? error
  }
  const summary = `Another process works in "${follow.folder}"`
  throw inputError('GITOPS_BUSY', summary, 'Wait until it is done; `till gitops status` may be asked all the time.')
}
