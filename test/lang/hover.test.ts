import { describe, expect, test } from 'vitest'
import { publishedSchemas } from '../../src/lang/schema/published.ts'
import { MODULES } from '../../src/modules/index.ts'

interface Schema {
  readonly [key: string]: unknown
}

const SCHEMAS = publishedSchemas(MODULES) as Readonly<Record<string, Schema>>

/** Every property that a person writes, by its path, with what an editor would show of it. */
function* propertiesOf(schema: unknown, root: Schema, path = ''): Generator<readonly [string, Schema]> {
  if (schema === null || typeof schema !== 'object') return
  if (Array.isArray(schema)) {
    for (const item of schema) yield* propertiesOf(item, root, path)
    return
  }
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') {
      for (const [name, property] of Object.entries(value as Schema)) {
        const own = property as Schema
        yield [`${path}.${name}`, { ...resolved(own, root), ...own }]
        yield* propertiesOf(own, root, `${path}.${name}`)
      }
    } else if (key === '$defs' || key === 'definitions') {
      for (const [name, definition] of Object.entries(value as Schema))
        yield* propertiesOf(definition, root, `${path}#${name}`)
    } else if (!['examples', 'default', 'enum', 'const'].includes(key)) yield* propertiesOf(value, root, path)
  }
}

function resolved(schema: Schema, root: Schema): Schema {
  const reference = schema['$ref']
  if (typeof reference !== 'string') return schema
  return reference
    .slice(2)
    .split('/')
    .reduce((at: Schema, key) => at[key] as Schema, root)
}

describe.each(['inventory', 'runbook', 'project'])('an editor teaches: the schema %s', (name) => {
  const properties = [...propertiesOf(SCHEMAS[name], SCHEMAS[name] ?? {})]

  test('has properties', () => expect(properties.length).toBeGreaterThan(15))

  test('says of each what it is', () => {
    expect(properties.filter(([, { description }]) => typeof description !== 'string').map(([path]) => path)).toEqual(
      [],
    )
  })

  test('shows an example of each, unless it says itself what may stand there', () => {
    const without = properties.filter(([, schema]) => !teaches(schema))
    expect(without.map(([path]) => path)).toEqual([])
  })
})

/** Values that are listed are examples; so are true and false, and what has properties shows them. */
function teaches(schema: Schema): boolean {
  if (Array.isArray(schema['examples']) && schema['examples'].length > 0) return true
  if ('const' in schema || 'enum' in schema || 'properties' in schema || 'anyOf' in schema || 'oneOf' in schema)
    return true
  return [schema['type']].flat().includes('boolean')
}
