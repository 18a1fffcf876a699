import { auditCutting } from '../app/audit/checkpoint-seal.ts'
import { pendingApprovals, wavesToRelease } from '../app/run/awaited.ts'
import type { RunPolicy } from '../app/run/run-policy.ts'
import type { PlannedWork, RunEnd, RunOptions } from '../app/run/run-request.ts'
import type { RunControl } from '../core/admission.ts'
import { LEFT_STATES } from '../core/outcome.ts'
import type { RunStore } from '../core/run-store.ts'
import { readUnfinished } from '../core/unfinished-run.ts'
import { controlOf } from '../engine/admission/run-control.ts'
import type { Shared } from './run.ts'
import type { TakenBackEnd } from './take-back.ts'

type Request = RunOptions & PlannedWork

/** Stores of which people know that they forget nothing: once is enough. */
const toldOf = new WeakSet<RunStore>()

/** Keeps what the end of a run says for those to come, and forgets what is older than it has to be. */
export async function endRun(
  request: Request,
  {
    shared,
    id,
    policy,
    end,
  }: {
    readonly shared: Shared
    readonly id: string
    readonly policy: RunPolicy
    readonly end: RunEnd & { readonly takenBack: TakenBackEnd['state'] }
  },
): Promise<RunEnd> {
  const { store } = shared
  const control = controlOf(await store.admission.read(await store.fleets.keyOf(request.fleet)), id)
  const isDone = request.mode !== 'apply' || [...LEFT_STATES].every((state) => end.counts[state] === 0)
  const isOver = end.takenBack === 'done' || (isDone && end.takenBack === 'none')
  if (control.aborted || isOver || (await isDoneAnew(request, { id, store, end, control }))) await store.kept.drop(id)
  await policy.keepTimes?.()
  // Both go on at the end of the next run where they cannot now; what is not taken in yet is not deleted.
  const { holdMs } = request.project.settings.availability()
  await store.availability
    .takeIn(holdMs)
    .then(() => store.forget(id, { ...request.project.settings.history, audit: auditCutting(request.project) }))
    .catch((error: Error) => {
      if (!toldOf.has(store)) shared.warn(`What is too old in the state store was not forgotten: ${error.message}`)
      toldOf.add(store)
    })
  return end
}

/**
 * What is followed, and hooks, come to what is left by themselves, with what is in force then: nobody has to go on with such a run but one
 * that waits for somebody's word, or was stopped in the middle.
 */
async function isDoneAnew(
  { origin, undoes }: Request,
  run: {
    readonly id: string
    readonly store: RunStore
    readonly end: RunEnd & { readonly takenBack: TakenBackEnd['state'] }
    readonly control: RunControl
  },
): Promise<boolean> {
  if ((origin !== 'schedule' && origin !== 'hook') || undoes !== undefined) return false
  const { counts, takenBack } = run.end
  if (counts.cancelled > 0 || takenBack === 'left' || pendingApprovals(run.control, Date.now()).length > 0) return false
  return wavesToRelease(await readUnfinished(run.store.events(run.id))).size === 0
}
