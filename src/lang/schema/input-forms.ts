import { DURATION_PATTERN } from '../../core/duration.ts'

/** Forms that the schemas of what people write have in common: each with what it is for and an example. */

/** Keys and values that are names: of something that sends, or of whoever is told. */
export const NAME = '^[A-Za-z0-9][A-Za-z0-9_-]*$'
export const NAME_OF_SENDER = {
  description: 'A name is of letters, digits, - and _, and begins with a letter or a digit.',
  pattern: NAME,
} as const
export const DOTTED_NAME = '^[A-Za-z0-9][A-Za-z0-9._-]*$'
export const NAME_OF_PARTY = {
  description: 'A name is of letters, digits, -, _ and dots, and begins with a letter or a digit.',
  pattern: DOTTED_NAME,
} as const

export const text = (description: string, example: string) =>
  ({ description, type: 'string', minLength: 1, examples: [example] }) as const

export const url = (description: string, example: string) =>
  ({ description, type: 'string', pattern: '^https?://[^\\s/]+', examples: [example] }) as const

/** A reference to a secret. */
export const secret = (description: string, example: string) =>
  ({ description, type: 'string', pattern: '^(env|file|command|age):.+$', examples: [example] }) as const

export const duration = (description: string, example: string) =>
  ({ description, type: 'string', pattern: DURATION_PATTERN, examples: [example] }) as const
