import type { Diagnostic } from '../../core/diagnostic.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { DesiredField } from '../../core/user-module.ts'
import { moduleVariables } from '../expression.ts'
import { expressionDiagnostic } from '../runbook-steps.ts'
import { compileTemplate } from '../template.ts'
import { type ParsedYaml, type ValuePath, valueAt } from '../yaml.ts'

const CEL_TYPES: Readonly<Record<string, string>> = {
  integer: 'int',
  number: 'double',
  boolean: 'bool',
  array: 'list',
  object: 'map',
}

/** Compiles what is desired of the fields of a module's state. */
export function compileDesired(
  desired: JsonValue,
  schema: JsonObject,
  parsed: ParsedYaml,
): { readonly fields: readonly DesiredField[]; readonly diagnostics: readonly Diagnostic[] } {
  const variables = moduleVariables(celTypesOf(schema['properties'] as JsonObject))
  const diagnostics = overlaps(Object.keys(desired as object), parsed)
  const fields = Object.entries(desired as JsonObject).flatMap(([path, value]): readonly DesiredField[] => {
    const compiled = compileTemplate({ value }, { variables, stepIds: [] })
    if (!compiled.ok) {
      for (const problem of compiled.problems) {
        const at: ValuePath = ['desired', path, ...problem.path.slice(1)]
        const key = problem.key === true
        const text = key ? String(at.at(-1)) : String(valueAt(parsed.value, at))
        diagnostics.push(expressionDiagnostic(problem, parsed, { path: at, value: text, key }))
      }
      return []
    }
    const { template } = compiled
    return [
      {
        path,
        params: template.params ?? [],
        render: (params) => {
          const rendered = template.render({ params, store: {}, device: {}, vars: {}, steps: {} })
          return rendered.ok ? { ok: true, value: rendered.value['value'] ?? null } : rendered
        },
      },
    ]
  })
  return { fields, diagnostics }
}

/** A text may be a secret when it is filled in, which is no text to an expression. */
function celTypesOf(properties: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      CEL_TYPES[String((schema as JsonObject)['type'])] ?? 'dyn',
    ]),
  )
}

/** `a` and `a.b` would both say what `b` is. */
function overlaps(paths: readonly string[], parsed: ParsedYaml): Diagnostic[] {
  return paths.flatMap((path) => {
    const outer = paths.find((other) => path.startsWith(`${other}.`))
    if (outer === undefined) return []
    const summary = `"${path}" is a part of "${outer}", which is described too`
    const detail = 'Describe the whole map, or its fields one by one.'
    const source = parsed.rangeAt(['desired', path], 'key')
    return [{ code: 'SCHEMA_VALUE_INVALID', severity: 'error', summary, detail, source }]
  })
}
