import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Whether a value is right by a schema; what is wrong with it, only ajv says. */
export type QuickCheck = (value: unknown) => boolean

/**
 * How strict ajv is with our schemas, at the build and here. Required keys may be named where they are not described
 * (`anyOf`), hence strictRequired. That our own schemas are right a test says.
 */
export const STRICTNESS = {
  validateSchema: false,
  meta: false,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
} as const

const require = createRequire(import.meta.url)
const found = new WeakMap<object, QuickCheck | null>()

/**
 * The validator of one of our own schemas that the build has compiled (scripts/quick-checks.mjs), so that a command whose
 * files are right does not wait until ajv has compiled it anew; undefined for others, and where nothing was built.
 */
export function quickCheckOf(schema: object): QuickCheck | undefined {
  let check = found.get(schema)
  if (check === undefined) {
    const file = fileURLToPath(new URL(`../checks/${schemaDigest(schema)}.cjs`, import.meta.url))
    check = existsSync(file) ? (require(file) as QuickCheck) : null
    found.set(schema, check)
  }
  return check ?? undefined
}

/** By which the file of a schema is found: sha256 of its JSON, in hexadecimal. */
export function schemaDigest(schema: object): string {
  return createHash('sha256').update(JSON.stringify(schema)).digest('hex')
}
