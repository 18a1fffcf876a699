import { InputError } from '../../core/diagnostic.ts'
import { explainError } from '../../core/explain-error.ts'
import { worseExitCode } from '../../core/outcome.ts'
import type { Pulled } from '../../gitops/pull.ts'
import { alone } from '../../gitops/trust-folder.ts'
import { tellOfRevision } from '../incidents/refused-revision.ts'
import type { Project } from '../project.ts'
import type { OpenFollow } from './open-follow.ts'
import { loadInForce } from './prepare-revision.ts'
import { pullRevision } from './pull-revision.ts'
import { type Reconciled, type ReconcileOptions, reconcile } from './reconcile.ts'

export type PassOptions = Omit<ReconcileOptions, 'fleet' | 'revision' | 'now'> & {
  /** Told what the remote had, before any device is looked at. */
  readonly told: (pass: Pick<Pass, 'pulled'>) => Promise<void>
}

/** One pass: what the remote had, and what was found on devices. */
export interface Pass {
  /** Absent where nothing is followed. */
  readonly pulled?: Pulled
  readonly done: Reconciled
  readonly exitCode: number
  /** Of the repository that was gone by. */
  readonly root: string
}

const now = (): Date => new Date()

/**
 * Pulls, and reconciles devices with the revision that is in force then: the newest, or the last good one. Throws the reason
 * of the signal where that was aborted before any device was looked at.
 */
export async function passOver(follow: OpenFollow, { told, ...options }: PassOptions): Promise<Pass> {
  const { signal } = options
  return onlyOne(follow.paths.home, async () => {
    const pulled = await pullRevision(follow, signal ? { signal } : {})
    signal?.throwIfAborted()
    await told({ pulled })
    const { project, commit } = await loadInForce(follow, pulled.trusted.commit)
    try {
      await tellOfRevision(project, pulled)
      const done = await reconcile(project, { ...options, fleet: await project.fleet(), revision: commit, now })
      const code = pulled.code === undefined ? 0 : explainError(pulled.code).exit_code
      return { pulled, done, exitCode: worseExitCode(done.exitCode, code), root: follow.paths.current }
    } finally {
      await project.close()
    }
  })
}

/** Reconciles devices with a repository as it is here. */
export async function passOverHere(project: Project, { told: _, ...options }: PassOptions): Promise<Pass> {
  try {
    return await onlyOne(project.root, async () => {
      const fleet = await project.fleet()
      const done = await reconcile(project, { ...options, fleet, revision: undefined, now })
      return { done, exitCode: done.exitCode, root: project.root }
    })
  } finally {
    await project.close()
  }
}

async function onlyOne<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const done = await alone(folder, work)
  if (done !== undefined) return done
  const summary = `Another reconcile is at work with "${folder}"`
  const detail = 'Wait until it is done: it goes through everything that is due.'
  throw new InputError([{ code: 'GITOPS_BUSY', severity: 'error', summary, detail }])
}
