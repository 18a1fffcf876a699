import { code } from './markdown.ts'

/** The part of JSON Schema that modules use. */
export interface ParamSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
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

/** Rows `parameter, type, description` of a module's parameters; those inside a map stand below it as `map.key`. */
export function paramRows(schema: ParamSchema, below = ''): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, param]) => {
    const path = `${below}${name}`
    const required = schema.required?.includes(name) ?? false
    const row = [required ? `**${code(path)}** (required)` : code(path), typeOf(param), about(param)]
    return [row, ...paramRows(param, `${path}.`)]
  })
}

function typeOf(schema: ParamSchema): string {
  if (schema.const !== undefined) return code(String(schema.const))
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ')
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(', or ')
  const types = [schema.type ?? 'anything'].flat()
  return types.map((type) => namedType(type, schema)).join(' or ')
}

function namedType(type: string, schema: ParamSchema): string {
  const { items, additionalProperties } = schema
  if (type === 'array') return items ? `list of ${bracketed(typeOf(items))}` : 'list'
  if (type === 'object')
    return typeof additionalProperties === 'object' ? `map of ${bracketed(typeOf(additionalProperties))}` : 'map'
  if (type === 'integer' || type === 'number') return `${type}${range(schema)}`
  return type === 'boolean' ? '`true` or `false`' : type
}

function bracketed(type: string): string {
  return type.includes(' or ') ? `(${type})` : type
}

function range({ minimum, maximum }: ParamSchema): string {
  if (minimum === undefined && maximum === undefined) return ''
  if (maximum === undefined) return ` from ${minimum}`
  return minimum === undefined ? ` up to ${maximum}` : ` ${minimum}–${maximum}`
}

function about({ description = '', examples = [] }: ParamSchema): string {
  const shown = examples.map((example) =>
    code(typeof example === 'string' ? oneLine(example) : JSON.stringify(example)),
  )
  return [description, shown.length > 0 ? `For example ${shown.join(' or ')}.` : ''].filter(Boolean).join(' ')
}

function oneLine(text: string): string {
  return text.includes('\n') ? JSON.stringify(text) : text
}
