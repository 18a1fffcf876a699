import type { JsonValue } from './json.ts'

/** What stands in the place of what is not shown. */
export const MASK = '***'

/** A value that must not leave: every way of printing it yields the mask, `reveal()` is the only way out. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return MASK
  }
  toJSON(): string {
    return MASK
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK
  }
}

/** A parameter that may be given as a secret. */
export type Hidden<T = string> = T | Secret

/**
 * Also true where the type does not say so: a parameter that is typed by its schema holds a secret in the place of a
 * text, since a schema sees a secret as the text that it will be.
 */
export function isSecret(value: unknown): value is Secret {
  return value instanceof Secret
}

/** What was given in clear is treated like a secret all the same. */
export function asSecret(value: Hidden): Secret {
  return isSecret(value) ? value : new Secret(value)
}

/** The value as the text that it is, for whom it is meant. */
export function inClear(value: Hidden<string | number | boolean>): string {
  return isSecret(value) ? value.reveal() : String(value)
}

/** The value with the secrets in it, however deep, as the texts that they are: for comparing, and for the device. */
export function jsonInClear(value: unknown): JsonValue {
  if (isSecret(value)) return value.reveal()
  if (Array.isArray(value)) return value.map(jsonInClear)
  if (value === null || typeof value !== 'object') return value as JsonValue
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonInClear(item)]))
}

/** The secrets that stand anywhere in it. */
export function secretsIn(value: unknown): readonly Secret[] {
  if (isSecret(value)) return [value]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(secretsIn) : []
}

export function hasSecret(value: unknown): boolean {
  return secretsIn(value).length > 0
}
