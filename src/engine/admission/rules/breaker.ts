import type { Rule } from '../rule.ts'

/** Too many failures over all runs stop everything that newly changes, but never what brings a device back. */
export const breaker: Rule = {
  name: 'breaker',
  judge({ isMending }, { breaker: { opened } }) {
    if (isMending || opened === undefined) return undefined
    return { kind: 'wait', code: 'BREAKER_OPEN', message: `The breaker is open: ${opened.why}`, by: 'breaker' }
  },
}
