import { counted } from '../../../core/counted.ts'
import type { Ledger } from '../ledger.ts'
import type { Rule } from '../rule.ts'

/** When a line comes back for many stores, not all of them get at once what they missed. */
export const back: Rule = {
  name: 'back',
  judge({ question, policy, isPlaced }, { ledger }) {
    if (question.isBack !== true || question.purpose === 'rollback') return undefined
    const { backAtOnce, name } = policy.policy
    const busy = backInProgress(ledger) - (isPlaced ? 1 : 0)
    if (busy < backAtOnce) return undefined
    const message = `${counted(busy, 'device that was away is', 'devices that were away are')} being seen to; ${backAtOnce} may be at once.`
    return { kind: 'wait', code: 'BACK_WAITING', message, by: `policy ${name}`, isPassing: true }
  },
}

/** Devices that were away and are being seen to, over all runs. */
export function backInProgress(ledger: Ledger): number {
  return ledger.countWhere((place) => place.isBack === true && place.phase !== 'out')
}
