import type { DeviceListSettings } from '../../core/device-list.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import { isMap, type JsonObject } from '../../core/json.ts'
import type { Expression } from '../../core/runbook.ts'
import { compileExpression, SELECTOR_VARIABLES, SOURCE_VARIABLES } from '../expression.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { type ValuePath, valueAt } from '../value-path.ts'
import type { ParsedYaml } from '../yaml.ts'

const TIMEOUT_MS = 30_000

/** Device lists of a project file that is right by its schema, and what is wrong with them at its place. */
export function readDeviceLists(parsed: ParsedYaml): {
  readonly lists: readonly DeviceListSettings[]
  readonly problems: readonly Diagnostic[]
} {
  const written = valueAt(parsed.value, ['device_lists'])
  const problems: Diagnostic[] = []
  const lists = Object.entries(isMap(written) ? written : {}).flatMap(([name, raw]) => {
    const list = isMap(raw) ? listOf(parsed, { name, raw, problems }) : undefined
    return list ? [list] : []
  })
  return { lists, problems }
}

function listOf(
  parsed: ParsedYaml,
  { name, raw, problems }: { readonly name: string; readonly raw: JsonObject; readonly problems: Diagnostic[] },
): DeviceListSettings | undefined {
  const base = ['device_lists', name]
  const compiled = (path: ValuePath, isSelector = false): Expression | undefined => {
    const text = valueAt(parsed.value, path)
    if (typeof text !== 'string') return undefined
    const options = isSelector
      ? ({ variables: SELECTOR_VARIABLES, expect: 'bool' } as const)
      : { variables: SOURCE_VARIABLES }
    const made = compileExpression(text, options)
    if (made.ok) return made.expression
    problems.push(expressionDiagnostic(made.problem, parsed, { path, value: text }))
    return undefined
  }
  const of = (key: string): Expression | undefined => compiled([...base, key])
  const [items, device, next, total, asOf] = [of('items'), of('device'), of('next'), of('total'), of('as_of')]
  const where = compiled([...base, 'where'], true)
  const fields = Object.keys(isMap(raw['fields']) ? raw['fields'] : {}).flatMap((field) => {
    const value = compiled([...base, 'fields', field])
    return value ? [{ field, value }] : []
  })
  const freshMs = parseDuration(String(raw['fresh'] ?? ''))
  if (raw['fresh'] !== undefined && raw['as_of'] === undefined) {
    const source = parsed.rangeAt([...base, 'fresh'])
    const words = { summary: 'Its age is not known', detail: 'Say by `as_of` where a page tells when it was made.' }
    problems.push({ code: 'SCHEMA_VALUE_INVALID', severity: 'error', ...words, source })
  }
  if (!items || !device) return undefined
  return {
    name,
    url: String(raw['url']),
    ...(typeof raw['token'] === 'string' && { token: raw['token'] }),
    items,
    ...(next && { next }),
    ...(typeof raw['cursor'] === 'string' && { cursor: raw['cursor'] }),
    ...(total && { total }),
    ...(asOf && { asOf }),
    ...(freshMs !== undefined && { freshMs }),
    device,
    fields,
    ...(where && { where }),
    timeoutMs: parseDuration(String(raw['timeout'] ?? '')) ?? TIMEOUT_MS,
  }
}
