import type { Place, WaveResult } from '../../core/admission.ts'
import { type DeviceOutcome, type DeviceState, wasNeverReached } from '../../core/outcome.ts'
import type { VisitEnd } from './freed-place.ts'

/** How a visit ended, as its place goes by it. `phase`: that of the place. */
export function endOf(outcome: DeviceOutcome | undefined, phase: Place['phase']): VisitEnd {
  const state = outcome?.state
  if (state !== undefined && SEEN_WORKING.has(state)) return 'healthy'
  // Commands of `till exec` have leave before their device is connected to; what was never reached has begun none of them.
  if (outcome && wasNeverReached(outcome)) return 'unbegun'
  return phase === 'changing' && state !== undefined && state !== 'deferred' ? 'unproven' : 'untouched'
}

/** What opens the breaker: also a check that does not hold behind a change, not one that nothing was changed before. */
export function isFailure(outcome: DeviceOutcome, phase: Place['phase'] | undefined): boolean {
  const result = resultOf(outcome)
  return result === 'failed' || (result === 'unmet' && phase === 'changing')
}

/** In these a device was seen to work as it is to. */
export const SEEN_WORKING: ReadonlySet<DeviceState> = new Set(['in-sync', 'changed'])

/**
 * How a device counts in its wave. What this machine had no time for says nothing of the device or of the change, nor does one that was left alone
 * because the repository says something else of it by now.
 */
export function resultOf(outcome: Pick<DeviceOutcome, 'state' | 'answered' | 'failure'>): WaveResult {
  if (outcome.failure?.code === 'RUN_MOVED') return 'deferred'
  return wasNeverReached(outcome) ? 'unreachable' : RESULT_OF[outcome.state]
}

const RESULT_OF: Readonly<Record<DeviceState, WaveResult>> = {
  'in-sync': 'passed',
  changed: 'passed',
  drifted: 'passed',
  unmet: 'unmet',
  failed: 'failed',
  indeterminate: 'failed',
  unreachable: 'unreachable',
  unknown: 'unreachable',
  deferred: 'deferred',
  cancelled: 'deferred',
}
