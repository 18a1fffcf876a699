/** Forms that the schemas of answers have in common. */

export const HEAD = { $schema: 'http://json-schema.org/draft-07/schema#' } as const
export const TEXT = { type: 'string' } as const
export const COUNT = { type: 'integer', minimum: 0 } as const
/** Of lines and columns. */
export const POSITION = { type: 'integer', minimum: 1 } as const
export const FLAG = { type: 'boolean' } as const
export const MOMENT = { description: 'ISO 8601 in UTC.', type: 'string' } as const
export const MOMENT_OR_NULL = { description: 'ISO 8601 in UTC.', type: ['string', 'null'] } as const
export const COMMIT = { description: 'Full id of a commit.', type: 'string', pattern: '^[0-9a-f]{40,64}$' } as const

type Properties = Readonly<Record<string, object>>

export const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] })
export const list = (items: object): object => ({ type: 'array', items })
export const textOrNull = (description: string) => ({ description, type: ['string', 'null'] }) as const

/** An object with these keys, all of which are there, those that may be there, and no others. */
export const closed = <P extends Properties>(properties: P, perhaps: Properties = {}) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties: { ...properties, ...perhaps },
})

/** Keys are only ever added, so that there may be more. */
export const open = (properties: Properties, perhaps: Properties = {}): object => ({
  type: 'object',
  required: Object.keys(properties),
  properties: { ...properties, ...perhaps },
})

/** What a command answers with `--json`: `schema` says by which of these. */
export const answer = (
  name: string,
  [title, description]: readonly [title: string, description: string],
  properties: Properties,
  perhaps: Properties = {},
): object => ({
  ...HEAD,
  $id: `https://tillwright.dev/schemas/${name}/1`,
  title,
  description,
  ...closed({ schema: { const: `till.${name}/1` }, ...properties }, perhaps),
})
