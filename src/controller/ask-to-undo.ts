import { refuseUndoneMeanwhile } from '../app/run/rollback-work.ts'
import type { PlannedWork } from '../app/run/run-request.ts'
import { type InputError, inputError } from '../core/diagnostic.ts'
import { type LeaseHolder, runKey, undoKey } from '../core/lease.ts'
import type { Lease } from '../engine/admission/lease-keeper.ts'
import type { Shared } from './run.ts'

/**
 * Leave to begin the run `id`, which takes `undoes` back, or to go on with it. Of two that begin at one moment each has worked out what is to
 * be done before the other is on record, and both would make each step: one begins at a time, and the other sees in the journal
 * what it is to leave. Nor does anybody carry on what is taken back: a process that has slept loses it, and whoever resumes it sees this run
 * on record. To be given back as soon as the journal says which devices the run is about. `isWithin`: it is begun by the run that it takes back.
 * Throws InputError where another one begins or has begun meanwhile.
 */
export async function askToUndo(
  undoes: string,
  { fleet, work }: Pick<PlannedWork, 'fleet' | 'work'>,
  of: { readonly id: string; readonly shared: Shared; readonly isWithin: boolean; readonly isResumed: boolean },
): Promise<Lease> {
  const { id, shared, isWithin, isResumed } = of
  const key = await shared.store.fleets.keyOf(fleet)
  const whole = runKey(key, undoes)
  const held = await shared.keeper.take([undoKey(key, undoes), ...(isWithin ? [] : [whole])], id)
  if (!held.granted)
    throw held.holder.key === whole ? isGoneOnWith(undoes, held.holder) : begins(undoes, held.holder.run)
  try {
    if (!isResumed) await refuseUndoneMeanwhile(shared.store, { run: undoes, asks: id, work })
    return held.lease
  } catch (error) {
    await held.lease.release()
    throw error
  }
}

/** A run that takes this one back, and is in progress. */
export async function undoneNow({ store }: Pick<Shared, 'store'>, run: string): Promise<string | undefined> {
  const undoing = new Set(await store.reads.undoing(run))
  if (undoing.size === 0) return undefined
  return (await store.runs()).find((one) => undoing.has(one.run) && one.state === 'running')?.run
}

function isGoneOnWith(undoes: string, { pid, host }: LeaseHolder): InputError {
  const summary = `Run "${undoes}" cannot be taken back`
  const detail = `It is in progress: process ${pid} on ${host} has it. Stop it first, or wait for its end.`
  return inputError('RUN_NOT_REVERSIBLE', summary, detail)
}

function begins(run: string, other: string): InputError {
  const summary = `Run "${run}" cannot be taken back`
  const detail = `Run ${other} begins to do so at this moment. See what it is about: till runs show ${other}`
  return inputError('RUN_NOT_REVERSIBLE', summary, detail)
}
