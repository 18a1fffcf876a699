import { isMap, type JsonValue } from '../core/json.ts'
import type { Module } from '../core/module.ts'
import { devicePatternProblem } from '../pattern/device-pattern.ts'
import { asSentence, patternProblem } from '../pattern/pattern.ts'
import { isSecretReference } from './template.ts'
import { type SchemaOptions, type SchemaProblem, schemaProblems } from './validate.ts'
import type { ValuePath } from './value-path.ts'

/** What is wrong with parameters of a module, by its schema and by what it says of patterns; values that `accept` takes are right. */
export function paramProblems(
  module: Module,
  params: JsonValue,
  { accept, asWritten }: Pick<SchemaOptions, 'accept' | 'asWritten'> = {},
): readonly SchemaProblem[] {
  // A module that has a digest is no part of Tillwright, and neither is its schema.
  const problems = schemaProblems(module.params, params, { accept, asWritten, isForeign: module.digest !== undefined })
  const patterns = Object.entries(module.patterns ?? {}).flatMap(([path, place]) =>
    textsAt(params, path.split('.'), []).flatMap(({ text, at }) => {
      const problem = accept?.(text) ? undefined : place === 'here' ? patternProblem(text) : devicePatternProblem(text)
      return problem === undefined ? [] : [wrongPattern(at, text, problem)]
    }),
  )
  return [...problems, ...patterns]
}

function wrongPattern(path: ValuePath, text: string, problem: string): SchemaProblem {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text
  return {
    code: 'SCHEMA_VALUE_INVALID',
    path,
    part: 'value',
    summary: `"${path.join('.')}" is not a regular expression: "${shown}"`,
    detail: asSentence(problem),
  }
}

function textsAt(
  value: JsonValue | undefined,
  [key, ...rest]: readonly string[],
  at: ValuePath,
): readonly { readonly text: string; readonly at: ValuePath }[] {
  if (key === undefined) return typeof value === 'string' ? [{ text: value, at }] : []
  if (key === '*' && Array.isArray(value)) return value.flatMap((item, index) => textsAt(item, rest, [...at, index]))
  if (value === undefined || !isMap(value)) return []
  const keys = key === '*' ? Object.keys(value) : [key]
  return keys.flatMap((one) => (Object.hasOwn(value, one) ? textsAt(value[one], rest, [...at, one]) : []))
}

/** A schema sees a secret as the text that it will be. */
export function withoutSecrets(value: JsonValue): JsonValue {
  if (isSecretReference(value)) return 'secret'
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item)]))
}
