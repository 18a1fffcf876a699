import { DEFAULT_POLICY } from '../../core/default-policy.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Policy } from '../../core/policy.ts'
import type { Scoped } from '../../core/scoped.ts'
import { compileSelector } from '../expression.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'
import { readGuards } from './read-guards.ts'
import { readPolicy } from './read-policy.ts'
import { readWarnings } from './read-warnings.ts'
import { unknownPolicy } from './unknown-policy.ts'

/**
 * The policies of a project file that is right by its schema, by name; `default` is always there. What a policy leaves
 * out is as in `default`, and what that leaves out is as in the one that comes with Tillwright.
 */
export function readPolicies(parsed: ParsedYaml): ReadonlyMap<string, Policy> {
  return new Map(read(parsed).map(({ name, policy }) => [name, policy]))
}

/** What cannot be in the policies, and names of policies that do not exist, at their places. */
export function policyProblems(parsed: ParsedYaml): readonly Diagnostic[] {
  const policies = read(parsed)
  const named = [...readGuards(parsed.value).problems, ...readWarnings(parsed.value).problems]
  const sections = named.map(({ path, part, ...words }): Diagnostic => {
    return { code: 'POLICY_INVALID', severity: 'error', ...words, source: parsed.rangeAt(path, part) }
  })
  const inside = policies.flatMap(({ name, problems }) =>
    problems.map(({ path, part, ...words }): Diagnostic => {
      const source = parsed.rangeAt(['policies', name, ...path], part)
      return { code: 'POLICY_INVALID', severity: 'error', ...words, source }
    }),
  )
  const selectors = ['policies', 'guards', 'warnings'].flatMap((key) => selectorsAt(parsed, key))
  const names = policies.map(({ name }) => name)
  return [
    ...sections,
    ...inside,
    ...selectors.flatMap((at) => selectorProblems(at, parsed)),
    ...unknownNames(parsed, names),
  ]
}

interface ReadPolicy {
  readonly name: string
  readonly policy: Policy
  readonly problems: ReturnType<typeof readPolicy>['problems']
}

function read(parsed: ParsedYaml): readonly ReadPolicy[] {
  const written = valueAt(parsed.value, ['policies'])
  const known = { ...readGuards(parsed.value), ...readWarnings(parsed.value) }
  const all = isMap(written) ? written : {}
  const raw = (name: string): JsonObject => (isMap(all[name] ?? null) ? (all[name] as JsonObject) : {})
  const base = { name: 'default', ...readPolicy('default', raw('default'), DEFAULT_POLICY, known) }
  const others = Object.keys(all).filter((name) => name !== 'default')
  return [base, ...others.map((name) => ({ name, ...readPolicy(name, raw(name), base.policy, known) }))]
}

function selectorsAt(parsed: ParsedYaml, key: string) {
  return selectorsIn(valueAt(parsed.value, [key]), [key])
}

/** Every `where` below a value: no other key of a policy is named so. */
function selectorsIn(
  value: JsonValue,
  path: ValuePath,
): readonly { readonly path: ValuePath; readonly text: string }[] {
  if (Array.isArray(value)) return value.flatMap((entry, index) => selectorsIn(entry as JsonValue, [...path, index]))
  if (!isMap(value)) return []
  return Object.entries(value).flatMap(([key, entry]) => {
    if (key === ('where' satisfies keyof Scoped) && typeof entry === 'string')
      return [{ path: [...path, key], text: entry }]
    return selectorsIn(entry, [...path, key])
  })
}

function selectorProblems(at: { readonly path: ValuePath; readonly text: string }, parsed: ParsedYaml): Diagnostic[] {
  if (at.text === '') return []
  const compiled = compileSelector(at.text)
  return compiled.ok ? [] : [expressionDiagnostic(compiled.problem, parsed, { path: at.path, value: at.text })]
}

function unknownNames(parsed: ParsedYaml, names: readonly string[]): Diagnostic[] {
  const assignments = valueAt(parsed.value, ['assignments'])
  if (!Array.isArray(assignments)) return []
  return assignments.flatMap((_, index) => {
    const path = ['assignments', index, 'policy']
    const name = valueAt(parsed.value, path)
    if (typeof name !== 'string' || names.includes(name)) return []
    return [{ code: 'POLICY_UNKNOWN', severity: 'error', ...unknownPolicy(name, names), source: parsed.rangeAt(path) }]
  })
}
