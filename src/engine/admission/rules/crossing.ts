import type { Rule } from '../rule.ts'
import { shownNames } from '../shown-time.ts'

/** A router is not changed while something behind it is, nor the other way round. */
export const crossing: Rule = {
  name: 'crossing',
  judge({ question, takes }, { ledger }) {
    const busy = new Set<string>()
    for (const device of takes) {
      for (const other of ledger.workedOnBy(device)) if (other !== question.device) busy.add(other)
    }
    if (busy.size === 0) return undefined
    const names = shownNames(busy)
    const message = `${names} is being changed, and what is changed there and here depends on the same devices.`
    return { kind: 'wait', code: 'DEPENDENCY_BUSY', message, by: `place of ${names}`, whom: names, isPassing: true }
  },
}
