import type { AvailabilitySettings } from '../../core/availability-settings.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { HOUR_MS, parseDuration } from '../../core/duration.ts'
import { isMap } from '../../core/json.ts'
import { compileSelector } from '../expression.ts'
import { freezeOf, readList } from '../policy/read-entries.ts'
import type { PolicyProblem } from '../policy/read-when.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'

const EVERY_MS = HOUR_MS
const HOLDS = 2

/** What a project file that is right by its schema says of availability, and what is wrong with it at its place. */
export function readAvailability(parsed: ParsedYaml): {
  readonly availability: AvailabilitySettings
  readonly problems: readonly Diagnostic[]
} {
  const written = valueAt(parsed.value, ['availability'])
  const raw = isMap(written) ? written : {}
  const found: PolicyProblem[] = []
  const maintenance = readList(raw['maintenance'], 'maintenance', {
    fallback: [],
    read: (entry, path) => freezeOf(entry, path, found),
    problems: found,
  })
  const everyMs = parseDuration(String(raw['every'] ?? '')) ?? EVERY_MS
  const holds = typeof raw['holds'] === 'number' ? raw['holds'] : HOLDS
  const problems = found.map(({ path, part, ...words }): Diagnostic => {
    const source = parsed.rangeAt(['availability', ...path], part)
    return { code: 'AVAILABILITY_INVALID', severity: 'error', ...words, source }
  })
  const selectors = maintenance.flatMap(({ where }, index) => {
    const compiled = where === undefined ? undefined : compileSelector(where)
    if (where === undefined || compiled === undefined || compiled.ok) return []
    const path = ['availability', 'maintenance', index, 'where']
    return [expressionDiagnostic(compiled.problem, parsed, { path, value: where })]
  })
  if (everyMs < 1) {
    const words = {
      summary: 'A look is held for no time at all',
      detail: 'Write how often devices are looked at: 15m.',
    }
    const source = parsed.rangeAt(['availability', 'every'])
    problems.push({ code: 'AVAILABILITY_INVALID', severity: 'error', ...words, source })
  }
  return { availability: { holdMs: holds * everyMs, maintenance }, problems: [...problems, ...selectors] }
}
