import type { WaveTally } from '../../core/admission.ts'
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
 * or deferred neither pass nor block it, but a wave in which none passed has proven nothing.
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
  if (at.now < until) return { state: 'soaking', until }
  if (tally.released !== undefined || tally.size === 0) return { state: 'passed' }
  if (tally.results.passed === 0) return { state: 'unreleased', why: 'nothing-proven' }
  return isPausedBehind(waves, at) ? { state: 'unreleased', why: 'pause' } : { state: 'passed' }
}

/** How many failures of a wave count, and at how many it stops. */
export function failuresOf(tally: WaveTally, waves: Waves): { readonly failed: number; readonly limit: number } {
  const failed = tally.results.failed + tally.results.unmet - (tally.released?.forgiven ?? 0)
  const limit = Math.max(1, Math.min(...waves.maxFailures.map((amount) => atMost(amount, tally.size))))
  return { failed: Math.max(0, failed), limit }
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
