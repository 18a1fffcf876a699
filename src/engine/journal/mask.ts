import type { JsonValue } from '../../core/json.ts'
import { isSecret, MASK, type Secret } from '../../core/secret.ts'
import { findSecrets } from './mask/find-secrets.ts'
import { formsOf } from './mask/forms.ts'
import { SecretIndex, SHORTEST_BYTES } from './mask/secret-index.ts'
import type { Stretch } from './mask/view.ts'

/** A secret of fewer bytes is only masked where it stands alone: it would be found in half of the output. */
export const SHORTEST_SECRET = SHORTEST_BYTES

/**
 * The net at the exit: replaces every registered value wherever it stands in what leaves, also encoded (base64, hex,
 * percent, JSON, XML, quotes of shells, UTF-16; one in another), wrapped or cut. The first defence is `Secret` itself; this
 * one catches what a device sends back. What it costs depends on the text, not on how many secrets there are.
 */
export class Masker {
  readonly #index = new SecretIndex()
  readonly #short = new Set<string>()
  #scratch = Buffer.alloc(4096)

  /** Registers a value. */
  add(secret: Secret): void {
    const plain = secret.reveal()
    if (plain.length > 0 && Buffer.byteLength(plain) < SHORTEST_BYTES) this.#short.add(plain)
    for (const form of formsOf(plain)) if (form.length >= SHORTEST_BYTES) this.#index.add(form)
  }

  /** The text without any registered value. */
  text(text: string): string {
    if (this.#short.has(text)) return MASK
    if (this.#index.size === 0 || text.length < SHORTEST_BYTES) return text
    const bytes = this.#bytesOf(text)
    const found = findSecrets(bytes, this.#index)
    return found.length === 0 ? text : without(bytes, found)
  }

  /** The same value with every string in it masked, keys included, and every number that is a secret as it is. */
  value<T>(value: T): T {
    if (this.#index.size === 0 && this.#short.size === 0) return value
    return this.#walk(value as JsonValue) as T
  }

  #walk(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'number') return this.#index.has(String(value)) ? MASK : value
    if (isSecret(value)) return MASK
    if (Array.isArray(value)) return value.map((item) => this.#walk(item))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#walk(item)]))
  }

  /** Good until the next call. */
  #bytesOf(text: string): Uint8Array {
    if (text.length * 3 > this.#scratch.length) this.#scratch = Buffer.alloc(text.length * 3)
    return this.#scratch.subarray(0, this.#scratch.write(text, 'utf8'))
  }
}

function without(bytes: Uint8Array, found: readonly Stretch[]): string {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let masked = ''
  let done = 0
  for (const { from, to } of [...found].sort((a, b) => a.from - b.from)) {
    if (to <= done) continue
    if (from >= done) masked += all.toString('utf8', done, from) + MASK
    done = to
  }
  return masked + all.toString('utf8', done)
}
