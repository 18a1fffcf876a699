import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OWN_SCHEMAS } from '../../scripts/own-schemas.ts'
import { STRICTNESS, schemaDigest } from '../../src/lang/quick-check.ts'

const require = createRequire(import.meta.url)
const ajv = new Ajv(STRICTNESS)

/** Values somewhere near a schema: what stands in it as an example or a default, and parts of these taken away or replaced. */
function near(schema: object): fc.Arbitrary<unknown> {
  const examples = examplesIn(schema)
  const any = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(...examples))
  const keys = [...new Set([...JSON.stringify(schema).matchAll(/"(\w+)":\{/g)].map(([, key]) => key as string))]
  const map = fc.dictionary(fc.constantFrom(...keys, 'unknown'), any, { maxKeys: 4 })
  return fc.oneof(any, map, fc.dictionary(fc.constantFrom(...keys), map, { maxKeys: 3 }))
}

function examplesIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(examplesIn)
  if (typeof value !== 'object' || value === null) return [value]
  const { examples, ...rest } = value as { examples?: unknown[] }
  return [...(Array.isArray(examples) ? examples : []), ...Object.values(rest).flatMap(examplesIn)]
}

describe('what the build has compiled of our schemas', () => {
  it.each(Object.entries(OWN_SCHEMAS))('says the same as ajv of %s', (_, schema) => {
    const file = new URL(`../../dist/checks/${schemaDigest(schema)}.cjs`, import.meta.url)
    expect(existsSync(file), 'the build has it').toBe(true)
    const [quick, whole] = [require(file.pathname) as (value: unknown) => boolean, ajv.compile(schema)]
    fc.assert(
      fc.property(near(schema), (value) => {
        expect(quick(value)).toBe(whole(value))
      }),
      { numRuns: 150 },
    )
  })
})
