import type { JsonValue } from '../core/json.ts'
import { Secret } from '../core/secret.ts'

const MASK = '***'
/** Shorter values would mask half of the output; a secret of one to three characters hides nothing anyway. */
const SHORTEST = 4

/**
 * The net at the exit: replaces every registered value wherever it stands in what leaves.
 * The first defence is `Secret` itself; this one catches what a device echoes back.
 */
export class Masker {
  #values: string[] = []
  #pattern: RegExp | undefined

  /** Registers a value, and the forms in which programs commonly print it back. */
  add(secret: Secret): void {
    const plain = secret.reveal()
    const base64 = Buffer.from(plain).toString('base64')
    const forms = [
      plain,
      base64,
      base64.replace(/=+$/, ''),
      encodeURIComponent(plain),
      JSON.stringify(plain).slice(1, -1),
    ]
    for (const line of plain.split('\n')) forms.push(line.trim())
    for (const form of forms) {
      if (form.length < SHORTEST || this.#values.includes(form)) continue
      this.#values.push(form)
      this.#pattern = undefined
    }
  }

  /** The text without any registered value. */
  text(text: string): string {
    if (this.#values.length === 0) return text
    this.#pattern ??= new RegExp(
      [...this.#values]
        .sort((a, b) => b.length - a.length)
        .map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
        .join('|'),
      'g',
    )
    return text.replace(this.#pattern, MASK)
  }

  /** The same value with every string in it masked, keys included. */
  value<T>(value: T): T {
    if (this.#values.length === 0) return value
    return this.#walk(value as JsonValue) as T
  }

  #walk(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.#walk(item))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#walk(item)]))
  }
}
