import type { Diagnostic } from '../../core/diagnostic.ts'
import { suggest } from '../suggest.ts'

/** That there is no policy of a name, with the nearest one. */
export function unknownPolicy(name: string, names: readonly string[]): Pick<Diagnostic, 'summary' | 'detail' | 'hint'> {
  const near = suggest(name, names)
  return {
    summary: `There is no policy "${name}"`,
    detail: `There are: ${names.join(', ')}.`,
    ...(near !== undefined && { hint: `did you mean "${near}"?` }),
  }
}
