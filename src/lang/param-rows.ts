/** The part of JSON Schema that modules use. */
export interface ParamSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly ParamSchema[]
  readonly items?: ParamSchema
  readonly properties?: Readonly<Record<string, ParamSchema>>
  readonly additionalProperties?: boolean | ParamSchema
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
}

/** A parameter of a module for people to read. */
export interface ParamRow {
  /** Those inside a map stand below it as `map.key`, those of the items of a list as `list[].key`. */
  readonly path: string
  readonly required: boolean
  readonly type: string
  /** What it is, its default and examples. */
  readonly about: string
}

/** Rows of a module's parameters. `quote`: how a value is written. */
export function paramRows(
  schema: ParamSchema,
  how: { readonly quote: (value: string) => string },
  below = '',
): readonly ParamRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, param]) => {
    const path = `${below}${name}`
    const required = schema.required?.includes(name) ?? false
    const row = { path, required, type: typeOf(param, how.quote), about: about(param, how.quote) }
    const { items = {} } = param
    return [row, ...paramRows(param, how, `${path}.`), ...paramRows(items, how, `${path}[].`)]
  })
}

type Quote = (value: string) => string

function typeOf(schema: ParamSchema, quote: Quote): string {
  if (schema.const !== undefined) return quote(String(schema.const))
  if (schema.enum) return schema.enum.map((value) => quote(String(value))).join(', ')
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, quote)).join(', or ')
  const types = [schema.type ?? 'anything'].flat()
  return types.map((type) => namedType(type, schema, quote)).join(' or ')
}

function namedType(type: string, schema: ParamSchema, quote: Quote): string {
  const { items, additionalProperties } = schema
  if (type === 'array') return items ? `list of ${bracketed(typeOf(items, quote))}` : 'list'
  if (type === 'object')
    return typeof additionalProperties === 'object' ? `map of ${bracketed(typeOf(additionalProperties, quote))}` : 'map'
  if (type === 'integer' || type === 'number') return `${type}${range(schema)}`
  return type === 'boolean' ? `${quote('true')} or ${quote('false')}` : type
}

function bracketed(type: string): string {
  return type.includes(' or ') ? `(${type})` : type
}

function range({ minimum, maximum }: ParamSchema): string {
  if (minimum === undefined && maximum === undefined) return ''
  if (maximum === undefined) return ` from ${minimum}`
  return minimum === undefined ? ` up to ${maximum}` : ` ${minimum}–${maximum}`
}

function about({ description = '', examples = [], default: fallback }: ParamSchema, quote: Quote): string {
  const shown = examples.map((example) =>
    quote(typeof example === 'string' ? oneLine(example) : JSON.stringify(example)),
  )
  return [
    description,
    fallback === undefined ? '' : `Default: ${quote(JSON.stringify(fallback))}.`,
    shown.length > 0 ? `For example ${shown.join(' or ')}.` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

function oneLine(text: string): string {
  return text.includes('\n') ? JSON.stringify(text) : text
}
