import type { JsonValue } from '../../core/json.ts'
import { type ConfigEdit, type Parsed, parsed, type Splice, spliced } from './codec.ts'

/** What makes a text hold one key as it is to be. */
export interface KeyEdit {
  readonly splices: readonly Splice[]
  /** All of them add lines of their own, which new lines of other keys may follow at the same place. */
  readonly addsLines?: boolean
  /** The key is looked at again in the text that this leaves. */
  readonly again?: boolean
}

/** How one format is edited, on what it reads a text as. */
export interface KeyFormat<T> {
  read(text: string): Parsed<T>
  /** `value` undefined: the key goes. */
  edit(at: { text: string; read: T; key: string; value: JsonValue | undefined }): Parsed<KeyEdit>
  /** Holds what came of it against the law of every edit. */
  proven(made: Parsed<string>): Parsed<string>
}

type AskedKey = readonly [string, JsonValue | undefined]

/**
 * Makes one key after the other hold its value. A file may be large and reading takes long, so that it is read anew only where what a
 * key changes touches what others have changed; and behind each where one shows to depend on another.
 */
export function editedByKeys<T>(text: string, edit: ConfigEdit, format: KeyFormat<T>): Parsed<string> {
  const keys: readonly AskedKey[] = [...edit.set, ...edit.remove.map((key) => [key, undefined] as const)]
  const walk = new KeyWalk(text, format)
  const together = format.proven(walked(walk, keys))
  if (keys.length < 2 || (together.ok && walk.stands(keys))) return together
  return format.proven(walked(new KeyWalk(text, format, true), keys))
}

function walked<T>(walk: KeyWalk<T>, keys: readonly AskedKey[]): Parsed<string> {
  for (const [key, value] of keys) {
    const done = walk.take(key, value)
    if (!done.ok) return done
  }
  return parsed(walk.text())
}

/** So many comparisons of splices cost more than reading anew. */
const MOST_COMPARED = 1_000_000

class KeyWalk<T> {
  #text: string
  #read: Parsed<T>
  #pending: { readonly splice: Splice; readonly addsLines: boolean }[] = []
  /** What was changed before may have hidden a key from one that was looked at before that. */
  #wasSettled = false
  readonly #format: KeyFormat<T>
  readonly #oneByOne: boolean

  constructor(text: string, format: KeyFormat<T>, oneByOne = false) {
    this.#text = text
    this.#format = format
    this.#read = format.read(text)
    this.#oneByOne = oneByOne
  }

  take(key: string, value: JsonValue | undefined): Parsed<void> {
    for (;;) {
      if (!this.#read.ok) return this.#read
      const made = this.#format.edit({ text: this.#text, read: this.#read.value, key, value })
      const isFresh = this.#pending.length === 0
      if (!made.ok && isFresh) return made
      if (!made.ok || (!isFresh && (this.#oneByOne || this.#touches(made.value)))) {
        this.#settle()
        continue
      }
      const addsLines = made.value.addsLines === true
      for (const splice of made.value.splices) this.#pending.push({ splice, addsLines })
      if (!made.value.again) return parsed(undefined)
      this.#settle()
    }
  }

  /** Whether nothing is left to do for any of the keys in the text that all of them leave. */
  stands(keys: readonly AskedKey[]): boolean {
    if (this.#pending.length === 0 && !this.#wasSettled) return true
    this.#settle()
    const read = this.#read
    if (!read.ok) return false
    return keys.every(([key, value]) => {
      const made = this.#format.edit({ text: this.#text, read: read.value, key, value })
      return made.ok && made.value.splices.length === 0
    })
  }

  text(): string {
    return spliced(
      this.#text,
      this.#pending.map(({ splice }) => splice),
    )
  }

  #settle(): void {
    this.#wasSettled = true
    this.#text = this.text()
    this.#pending = []
    this.#read = this.#format.read(this.#text)
  }

  #touches({ splices, addsLines }: KeyEdit): boolean {
    if (this.#pending.length * splices.length > MOST_COMPARED) return true
    return splices.some((one) =>
      this.#pending.some((other) => {
        if (addsLines && other.addsLines && one.start === other.splice.start) return false
        return one.start <= other.splice.end && other.splice.start <= one.end
      }),
    )
  }
}
