import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Expression } from '../../core/runbook.ts'
import { compileSelector } from '../expression.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'

/** The devices that CEL at this place selects; what is wrong with it is added to the problems. Undefined where there is none. */
export function selectorOf(parsed: ParsedYaml, path: ValuePath, problems: Diagnostic[]): Expression | undefined {
  const value = valueAt(parsed.value, path)
  if (typeof value !== 'string') return undefined
  const compiled = compileSelector(value)
  if (compiled.ok) return compiled.expression
  problems.push(expressionDiagnostic(compiled.problem, parsed, { path, value }))
  return undefined
}

/** What cannot be in `server`. */
export function wrong(summary: string, detail: string, source: Diagnostic['source']): Diagnostic {
  return { code: 'SERVER_INVALID', severity: 'error', summary, detail, ...(source && { source }) }
}
