import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { JsonValue } from '../core/json.ts'
import { patternOf } from '../pattern/pattern.ts'
import { quickCheckOf, STRICTNESS } from './quick-check.ts'
import { type AsWritten, describeProblem, type SchemaProblem } from './schema-messages.ts'
import { withoutNoise } from './schema-noise.ts'
import { LineIndex } from './source-text.ts'
import { type ValuePath, valueAt } from './value-path.ts'
import type { ParsedYaml } from './yaml.ts'

export type { SchemaProblem }

export interface ValidateOptions {
  /** Where the value stands in the file. Default: the whole file. */
  readonly at?: ValuePath
  /** Values that are right whatever the schema says, such as texts with `${{ }}` that are filled in later. */
  readonly accept?: (value: unknown) => boolean
}

// Made for one look at some files: what compiles soon is worth more than what runs fast.
const SETTINGS = {
  ...STRICTNESS,
  allErrors: true,
  verbose: true,
  inlineRefs: false,
  code: { optimize: false },
} as const

export interface SchemaOptions {
  /** Values that are right whatever the schema says. */
  readonly accept?: ((value: unknown) => boolean) | undefined
  /** A user wrote the schema: its patterns go by the dialect of all patterns of users. Ours are constants of JavaScript. */
  readonly isForeign?: boolean
  /** Of the file that the value was read from. */
  readonly asWritten?: AsWritten | undefined
}

// ajv keeps patterns by what `toString` gives, and would take one for the other where that is the same for all.
const linear = Object.assign((source: string) => ({ ...patternOf(source), toString: () => source }), {
  code: 'require("./pattern").patternOf',
})
let ours: Ajv | undefined
let foreign: Ajv | undefined
const compiled = new WeakMap<object, ValidateFunction>()

function validators(isForeign: boolean): Ajv {
  if (!isForeign) {
    ours ??= new Ajv(SETTINGS)
    return ours
  }
  foreign ??= new Ajv({ ...SETTINGS, code: { ...SETTINGS.code, regExp: linear } })
  return foreign
}

function validatorOf(schema: object, isForeign: boolean): ValidateFunction {
  const known = compiled.get(schema)
  if (known) return known
  const validator = validators(isForeign).compile(schema)
  compiled.set(schema, validator)
  return validator
}

/**
 * Why a schema that a user wrote cannot be used, in the words of the validator, and the part of it that is meant;
 * undefined when it can be.
 */
export function schemaFault(schema: object): { readonly path: ValuePath; readonly message: string } | undefined {
  try {
    validatorOf(schema, true)
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const pointer = /at "[^"#]*#\/([^"]*)"/.exec(message)?.[1]
    const words = message.replace(/^strict mode: /, '').replace(/ at "[^"]*#.*$/, '')
    return { path: pointer === undefined ? [] : pointer.split('/').map(decodeURIComponent), message: words }
  }
}

/** Checks a plain value; an empty answer means that it is right. A schema that is wrong itself throws. */
export function schemaProblems(
  schema: object,
  value: JsonValue,
  { accept, isForeign = false, asWritten }: SchemaOptions = {},
): SchemaProblem[] {
  if (!isForeign && quickCheckOf(schema)?.(value)) return []
  const validator = validatorOf(schema, isForeign)
  if (validator(value)) return []
  const errors = withoutNoise(validator.errors ?? [], schema)
  const wrong = errors.filter((error) => !accept?.(error.data))
  const context = { schema, asWritten, pattern: isForeign ? patternOf : (source: string): RegExp => new RegExp(source) }
  return withoutFollowing(distinct(wrong.map((error: ErrorObject) => describeProblem(error, context))))
}

/** A key that is missing because it stands there under another name is told once, where it stands. */
function withoutFollowing(problems: readonly SchemaProblem[]): SchemaProblem[] {
  const keyOf = (map: ValuePath, name: string | undefined): string => JSON.stringify([map, name])
  const meant = new Set(
    problems
      .filter(({ code }) => code === 'SCHEMA_KEY_UNKNOWN')
      .map(({ path, about }) => keyOf(path.slice(0, -1), about)),
  )
  return problems
    .filter(({ code, path, about }) => code !== 'SCHEMA_KEY_MISSING' || !meant.has(keyOf(path, about)))
    .map(({ about: _about, ...problem }) => problem)
}

/** Checks a file, or the part of it at `options.at`, against a JSON Schema; every problem with its place. */
export function validate(schema: object, parsed: ParsedYaml, options: ValidateOptions = {}): Diagnostic[] {
  const at = options.at ?? []
  const asWritten = writtenIn(parsed, at)
  return schemaProblems(schema, valueAt(parsed.value, at), { ...options, asWritten }).map(
    ({ path, part, ...rest }) => ({
      ...rest,
      severity: 'error',
      source: parsed.rangeAt([...at, ...path], part),
    }),
  )
}

/** How scalars of a file, or of the part of it at `at`, stand there. */
export function writtenIn(parsed: ParsedYaml, at: ValuePath = []): AsWritten {
  return (path) => {
    const { line, column, endLine, endColumn } = parsed.rangeAt([...at, ...path])
    const lines = new LineIndex(parsed.text)
    return parsed.text.slice(lines.offset(line, column), lines.offset(endLine, endColumn))
  }
}

function distinct(problems: readonly SchemaProblem[]): SchemaProblem[] {
  const seen = new Set<string>()
  return problems.filter((problem) => {
    const key = `${problem.part} ${JSON.stringify(problem.path)} ${problem.summary}`
    return !seen.has(key) && seen.add(key)
  })
}
