import type { Diagnostic } from '../../core/diagnostic.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { patternProblem } from '../../pattern/pattern.ts'
import { readYamlFile } from '../read-yaml-file.ts'
import { MODULE_TEST_SCHEMA } from '../schema/module-test.ts'
import { validate } from '../validate.ts'
import type { ValuePath } from '../yaml.ts'

/** A file of a case: its content, or what there is in its place. */
export type CaseFile =
  | string
  | { readonly content?: string; readonly mode?: string; readonly link?: string; readonly folder?: true }

export type CaseFailure = string | { readonly code?: string; readonly message?: string }

/** One case by which a module of the user is tested; MODULE_TEST_SCHEMA says what each key is. */
export interface ModuleCase {
  readonly it: string
  readonly on?: readonly ('posix' | 'powershell')[]
  readonly given?: {
    readonly files?: Readonly<Record<string, CaseFile>>
    readonly programs?: Readonly<Record<string, string>>
  }
  readonly params?: JsonObject
  readonly triggered?: boolean
  readonly expect?: {
    readonly value?: JsonObject
    readonly changes?: readonly { readonly path: string; readonly before?: JsonValue; readonly after?: JsonValue }[]
    readonly failure?: CaseFailure
    readonly invalid?: true
  }
  readonly after?: {
    readonly value?: JsonObject
    readonly failure?: CaseFailure
    readonly files?: Readonly<Record<string, CaseFile>>
    readonly absent?: readonly string[]
  }
}

/** The cases of a file, or everything that is wrong with it. */
export function loadCases(file: string): {
  readonly cases: readonly ModuleCase[]
  readonly diagnostics: readonly Diagnostic[]
} {
  const { parsed, diagnostics } = readYamlFile(file)
  if (!parsed || diagnostics.length > 0) return { cases: [], diagnostics }
  const problems = validate(MODULE_TEST_SCHEMA, parsed)
  if (problems.length > 0) return { cases: [], diagnostics: problems }
  const patterns = badPatterns(parsed.value, []).map(({ path, text, problem }) => ({
    code: 'SCHEMA_VALUE_INVALID' as const,
    severity: 'error' as const,
    summary: `"${text}" is not a regular expression`,
    detail: `What begins with "~ " is one: ${problem}.`,
    source: parsed.rangeAt(path),
  }))
  if (patterns.length > 0) return { cases: [], diagnostics: patterns }
  return { cases: parsed.value as unknown as readonly ModuleCase[], diagnostics: [] }
}

interface BadPattern {
  readonly path: ValuePath
  readonly text: string
  readonly problem: string
}

/** What is expected may be `~ PATTERN` wherever it stands below `expect` and `after`. */
function badPatterns(value: JsonValue, path: ValuePath): readonly BadPattern[] {
  if (typeof value === 'string') {
    const isPattern = value.startsWith('~ ') && ['expect', 'after'].includes(String(path[1]))
    const problem = isPattern ? patternProblem(value.slice(2)) : undefined
    return problem === undefined ? [] : [{ path, text: value.slice(2), problem }]
  }
  if (value === null || typeof value !== 'object') return []
  const entries: [string | number, JsonValue][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return entries.flatMap(([key, item]) => badPatterns(item, [...path, key]))
}
