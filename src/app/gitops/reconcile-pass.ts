import { utimes } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { inputError } from '../../core/diagnostic.ts'
import { explainError } from '../../core/explain-error.ts'
import { worseExitCode } from '../../core/outcome.ts'
import type { Pulled } from '../../gitops/pull.ts'
import { alone, controllerName, type Overtaken } from '../../gitops/trust-folder.ts'
import { tellOfRevision } from '../incidents/refused-revision.ts'
import type { Project } from '../project.ts'
import { storeClock } from '../run/device-environment.ts'
import { overtakenHere } from './here-overtaken.ts'
import { overtakenBy } from './last-in-force.ts'
import type { OpenFollow } from './open-follow.ts'
import { loadInForce } from './prepare-revision.ts'
import { pullRevision } from './pull-revision.ts'
import { leftTo, type Reconciled, type ReconcileOptions, reconcile } from './reconcile.ts'

export type PassOptions = Omit<ReconcileOptions, 'fleet' | 'revision' | 'now' | 'overtaken'> & {
  /** What is followed is pulled so often while runs last, in milliseconds. */
  readonly pullEveryMs: number
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

/** By the clock of what they share: a machine whose own is wrong would go through assignments out of their turn, or put others off. */
async function sharedNow(project: Project): Promise<() => Date> {
  return 'file' in project.state ? now : storeClock(await project.store()).now
}

/**
 * Pulls, and reconciles devices with the revision that is in force then: the newest, or the last good one. Throws the reason
 * of the signal where that was aborted before any device was looked at.
 */
export async function passOver(follow: OpenFollow, { told, pullEveryMs, ...options }: PassOptions): Promise<Pass> {
  const { signal } = options
  return onlyOne(follow.paths.home, async () => {
    const pulled = await pullRevision(follow, signal ? { signal } : {})
    signal?.throwIfAborted()
    await told({ pulled })
    const { project, commit } = await loadInForce(follow, pulled.trusted.commit)
    const over = new AbortController()
    const pulling = keepPulling(follow, { root: project.root, everyMs: pullEveryMs, signal: over.signal })
    try {
      // Before assignments: who is overtaken takes none away from others, and tells what is wrong whatever else is.
      const overtaken = await standing(follow, project, pulled)
      const done = overtaken
        ? leftTo(overtaken)
        : await reconcile(project, {
            ...options,
            fleet: await project.fleet(),
            revision: commit,
            now: await sharedNow(project),
            overtaken: async () => (await overtakenBy(follow, { project, trusted: pulled.trusted })).overtaken,
          })
      const code = pulled.code === undefined ? 0 : explainError(pulled.code).exit_code
      return { pulled, done, exitCode: worseExitCode(done.exitCode, code), root: follow.paths.current }
    } finally {
      over.abort()
      await pulling
      await project.close()
    }
  })
}

/** What is in force among the controllers of the state, and whom that calls. */
async function standing(follow: OpenFollow, project: Project, pulled: Pulled): Promise<Overtaken | undefined> {
  const { overtaken, isStill } = await overtakenBy(follow, { project, trusted: pulled.trusted })
  const controller = await controllerName(follow.folder)
  await tellOfRevision(project, { pulled, overtaken, isOvertakenStill: isStill, controller })
  return overtaken
}

/**
 * Pulls again and again, so that runs hear of what is committed while they last: they go by the stricter of what they have and what is in
 * force (run-policy.ts). What is wrong is told by the next pass, which finds the same. The checkout at `root` stays.
 */
async function keepPulling(
  follow: OpenFollow,
  { root, everyMs, signal }: { readonly root: string; readonly everyMs: number; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
    if (signal.aborted) return
    // Of what is not in force the last that were used are kept.
    await utimes(root, now(), now())
      .then(() => pullRevision(follow, { signal }))
      .catch(() => undefined)
  }
}

/** Reconciles devices with a repository as it is here. */
export async function passOverHere(
  project: Project,
  { told: _told, pullEveryMs: _every, ...options }: PassOptions,
): Promise<Pass> {
  try {
    return await onlyOne(project.root, async () => {
      const fleet = await project.fleet()
      const overtaken = (): Promise<Overtaken | undefined> => overtakenHere(project)
      // Before assignments, as of what is followed: who is overtaken takes none away from others.
      const by = await overtaken()
      const done = by
        ? leftTo(by)
        : await reconcile(project, { ...options, fleet, revision: undefined, now: await sharedNow(project), overtaken })
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
  throw inputError('GITOPS_BUSY', summary, detail)
}
