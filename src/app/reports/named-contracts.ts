import type { Contract } from '../../core/contract.ts'
import { InputError } from '../../core/diagnostic.ts'
import { suggest } from '../../lang/suggest.ts'

/** Contracts by their names, all where none is named; throws InputError for names that there are not, and where there are none. */
export function namedContracts(contracts: readonly Contract[], names: readonly string[]): readonly Contract[] {
  if (contracts.length === 0) {
    throw usage('tillwright.yaml has no contracts', 'Write them as `contracts`; docs/reports.md shows how.')
  }
  const known = contracts.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    const near = suggest(name, known)
    throw usage(`There is no contract "${name}"`, `There are ${known.join(', ')}.`, near)
  }
  return names.length === 0 ? contracts : contracts.filter(({ name }) => names.includes(name))
}

function usage(summary: string, detail: string, near?: string): InputError {
  const hint = near === undefined ? {} : { hint: `did you mean "${near}"?` }
  return new InputError([{ code: 'USAGE_INVALID', severity: 'error', summary, detail, ...hint }])
}
