import type { Decision, Reason } from '../../core/admission.ts'
import type { Refusal, Wait } from './admission.ts'

/** These end when others are done; where something lasts, that is what the device waits for. */
const OF_OTHERS: ReadonlySet<string> = new Set(['CAP_REACHED', 'LEASE_HELD', 'QUEUE_BEHIND', 'DEPENDENCY_BUSY'])

/** A decision as whoever asked gets it. Whoever waits for a wave goes on as soon as its devices are done. */
export function answerOf(decision: Exclude<Decision, { kind: 'begin' }>): Wait | Refusal {
  const failure = {
    code: (decision.reasons.find(({ code }) => !OF_OTHERS.has(code)) ?? (decision.reasons[0] as Reason)).code,
    phase: 'resolve',
    message: decision.reasons.map(({ message }) => message).join(' '),
  } as const
  if (decision.kind === 'refuse') return { kind: 'refuse', failure }
  // Whatever else there is: a person has said so, and says when it is over.
  if (decision.reasons.some(({ code }) => code === 'RUN_PAUSED'))
    return { kind: 'wait', failure, isPassing: false, isPaused: true }
  const isPassing = decision.isNext || decision.awaitsLooks === true
  const { until, isForAll } = decision
  return { kind: 'wait', failure, isPassing, ...(isForAll && { isForAll }), ...(until !== undefined && { until }) }
}
