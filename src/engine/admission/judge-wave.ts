import type { RunFacts, WaveTally } from '../../core/admission.ts'
import type { Waves } from '../../core/policy.ts'
import { atMost } from './compile-policy.ts'

/** How a wave stands. */
export type WaveJudgement =
  | { readonly state: 'running' }
  | { readonly state: 'soaking'; readonly until: number }
  | { readonly state: 'passed' }
  | { readonly state: 'stopped'; readonly failed: number; readonly limit: number }
  /** Somebody must say that it goes on. */
  | { readonly state: 'unreleased'; readonly why: 'pause' | 'nothing-proven' }

/**
 * Judges a wave by its devices: those that failed or have an unmet check count against it. Those that were unreachable
 * or deferred neither pass nor block it, but a wave in which none passed has proven nothing. One in which nothing was done is
 * not watched.
 */
export function judgeWave(
  tally: WaveTally,
  waves: Waves,
  at: { readonly index: number; readonly isLast: boolean; readonly now: number; readonly isOnTerminal: boolean },
): WaveJudgement {
  const { failed, limit } = failuresOf(tally, waves)
  if (failed >= limit) return { state: 'stopped', failed, limit }
  if (doneOf(tally) < tally.size) return { state: 'running' }
  const until = (tally.doneAt ?? at.now) + waves.soakMs
  if (isWorkedOn(tally) && at.now < until) return { state: 'soaking', until }
  if (tally.released !== undefined || tally.size === 0) return { state: 'passed' }
  if (tally.results.passed === 0) return { state: 'unreleased', why: 'nothing-proven' }
  return isPausedBehind(waves, at) ? { state: 'unreleased', why: 'pause' } : { state: 'passed' }
}

/** How many failures of a wave count, and at how many it stops. */
export function failuresOf(tally: WaveTally, waves: Waves): { readonly failed: number; readonly limit: number } {
  const limit = Math.max(1, Math.min(...waves.maxFailures.map((amount) => atMost(amount, tally.size))))
  return { failed: failuresIn(tally), limit }
}

/** Failures of a wave, without those that somebody has forgiven. */
export function failuresIn({ results, released }: WaveTally): number {
  return Math.max(0, results.failed + results.unmet - (released?.forgiven ?? 0))
}

/** Whether every wave before one has passed. */
export function havePassedBefore(
  wave: number,
  waves: Waves,
  at: { readonly run: Pick<RunFacts, 'waves' | 'isOnTerminal'>; readonly now: number },
): boolean {
  const { waves: tallies, isOnTerminal } = at.run
  const isLast = (index: number): boolean => index === tallies.length - 1
  return tallies
    .slice(0, wave)
    .every(
      (tally, index) =>
        judgeWave(tally, waves, { index, isLast: isLast(index), now: at.now, isOnTerminal }).state === 'passed',
    )
}

function isWorkedOn({ results: { passed, failed, unmet } }: WaveTally): boolean {
  return passed + failed + unmet > 0
}

function doneOf({ results }: WaveTally): number {
  return Object.values(results).reduce((sum, count) => sum + count, 0)
}

function isPausedBehind(
  { pause }: Waves,
  at: { readonly index: number; readonly isLast: boolean; readonly isOnTerminal: boolean },
): boolean {
  if (at.index > 0 || at.isLast) return false
  return pause === 'always' || (pause === 'terminal' && at.isOnTerminal)
}
