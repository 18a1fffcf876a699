import type { Diagnostic } from '../core/diagnostic.ts'
import { insteadOfFlag } from '../lang/foreign-words.ts'
import { suggest } from '../lang/suggest.ts'

/** What there is instead of flags that a command does not have; undefined for every other error. */
export function unknownFlags(error: Error, known: readonly string[]): readonly Diagnostic[] | undefined {
  const flags = 'flags' in error && error.constructor.name === 'NonExistentFlagsError' ? error.flags : undefined
  if (!Array.isArray(flags)) return undefined
  return flags.map((flag) => {
    const name = String(flag).replace(/^-+/, '').replace(/=.*$/s, '')
    const near = suggest(name, known)
    const hint = near === undefined ? insteadOfFlag(name) : `did you mean --${near}?`
    return {
      code: 'USAGE_INVALID',
      severity: 'error',
      summary: `There is no flag ${String(flag)} here`,
      detail: 'See --help.',
      ...(hint !== undefined && { hint }),
    }
  })
}
