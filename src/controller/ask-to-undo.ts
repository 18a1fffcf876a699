import { refuseUndoneMeanwhile } from '../app/run/rollback-work.ts'
import type { PlannedWork } from '../app/run/run-request.ts'
import { type InputError, inputError } from '../core/diagnostic.ts'
import { undoKey } from '../core/lease.ts'
import type { Lease } from '../engine/admission/lease-keeper.ts'
import type { Shared } from './run.ts'

/**
 * Leave to begin the run `id`, which takes `undoes` back. Of two that begin at one moment each has worked out what is to be done before the
 * other is on record, and both would make each step: one begins at a time, and the other sees in the journal what it is to leave. To
 * be given back as soon as that says which devices the run is about. Throws InputError where another one begins or has begun meanwhile.
 */
export async function askToUndo(
  undoes: string,
  { fleet, work }: Pick<PlannedWork, 'fleet' | 'work'>,
  { id, shared }: { readonly id: string; readonly shared: Shared },
): Promise<Lease> {
  const held = await shared.keeper.take([undoKey(fleet.name, undoes)], id)
  if (!held.granted) throw begins(undoes, held.holder.run)
  try {
    await refuseUndoneMeanwhile(shared.store, { run: undoes, asks: id, work })
    return held.lease
  } catch (error) {
    await held.lease.release()
    throw error
  }
}

function begins(run: string, other: string): InputError {
  const summary = `Run "${run}" cannot be taken back`
  const detail = `Run ${other} begins to do so at this moment. See what it is about: till runs show ${other}`
  return inputError('RUN_NOT_REVERSIBLE', summary, detail)
}
