import { BOUNDS, CONTRACT_UNITS, type Contract } from '../../core/contract.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { compileSelector } from '../expression.ts'
import { readHours, type WrittenHours } from '../inventory/trading-hours.ts'
import { freezeOf, readList, scopeOf } from '../policy/read-entries.ts'
import type { PolicyProblem } from '../policy/read-when.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'

/** The contracts of a project file that is right by its schema, and what is wrong with them at its place. */
export function readContracts(parsed: ParsedYaml): {
  readonly contracts: readonly Contract[]
  readonly problems: readonly Diagnostic[]
} {
  const written = valueAt(parsed.value, ['contracts'])
  const problems: Diagnostic[] = []
  const contracts = Object.entries(isMap(written) ? written : {}).flatMap(([name, raw]) =>
    isMap(raw) ? [readContract(parsed, name, { raw, problems })] : [],
  )
  return { contracts, problems }
}

function readContract(
  parsed: ParsedYaml,
  name: string,
  { raw, problems }: { readonly raw: JsonObject; readonly problems: Diagnostic[] },
): Contract {
  const base = ['contracts', name]
  const found: PolicyProblem[] = []
  const pauses = readList(raw['pauses'], 'pauses', {
    fallback: [],
    read: (entry, path) => freezeOf(entry, path, found),
    problems: found,
  })
  const hours = hoursOf(raw['hours'], found)
  for (const { path, part, ...words } of found) {
    const source = parsed.rangeAt([...base, ...path], part)
    problems.push({ code: 'AVAILABILITY_INVALID', severity: 'error', ...words, source })
  }
  problems.push(...selectorProblems(parsed, [...base, 'where'], raw['where']))
  for (const index of pauses.keys())
    problems.push(...selectorProblems(parsed, [...base, 'pauses', index, 'where'], pauses[index]?.where))
  const penalties = Array.isArray(raw['penalties']) ? raw['penalties'].filter(isMap) : []
  return {
    name,
    ...scopeOf(raw),
    partner: textOf(raw['partner']),
    of: raw['of'] === 'selling' ? 'selling' : 'devices',
    hours,
    bound: BOUNDS.find((bound) => bound === raw['bound']) ?? 'seen',
    unknown: raw['unknown'] === 'down' ? 'down' : 'excluded',
    maintenance: raw['maintenance'] === 'counted' ? 'counted' : 'excluded',
    line: raw['line'] === 'excluded' ? 'excluded' : 'counted',
    pauses,
    threshold: shareOf(raw['threshold']),
    per: CONTRACT_UNITS.find((unit) => unit === raw['per']) ?? 'contract',
    penalties: penalties.map(({ below, amount }) => ({ below: shareOf(below), amount: Number(amount) })),
    currency: textOf(raw['currency']),
  }
}

/** Per cent as a share, the nearest number to what is written: 99.9 divided by 100 is a little more than 0.999. */
function shareOf(percent: JsonValue | undefined): number {
  return Math.round(Number(percent) * 1e6) / 1e8
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function hoursOf(written: JsonValue | undefined, found: PolicyProblem[]): Contract['hours'] {
  if (!isMap(written ?? null)) return written === 'always' ? 'always' : 'trading'
  const { hours, problems } = readHours(written as unknown as WrittenHours)
  for (const problem of problems) found.push({ ...problem, path: ['hours', ...problem.path] })
  return hours
}

function selectorProblems(parsed: ParsedYaml, path: ValuePath, where: JsonValue | undefined): readonly Diagnostic[] {
  const compiled = typeof where === 'string' ? compileSelector(where) : undefined
  if (compiled === undefined || compiled.ok) return []
  return [expressionDiagnostic(compiled.problem, parsed, { path, value: String(where) })]
}
