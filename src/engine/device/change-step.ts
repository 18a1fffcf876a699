import { Fenced, NotRun } from '../../core/chain.ts'
import { type Failure, success } from '../../core/failure.ts'
import { GuardClosed } from './guarded-shell.ts'
import { caught, type Surroundings, within } from './observe-step.ts'
import type { Due } from './plan-chain.ts'
import type { HeldQuestion } from './tracked-channel.ts'

/**
 * What came of a change: never a rejection. `passed`: the device did not run it, since it was a link of a chain that was
 * broken, or, `fenced`, since it had to be looked at again first, or, `closed`, since a guard spoke up.
 */
export type Converged =
  | { readonly kind: 'done' }
  | { readonly kind: 'passed'; readonly fenced: boolean; readonly closed: boolean }
  | { readonly kind: 'failed' | 'lost'; readonly failure: Failure }

/** Has a module make its changes, under their deadline. What it asks is counted anew on the channel of the look. */
export function converge(due: Due, around: Surroundings): Promise<Converged> {
  return begin(due, around, () => undefined)
}

/** A change whose first question is kept back; undefined when it asks none, or cannot be kept back. */
export function holdConverge(
  due: Due,
  around: Surroundings,
): { readonly converged: Promise<Converged>; readonly held: Promise<HeldQuestion | undefined> } {
  let asked: Promise<HeldQuestion | undefined> = Promise.resolve(undefined)
  const converged = begin(due, around, () => {
    asked = due.look.channel.hold()
  })
  return { converged, held: Promise.race([asked, converged.then(() => undefined)]) }
}

async function begin(due: Due, around: Surroundings, ready: () => void): Promise<Converged> {
  // The module's own observation holds the channel that converge uses.
  const { channel, observation } = due.look
  const deadlineMs = due.step.timeout_ms ?? around.deadlineMs('converge')
  channel.enter('converge', deadlineMs)
  ready()
  try {
    const limits = { deadlineMs, signal: around.signal, phase: 'converge' } as const
    const end = await within(channel, limits, async () => observation.converge?.(due.changes) ?? success(undefined))
    return end.ok ? { kind: 'done' } : { kind: 'failed', failure: end.failure }
  } catch (error) {
    if (!(error instanceof NotRun)) return caught(error, 'converge')
    return { kind: 'passed', fenced: error instanceof Fenced, closed: error instanceof GuardClosed }
  }
}
