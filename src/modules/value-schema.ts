import type { JSONSchema } from 'json-schema-to-ts'

type Fields = Readonly<Record<string, JSONSchema>>

/** Schema of a map that has these fields and no others; those of `optional` may be missing. */
export function mapOf(required: Fields, optional: Fields = {}): JSONSchema & object {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(required),
    properties: { ...required, ...optional },
  }
}

/** The same, where there may be nothing to say: null. */
export function mapOrNull(required: Fields, optional: Fields = {}): JSONSchema & object {
  return { ...mapOf(required, optional), type: ['object', 'null'] }
}

/** The same with what it is. */
export function described(description: string, schema: JSONSchema & object): JSONSchema & object {
  return { ...schema, description }
}

export function listOf(items: JSONSchema, description: string): JSONSchema & object {
  return { type: 'array', items, description }
}

export function text(description: string): JSONSchema & object {
  return { type: 'string', description }
}

export function textOrNull(description: string): JSONSchema & object {
  return { type: ['string', 'null'], description }
}

export function number(description: string): JSONSchema & object {
  return { type: 'number', description }
}

export function numberOrNull(description: string): JSONSchema & object {
  return { type: ['number', 'null'], description }
}

export function truth(description: string): JSONSchema & object {
  return { type: 'boolean', description }
}

export function oneOf(values: readonly (string | boolean | null)[], description: string): JSONSchema & object {
  return { enum: values, description }
}

/** A map whose names the device decides. */
export function anyMap(description: string): JSONSchema & object {
  return { type: ['object', 'null'], additionalProperties: true, description }
}
