import type { Expected } from '../../core/admission.ts'
import type { ChangeTimes } from '../../core/change-times.ts'
import type { Policy } from '../../core/policy.ts'

/** Fewer changes than that say nothing about the slowest of them. */
const FEWEST = 20

/**
 * How long a change is expected to take: what 95 % of earlier ones of the runbook on devices of the class took, or the
 * guess of the policy while there are too few. Times are in milliseconds.
 */
export function expectedTime(history: ChangeTimes, guess: Policy['guess']): Expected {
  if (history.changes.length < FEWEST) return { ...guess, basis: { kind: 'guess' } }
  return {
    changeMs: p95(history.changes),
    proofMs: 0,
    rollbackMs: history.rollbacks.length < FEWEST ? guess.rollbackMs : p95(history.rollbacks),
    basis: { kind: 'p95', of: history.changes.length },
  }
}

/** The least value that at least 95 % of the values do not exceed. */
function p95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0
}
