// What a shipped module shows in a test has to fit the schema that runbooks are held against: whoever imports this file has
// every look judged.
import { Ajv } from 'ajv'
import type { Module } from '../../src/core/module.ts'
import { MODULES } from '../../src/modules/index.ts'

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })

for (const module of MODULES) {
  const { observe, valueSchema } = module
  if (!valueSchema) continue
  const fits = ajv.compile({ anyOf: [valueSchema, { type: 'null' }] })
  const judged: Module['observe'] = async (context, params) => {
    const seen = await observe.call(module, context, params)
    if (seen.ok && !fits(seen.value.value)) {
      throw new Error(`${module.name} shows ${JSON.stringify(seen.value.value)}: ${ajv.errorsText(fits.errors)}`)
    }
    return seen
  }
  Object.assign(module, { observe: judged })
}
