import { DURATION_PATTERN } from '../../core/duration.ts'

/** Forms that the schemas of what people write have in common: each with what it is for and an example. */

export const text = (description: string, example: string) =>
  ({ description, type: 'string', minLength: 1, examples: [example] }) as const

export const url = (description: string, example: string) =>
  ({ description, type: 'string', pattern: '^https?://[^\\s/]+', examples: [example] }) as const

/** A reference to a secret. */
export const secret = (description: string, example: string) =>
  ({ description, type: 'string', pattern: '^(env|file|command|age):.+$', examples: [example] }) as const

export const duration = (description: string, example: string) =>
  ({ description, type: 'string', pattern: DURATION_PATTERN, examples: [example] }) as const
