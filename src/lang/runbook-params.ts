import type { Diagnostic } from '../core/diagnostic.ts'
import { isMap, type JsonObject, type JsonValue } from '../core/json.ts'
import type { ParamType } from './schema/runbook.ts'
import { didYouMean } from './suggest.ts'
import type { ParsedYaml, ValuePath } from './yaml.ts'

/** A parameter as a runbook declares it. */
interface ParamDeclaration {
  readonly type: ParamType
  readonly default?: JsonValue
  readonly required?: boolean
  readonly enum?: readonly JsonValue[]
  readonly description?: string
}

/** Values that are not at their default. */
export function givenOf(declarations: ParamDeclarations, params: JsonObject): JsonObject {
  const isGiven = ([name, value]: [string, JsonValue]): boolean =>
    JSON.stringify(declarations[name]?.default) !== JSON.stringify(value)
  return Object.fromEntries(Object.entries(params).filter(isGiven))
}

/** What a runbook cannot do without, as `service=cups`: that is what it is about. Undefined where it needs nothing. */
export function aboutOf(declarations: ParamDeclarations, params: JsonObject): string | undefined {
  const needed = Object.keys(declarations).filter((name) => declarations[name]?.default === undefined && name in params)
  const shown = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value))
  const text = needed.map((name) => `${name}=${shown(params[name])}`).join(' ')
  return text === '' ? undefined : text
}

export type ParamDeclarations = Readonly<Record<string, ParamDeclaration>>

const CEL_TYPES: Readonly<Record<ParamType, string>> = {
  string: 'string',
  integer: 'int',
  number: 'double',
  boolean: 'bool',
  list: 'list',
  map: 'map',
}

/** The type of each parameter in expressions; anything goes for one whose declaration is wrong itself. */
export function celTypesOf(params: JsonValue): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entriesOf(params).map(([name, raw]) => [name, isDeclaration(raw) ? CEL_TYPES[raw.type] : 'dyn']),
  )
}

/** The declarations that are whole enough to go on with, and what is wrong inside them. */
export function readDeclarations(
  value: JsonValue,
  parsed: ParsedYaml,
): { readonly declarations: ParamDeclarations; readonly diagnostics: readonly Diagnostic[] } {
  const declarations: Record<string, ParamDeclaration> = {}
  const diagnostics: Diagnostic[] = []
  for (const [name, raw] of entriesOf(value)) {
    if (!isDeclaration(raw)) continue
    declarations[name] = raw
    diagnostics.push(...contradictions(name, raw, parsed))
  }
  return { declarations, diagnostics }
}

function contradictions(name: string, declaration: ParamDeclaration, parsed: ParsedYaml): Diagnostic[] {
  const at = (path: ValuePath, summary: string): Diagnostic => {
    const source = parsed.rangeAt(['params', name, ...path])
    return { code: 'RUNBOOK_PARAM_INVALID', severity: 'error', summary, source }
  }
  const found: Diagnostic[] = []
  for (const [index, value] of (declaration.enum ?? []).entries()) {
    const problem = typeProblem(value, declaration.type)
    if (problem) found.push(at(['enum', index], `A value of "${name}" ${problem}`))
  }
  if (declaration.default === undefined) return found
  const problem = valueProblem(declaration.default, declaration)
  if (problem) found.push(at(['default'], `The default of "${name}" ${problem}`))
  if (declaration.required) found.push(at(['required'], `"${name}" is required, so its default is never used`))
  return found
}

/**
 * The parameters of a run: defaults, and what it gives, as text, converted to the declared types.
 * @param given undefined: nothing is going to run, so that none is demanded
 */
export function effectiveParams(
  declarations: ParamDeclarations,
  given: Readonly<Record<string, string>> | undefined,
  parsed: ParsedYaml,
): { readonly params: JsonObject; readonly diagnostics: readonly Diagnostic[] } {
  const params: Record<string, JsonValue> = {}
  const diagnostics = Object.keys(given ?? {})
    .filter((name) => !Object.hasOwn(declarations, name))
    .map((name) => unknownParam(name, declarations))
  for (const [name, declaration] of Object.entries(declarations)) {
    const wrong = (summary: string, detail: string): void => {
      const source = parsed.rangeAt(['params', name], 'key')
      diagnostics.push({ code: 'RUNBOOK_PARAM_INVALID', severity: 'error', summary, detail, source })
    }
    const text = given && Object.hasOwn(given, name) ? given[name] : undefined
    if (text !== undefined) {
      const converted = convertParam(text, declaration)
      if ('value' in converted) params[name] = converted.value
      else wrong(`The parameter "${name}" ${converted.problem}`, 'This is how the runbook declares it.')
    } else if (declaration.default !== undefined) {
      params[name] = declaration.default
    } else if (declaration.required && given) {
      wrong(`The parameter "${name}" is missing`, `Give it with --param ${name}=VALUE.`)
    }
  }
  return { params, diagnostics }
}

function unknownParam(name: string, declarations: ParamDeclarations): Diagnostic {
  const names = Object.keys(declarations)
  const detail = names.length > 0 ? `It has ${names.join(', ')}.` : 'It has none.'
  const summary = `The runbook has no parameter "${name}"`
  return { code: 'RUNBOOK_PARAM_INVALID', severity: 'error', summary, detail, ...didYouMean(name, names) }
}

/** Text of a command line as a value of the declared type; lists and maps are JSON, lists also `a,b,c`. */
function convertParam(
  text: string,
  declaration: ParamDeclaration,
): { readonly value: JsonValue } | { readonly problem: string } {
  const value = valueOfText(text, declaration.type)
  const problem = value === undefined ? typeProblem(text, declaration.type) : valueProblem(value, declaration)
  return value === undefined || problem !== undefined ? { problem: problem ?? 'is not of its type' } : { value }
}

function valueOfText(text: string, type: ParamType): JsonValue | undefined {
  switch (type) {
    case 'string':
      return text
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'list':
      return text.trimStart().startsWith('[') ? json(text) : text === '' ? [] : text.split(',')
    case 'map':
      return json(text)
  }
}

function json(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

const TYPE_WORDS: Readonly<Record<ParamType, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  list: 'a list',
  map: 'a map',
}

function valueProblem(value: JsonValue, declaration: ParamDeclaration): string | undefined {
  const wrongType = typeProblem(value, declaration.type)
  if (wrongType) return wrongType
  const allowed = declaration.enum
  const text = JSON.stringify(value)
  if (!allowed || allowed.some((each) => JSON.stringify(each) === text)) return undefined
  return `must be one of ${allowed.map((each) => JSON.stringify(each)).join(', ')}, not ${text}`
}

function typeProblem(value: JsonValue, type: ParamType): string | undefined {
  return hasType(value, type) ? undefined : `must be ${TYPE_WORDS[type]}, not ${shortened(value)}`
}

function hasType(value: JsonValue, type: ParamType): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value)
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
    case 'list':
      return Array.isArray(value)
    case 'map':
      return isMap(value)
    case 'string':
    case 'boolean':
      return typeof value === type
  }
}

function shortened(value: JsonValue): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function entriesOf(value: JsonValue): readonly [string, JsonValue][] {
  return isMap(value) ? Object.entries(value) : []
}

function isDeclaration(value: JsonValue): value is JsonObject & ParamDeclaration {
  if (!isMap(value)) return false
  const { type, enum: values } = value
  return typeof type === 'string' && type in CEL_TYPES && (values === undefined || Array.isArray(values))
}
