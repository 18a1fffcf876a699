import type { Diagnostic } from '../core/diagnostic.ts'
import type { ErrorCode } from '../core/error-catalog.ts'
import type { JsonValue } from '../core/json.ts'
import { PLAN_JSON_SCHEMA } from './schema/plan.ts'
import { LineIndex, withoutMark } from './source-text.ts'
import { schemaProblems } from './validate.ts'
import { parseYaml } from './yaml.ts'

/** A JSON document that Tillwright wrote earlier, checked. The value is to be used only without diagnostics. */
export interface CheckedDocument {
  readonly value: JsonValue
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads a plan file. Every problem has the code PLAN_INVALID and its place in the file. */
export function checkPlanDocument(text: string, file: string): CheckedDocument {
  return checkDocument(text, file, { schema: PLAN_JSON_SCHEMA, code: 'PLAN_INVALID' })
}

function checkDocument(
  source: string,
  file: string,
  expected: { readonly schema: object; readonly code: ErrorCode },
): CheckedDocument {
  const { schema, code } = expected
  const text = withoutMark(source)
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch (error) {
    return { value: null, diagnostics: [notJson(text, file, code, error as SyntaxError)] }
  }
  const problems = schemaProblems(schema, value)
  if (problems.length === 0) return { value, diagnostics: [] }
  // JSON is YAML, and the YAML reader knows places. It is slower, and only needed here.
  const parsed = parseYaml(text, file)
  const diagnostics = problems.map(({ path, part, ...words }): Diagnostic => {
    return { ...words, code, severity: 'error', source: parsed.rangeAt(path, part) }
  })
  return { value, diagnostics }
}

function notJson(text: string, file: string, code: ErrorCode, error: SyntaxError): Diagnostic {
  const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length)
  const source = new LineIndex(text).range(file, position, position + 1)
  const detail = 'It was cut short or edited by hand. Make it anew.'
  return { code, severity: 'error', summary: 'The file is not JSON', detail, source }
}
