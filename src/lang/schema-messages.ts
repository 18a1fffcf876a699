import type { ErrorObject } from 'ajv'
import { counted } from '../core/counted.ts'
import type { JsonValue } from '../core/json.ts'
import { meantKey } from './foreign-keys.ts'
import { insteadOf, ownWord } from './foreign-words.ts'
import { likelyText } from './likely-text.ts'
import { suggest } from './suggest.ts'
import { type ValuePath, valueAt } from './value-path.ts'

/** One way in which a value is not as its schema says. */
export interface SchemaProblem {
  readonly code: 'SCHEMA_KEY_UNKNOWN' | 'SCHEMA_KEY_MISSING' | 'SCHEMA_VALUE_INVALID'
  readonly path: ValuePath
  /** Which part of the entry at `path` is to be pointed at. */
  readonly part: 'key' | 'value'
  readonly summary: string
  readonly detail?: string
  readonly hint?: string
  /** Of an unknown key what was meant by it; of a missing key which one. */
  readonly about?: string
}

/** What a schema offers for a message. */
interface Described {
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, unknown>>
  readonly type?: string | readonly string[]
  /** A secret belongs here: what was written instead is not repeated. */
  readonly writeOnly?: boolean
}

type Words = Omit<SchemaProblem, 'path' | 'part' | 'code'> & Partial<Pick<SchemaProblem, 'path' | 'part' | 'code'>>

/** A scalar of a file as it stands there: YAML reads `7.10` as the number 7.1. */
export type AsWritten = (path: ValuePath) => string

/** What a message needs besides the error. */
interface MessageContext {
  /** What the value as a whole was checked against. */
  readonly schema: object
  readonly asWritten?: AsWritten | undefined
  /** By the dialect that the schema is written in. */
  readonly pattern: (source: string) => { test(text: string): boolean }
}

/** An error of the validator in plain words: what is wrong, what would be right, and which part of the file it is about. */
export function describeProblem(found: ErrorObject, context: MessageContext): SchemaProblem {
  const error = schemaOf(found).writeOnly && typeof found.data !== 'object' ? { ...found, data: '***' } : found
  const path = pathOf(error.instancePath)
  if (error.propertyName !== undefined) return badName(error, path, context)
  const words =
    error.keyword === 'type'
      ? wrongType(error, path, context)
      : (WORDS[error.keyword] ?? otherwise)(error, path, context)
  return { code: 'SCHEMA_VALUE_INVALID', path, part: 'value', ...withExample(words, error, context) }
}

function withExample(words: Words, error: ErrorObject, { schema }: MessageContext): Words {
  if (words.detail !== undefined || words.code === 'SCHEMA_KEY_UNKNOWN') return words
  const { description, examples } = describedBy(error, schema)
  const example = examples?.length ? `For example: ${examples.slice(0, 2).map(shown).join(' or ')}` : undefined
  const detail = [description, example].filter((part) => part !== undefined).join(' ')
  return detail === '' ? words : { ...words, detail }
}

const WORDS: Readonly<Record<string, (error: ErrorObject, path: ValuePath, context: MessageContext) => Words>> = {
  additionalProperties: (error, path) => unknownKey(error, path, String(error.params['additionalProperty'])),
  unevaluatedProperties: (error, path) => unknownKey(error, path, String(error.params['unevaluatedProperty'])),
  required: (error, path) => missingKey(error, path, String(error.params['missingProperty'])),
  dependentRequired: (error, path) => missingKey(error, path, String(error.params['missingProperty'])),
  enum: (error, path) => notOneOf(error, path, error.params['allowedValues'] as readonly unknown[]),
  const: (error, path) => notOneOf(error, path, [error.params['allowedValue']]),
  anyOf: noAlternative,
  oneOf: noAlternative,
  pattern: wrongForm,
  minimum: limit,
  maximum: limit,
  exclusiveMinimum: limit,
  exclusiveMaximum: limit,
  multipleOf: (error, path) => ({ summary: `${label(path)} must be a multiple of ${error.params['multipleOf']}` }),
  minLength: (error, path) =>
    error.params['limit'] === 1
      ? { summary: `${label(path)} must not be empty` }
      : { summary: `${label(path)} must have at least ${error.params['limit']} characters` },
  maxLength: (error, path) => ({ summary: `${label(path)} must have at most ${error.params['limit']} characters` }),
  minItems: (error, path) => ({ summary: `${label(path)} must have at least ${items(error)}` }),
  maxItems: (error, path) => ({ summary: `${label(path)} must have at most ${items(error)}` }),
  minProperties: (error, path) => ({ summary: `${label(path)} must have at least ${items(error)}` }),
  maxProperties: (error, path) => ({ summary: `${label(path)} must have at most ${items(error)}` }),
  uniqueItems: (error, path) => ({
    summary: `${label(path)} holds the same entry twice`,
    path: [...path, Number(error.params['i'])],
  }),
}

