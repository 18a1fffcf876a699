import type { BreakerState } from '../../core/admission.ts'
import { counted } from '../../core/counted.ts'
import type { Breaker } from '../../core/policy.ts'
import { shownLength, shownNames } from './shown-time.ts'

/** Failures are kept for the longest of the times that breakers look at. */
function within(failures: BreakerState['failures'], now: number, ms: number): BreakerState['failures'] {
  // A clock that was put back leaves failures in the future: these count, too.
  return failures.filter(({ at }) => now - at < ms)
}

/** A device has failed. Opens the breaker when it is one too many; a device counts once, however often it fails. */
export function afterFailure(
  state: BreakerState,
  breakers: readonly Breaker[],
  failure: { readonly device: string; readonly run: string; readonly at: number },
): BreakerState {
  if (breakers.length === 0) return state
  const longest = Math.max(...breakers.map(({ withinMs }) => withinMs))
  const others = state.failures.filter(({ device }) => device !== failure.device)
  const failures = [...within(others, failure.at, longest), failure]
  if (state.opened) return { ...state, failures }
  for (const { failures: limit, withinMs } of breakers) {
    const recent = within(failures, failure.at, withinMs)
    if (recent.length < limit) continue
    const devices = shownNames(recent.map(({ device }) => device))
    const why = `${counted(recent.length, 'device')} failed within ${shownLength(withinMs)}: ${devices}.`
    return { ...state, failures, opened: { at: failure.at, why } }
  }
  return { ...state, failures }
}

/** Somebody who has looked at it closes the breaker; what failed until then no longer counts. */
export function closeBreaker(closed: NonNullable<BreakerState['closed']>): BreakerState {
  return { failures: [], closed }
}
