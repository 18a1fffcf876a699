import { counted } from '../../../core/counted.ts'
import { failuresIn } from '../judge-wave.ts'
import type { Rule } from '../rule.ts'

/** The run stops within the number of failures that it may have. */
export const maxFailures: Rule = {
  name: 'max-failures',
  judge({ rules, question, isPlaced }, { run, ledger }) {
    const limit = rules.maxFailures
    if (limit === undefined || question.purpose === 'rollback') return undefined
    const failed = run.waves.reduce((sum, wave) => sum + failuresIn(wave), 0)
    if (failed >= limit) {
      const message = `${counted(failed, 'device')} of the run failed; it stops at ${limit}.`
      return { kind: 'refuse', code: 'MAX_FAILURES_REACHED', message, by: 'max-failures' }
    }
    const inFlight = ledger.inProgress(question.run) + (isPlaced ? 0 : 1)
    if (failed + inFlight <= limit) return undefined
    const message = `${counted(failed, 'device')} failed, in flight: ${inFlight - 1}; the run stops at ${counted(limit, 'failure')}, so that fewer run at once.`
    return { kind: 'wait', code: 'MAX_FAILURES_REACHED', message, by: 'max-failures', isPassing: true, isForAll: true }
  },
}
