import type { Rule } from '../rule.ts'

/** Only a person breaks the glass. */
export const glass: Rule = {
  name: 'glass',
  judge({ question: { breakGlass, origin } }) {
    if (breakGlass === undefined || origin === 'terminal' || origin === 'pipeline') return undefined
    const message = `A run that was started by a ${origin} cannot break the glass.`
    return { kind: 'refuse', code: 'GLASS_REFUSED', message, by: 'glass' }
  },
}
