import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'

const SCHEMAS = join(import.meta.dirname, '..', '..', 'schemas')
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true })

/** What is wrong with a document by the published schema of that name. */
export function errorsOf(name: string, document: unknown): readonly string[] {
  const schema = JSON.parse(readFileSync(join(SCHEMAS, `${name}.schema.json`), 'utf8'))
  const validate = ajv.getSchema(schema.$id) ?? ajv.compile(schema)
  validate(document)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}