/** Where another way to write the text fits, or it begins with one of a few words and a colon, the nearest is suggested. */
function wrongForm(error: ErrorObject, path: ValuePath, context: MessageContext): Words {
  const summary = `${label(path)} is not of the form expected: ${shown(error.data)}`
  const likely = likelyText(String(error.data), (text) => fitsForm(text, error, context))
  if (likely !== undefined) return { summary, hint: `did you mean "${likely}"?` }
  const kinds = /^\^\(([a-z|]+)\):/.exec(String(error.params['pattern']))?.[1]?.split('|') ?? []
  const near = suggest(String(error.data).replace(/:.*/s, ''), kinds)
  return near === undefined ? { summary } : { summary, hint: `did you mean "${near}:"?` }
}

function fitsForm(text: string, error: ErrorObject, { pattern }: MessageContext): boolean {
  const form = schemaOf(error).pattern
  return form === undefined || pattern(form).test(text)
}

function otherwise(error: ErrorObject, path: ValuePath): Words {
  return { summary: `${label(path)} ${error.message ?? 'is not valid'}` }
}

function limit(error: ErrorObject, path: ValuePath): Words {
  const words: Readonly<Record<string, string>> = {
    '>=': 'at least',
    '<=': 'at most',
    '>': 'more than',
    '<': 'less than',
  }
  const bound = `${words[String(error.params['comparison'])]} ${error.params['limit']}`
  return { summary: `${label(path)} must be ${bound}, not ${shown(error.data)}` }
}

function items(error: ErrorObject): string {
  return counted(Number(error.params['limit']), 'entry', 'entries')
}

function unknownKey(error: ErrorObject, path: ValuePath, key: string): Words {
  const known = Object.keys(schemaOf(error).properties ?? {})
  const { own, hint } = meantKey(key, known)
  return {
    code: 'SCHEMA_KEY_UNKNOWN',
    path: [...path, key],
    part: 'key',
    summary: path.length === 0 ? `Unknown key "${key}"` : `Unknown key "${key}" in ${label(path)}`,
    ...(known.length > 0 && { detail: `Known here: ${known.join(', ')}.` }),
    ...(own !== undefined && { about: own }),
    ...(hint !== undefined && { hint }),
  }
}

