import type { Change } from './change.ts'
import type { Failure } from './failure.ts'
import type { StepOutcome } from './outcome.ts'

/** What an earlier attempt at a device, which was cut off, has left of a step; the next one goes on from there. */
export type Carried =
  /** A change was announced, and how it came out was not told. */
  | { readonly state: 'changing'; readonly changes: readonly Change[] }
  /** It was changed, and seen to be so. */
  | { readonly state: 'changed'; readonly changes: readonly Change[] }
  /** Its change failed. */
  | { readonly state: 'failed'; readonly changes: readonly Change[]; readonly failure: Failure }
  /** Nobody could tell how its change came out, and somebody said that the device goes on without knowing it. */
  | { readonly state: 'aside'; readonly changes: readonly Change[]; readonly reason: string }
  /** It failed, or does not hold, and nothing was changed by it: the next attempt looks anew, unless this one began to take back. */
  | { readonly state: 'stopped'; readonly changes: readonly []; readonly failure: Failure }

/** By `stepKey`. */
export type CarriedSteps = Readonly<Record<string, Carried>>

/** A step of a device in a run. */
export function stepKey({ runbook, step }: { readonly runbook: string; readonly step: string }): string {
  return `${runbook}\n${step}`
}

/** How a step ended, as far as the next attempt has to know. */
export type StepEnd = Parameters<typeof stepKey>[0] & Pick<StepOutcome, 'state' | 'changes' | 'failure'>

/** Notes in `steps` how a step ended. */
export function noteEnd(steps: Map<string, Carried>, end: StepEnd): void {
  const { state, changes, failure } = end
  const key = stepKey(end)
  // What was changed without error counts as changed, whatever could be seen of it afterwards.
  if (state === 'changed' || (state === 'unknown' && changes))
    steps.set(key, { state: 'changed', changes: changes ?? [] })
  else if ((state === 'failed' || state === 'unmet') && failure) {
    steps.set(key, changes ? { state: 'failed', changes, failure } : { state: 'stopped', changes: [], failure })
  }
  // It was seen, and nothing is to be done: what was announced before has come about, or was never begun.
  else if (state !== 'unknown' && state !== 'skipped') steps.delete(key)
}

/** All that a step changed, once each: what was announced by an earlier attempt, and what is found or done now. */
export function withCarried(carried: readonly Change[], now: readonly Change[]): readonly Change[] {
  const known = new Set(carried.map(({ path }) => path))
  return [...carried, ...now.filter(({ path }) => !known.has(path))]
}
