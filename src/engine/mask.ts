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
  /** Any number of them: a fleet may have a secret of its own for each device. */
  readonly #values = new Set<string>()
  /** How they begin: most places of a text are passed over by this alone. */
  readonly #starts = new Set<string>()
  /** Longest first. */
  #lengths: readonly number[] = []

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
      // As bash and busybox show it when they trace what they run.
      plain.replaceAll("'", `'\\''`),
      plain.replaceAll("'", `'"'"'`),
      ...plain.split('\n').map((line) => line.trim()),
    ]
    for (const form of forms) if (form.length >= SHORTEST) this.#addForm(form)
  }

  #addForm(form: string): void {
    this.#values.add(form)
    this.#starts.add(form.slice(0, SHORTEST))
    if (this.#lengths.includes(form.length)) return
    this.#lengths = [...this.#lengths, form.length].sort((a, b) => b - a)
  }

  /** The text without any registered value. */
  text(text: string): string {
    if (this.#values.size === 0) return text
    let masked = ''
    let from = 0
    for (let at = 0; at <= text.length - SHORTEST; at += 1) {
      const found = this.#valueAt(text, at)
      if (found === undefined) continue
      masked += text.slice(from, at) + MASK
      from = at + found.length
      at = from - 1
    }
    return from === 0 ? text : masked + text.slice(from)
  }

  #valueAt(text: string, at: number): string | undefined {
    if (!this.#starts.has(text.slice(at, at + SHORTEST))) return undefined
    const length = this.#lengths.find((candidate) => this.#values.has(text.slice(at, at + candidate)))
    return length === undefined ? undefined : text.slice(at, at + length)
  }

  /** The same value with every string in it masked, keys included. */
  value<T>(value: T): T {
    if (this.#values.size === 0) return value
    return this.#walk(value as JsonValue) as T
  }

  #walk(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.text(value)
    if ((value as unknown) instanceof Secret) return MASK
    if (Array.isArray(value)) return value.map((item) => this.#walk(item))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#walk(item)]))
  }
}