function missingKey(error: ErrorObject, path: ValuePath, key: string): Words {
  const about = schemaOf(error).properties?.[key] as Described | undefined
  const example = about?.examples?.[0] === undefined ? '' : ` For example: \`${key}: ${shown(about.examples[0])}\`.`
  const detail = `${about?.description ?? 'It is required here.'}${example}`
  return {
    code: 'SCHEMA_KEY_MISSING',
    part: 'key',
    about: key,
    summary: path.length === 0 ? `The key "${key}" is missing` : `${label(path)} has no "${key}"`,
    detail,
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'empty',
}

function wrongType(error: ErrorObject, path: ValuePath, context: MessageContext): Words {
  const wanted = [error.params['type'] as string | readonly string[]].flat()
  const summary = `${label(path)} must be ${wanted.map((type) => TYPE_WORDS[type] ?? type).join(' or ')}, not ${kindOf(error.data)}`
  const quotable = wanted.includes('string') && ['number', 'boolean'].includes(typeof error.data)
  if (!quotable) return { summary, ...withoutQuotes(error.data, wanted), ...colonAndSpace(error.data, wanted) }
  const text = context.asWritten?.(path) ?? String(error.data)
  const fits = (written: string): boolean => fitsForm(written, error, context)
  // Quotes are of no use where the text is not of the form wanted either, such as 45 for a duration.
  if (fits(text)) return { summary, detail: `Put it in quotes to make it text: "${text}".` }
  const likely = likelyText(text, fits)
  return likely === undefined ? { summary } : { summary, hint: `did you mean ${likely}?` }
}

const YES = /^(true|yes|on|y)$/i
const NO = /^(false|no|off|n)$/i

/** A number or a truth value that is text: in quotes, or a word that was one before YAML 1.2. */
function withoutQuotes(value: unknown, wanted: readonly string[]): { readonly hint?: string } {
  if (typeof value !== 'string') return {}
  const own = YES.test(value) ? 'true' : NO.test(value) ? 'false' : undefined
  if (wanted.includes('boolean') && own !== undefined) return { hint: `write ${own}, without quotes` }
  const isNumber = (wanted.includes('integer') ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/).test(value)
  const takesNumber = wanted.includes('integer') || wanted.includes('number')
  return takesNumber && isNumber ? { hint: `write ${Number(value)}, without quotes` } : {}
}

/** `name:agent` is one word and no entry of a map. */
function colonAndSpace(value: unknown, wanted: readonly string[]): { readonly hint?: string } {
  const [, key, rest] =
    typeof value === 'string' && wanted.includes('object') ? (/^(\w+):(\w\S*)/.exec(value) ?? []) : []
  return key === undefined ? {} : { hint: `a space is missing behind the colon: \`${key}: ${rest}\`` }
}

function notOneOf(error: ErrorObject, path: ValuePath, allowed: readonly unknown[]): Words {
  const words = allowed.map(String)
  const near = typeof error.data === 'string' ? (ownWord(error.data, words) ?? suggest(error.data, words)) : undefined
  const hint = typeof error.data === 'string' ? insteadOf(error.data) : undefined
  const list = allowed.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ')
  return {
    summary: `${label(path)} must be ${allowed.length === 1 ? list : `one of ${list}`}; it is ${shown(error.data)}`,
    ...(hint !== undefined && { hint }),
    ...(hint === undefined && near !== undefined && { hint: `did you mean "${near}"?` }),
  }
}

function noAlternative(error: ErrorObject, path: ValuePath): Words {
  const alternatives = (Array.isArray(error.schema) ? error.schema : []) as readonly Described[]
  if (error.keyword === 'oneOf' && error.params['passingSchemas'] != null) {
    return { summary: `${label(path)} fits more than one of the forms it may have` }
  }
  const titles = alternatives.map(
    ({ type, description }) => description ?? [type ?? []].flat().map((t) => TYPE_WORDS[t] ?? t)[0],
  )
  const known = titles.filter((title): title is string => title !== undefined)
  return {
    summary: `${label(path)} has none of the forms it may have: ${shown(error.data)}`,
    ...(known.length === titles.length && known.length > 0 && { detail: `It may be ${known.join(', or ')}.` }),
  }
}

/** A key of a map of names is not a name. */
function badName(error: ErrorObject, path: ValuePath, context: MessageContext): SchemaProblem {
  const name = String(error.propertyName)
  const words = withExample({ summary: `"${name}" is not accepted as a name in ${label(path)}` }, error, context)
  return { code: 'SCHEMA_VALUE_INVALID', path: [...path, name], part: 'key', ...words }
}

/** What is said of the value; of an entry of a list or a map, or of one of several forms, what is said of the whole. */
function describedBy(error: ErrorObject, schema: object): Described {
  const own = schemaOf(error)
  const steps = error.schemaPath.split('/').slice(1, -1).map(decodeURIComponent)
  const at = (): Described => (valueAt(schema as JsonValue, steps) ?? {}) as Described
  // Where a reference led to it, its path is none of the whole.
  if (at() !== own) return own
  while (at().description === undefined && at().examples === undefined) {
    const step = steps.pop() ?? ''
    if (!ENTRIES.has(step) && !(/^\d+$/.test(step) && FORMS.has(steps.pop() ?? ''))) return own
  }
  return at()
}

const ENTRIES: ReadonlySet<string> = new Set(['items', 'additionalProperties'])
const FORMS: ReadonlySet<string> = new Set(['anyOf', 'oneOf'])

function schemaOf(error: ErrorObject): Described {
  return (error.parentSchema ?? {}) as Described
}

/** The last two parts of a path, as people speak of it: `link.type`, `keys[0]`. */
function label(path: ValuePath): string {
  if (path.length === 0) return 'The file'
  const names: string[] = []
  for (const step of path) {
    if (typeof step === 'number' && names.length > 0) names.push(`${names.pop()}[${step}]`)
    else names.push(String(step))
  }
  return `"${names.slice(-2).join('.')}"`
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a map' : shown(value)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** RFC 6901; numbers are indexes unless they stand for a key, which the caller's lookup accepts as well. */
function pathOf(pointer: string): ValuePath {
  if (pointer === '') return []
  return pointer
    .slice(1)
    .split('/')
    .map((part) => (/^(0|[1-9]\d*)$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')))
}
