import type { Change } from './change.ts'
import type { Failure } from './failure.ts'

/** What an earlier attempt at a device, which was cut off, has left of a step; the next one goes on from there. */
export type Carried =
  /** A change was announced, and how it came out was not told. */
  | { readonly state: 'changing'; readonly changes: readonly Change[] }
  /** It was changed, and seen to be so. */
  | { readonly state: 'changed'; readonly changes: readonly Change[] }
  /** Its change failed. */
  | { readonly state: 'failed'; readonly changes: readonly Change[]; readonly failure: Failure }

/** By `stepKey`. */
export type CarriedSteps = Readonly<Record<string, Carried>>

/** A step of a device in a run. */
export function stepKey({ runbook, step }: { readonly runbook: string; readonly step: string }): string {
  return `${runbook}\n${step}`
}

/** All that a step changed, once each: what was announced by an earlier attempt, and what is found or done now. */
export function withCarried(carried: readonly Change[], now: readonly Change[]): readonly Change[] {
  const known = new Set(carried.map(({ path }) => path))
  return [...carried, ...now.filter(({ path }) => !known.has(path))]
}
