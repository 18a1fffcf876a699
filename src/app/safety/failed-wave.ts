import type { Waves } from '../../core/policy.ts'
import { failuresOf } from '../../engine/admission/judge-wave.ts'
import type { RunStanding } from '../../engine/admission/policy-admission.ts'

/** A wave of a run that has stopped at its failures. */
export interface FailedWave {
  /** From 1. */
  readonly wave: number
  readonly failed: number
  readonly limit: number
}

/** How a run stands when all its devices have their end. */
export interface WavesEnd {
  /** The first wave that has stopped. */
  readonly failed?: FailedWave
  /** Why it is not for a machine to take one back: somebody, or the breaker, has said something. */
  readonly heldBy?: string
}

export function wavesEnd({ run, breaker }: Awaited<ReturnType<RunStanding['standing']>>, rules: Waves): WavesEnd {
  const failed = run.waves
    .map((tally, index) => ({ wave: index + 1, ...failuresOf(tally, rules) }))
    .find((wave) => wave.failed >= wave.limit)
  const heldBy = whoHolds(run.aborted, run.paused, breaker.opened)
  return { ...(failed && { failed }), ...(heldBy !== undefined && { heldBy }) }
}

function whoHolds(
  aborted: { readonly by: string } | undefined,
  paused: { readonly by: string } | undefined,
  opened: { readonly why: string } | undefined,
): string | undefined {
  if (aborted) return `${aborted.by} has aborted the run`
  if (paused) return `${paused.by} has paused the run`
  return opened && `the breaker is open (${opened.why.replace(/\.$/, '')})`
}
