import { counted } from '../../../core/counted.ts'
import type { Rule } from '../rule.ts'

/** Rollbacks have a budget of their own, and stop after some that failed. */
export const rollback: Rule = {
  name: 'rollback',
  judge({ question, policy }, { run, ledger }) {
    if (question.purpose !== 'rollback') return undefined
    const { atOnce, stopAfter } = policy.policy.rollback
    const by = `policy ${policy.policy.name}`
    if (run.rollbacks.failed >= stopAfter) {
      const message = `${counted(run.rollbacks.failed, 'rollback')} of the run failed.`
      return { kind: 'refuse', code: 'ROLLBACK_STOPPED', message, by }
    }
    const under = ledger.countWhere((place) => isRollbackOf(place, question.run) && place.device !== question.device)
    if (under < Math.min(atOnce, stopAfter - run.rollbacks.failed)) return undefined
    const message = `${counted(under, 'device')} of the run ${under === 1 ? 'is' : 'are'} being rolled back.`
    return { kind: 'wait', code: 'ROLLBACK_WAITING', message, by, isPassing: true, isForAll: true }
  },
}

function isRollbackOf(
  place: { readonly run: string; readonly purpose: string; readonly phase: string },
  run: string,
): boolean {
  return place.run === run && place.purpose === 'rollback' && place.phase !== 'out'
}
