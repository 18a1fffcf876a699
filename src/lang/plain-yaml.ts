import type { JsonValue } from '../core/json.ts'

/** What the reader of plain YAML found: the value, and where the keys of each map begin. */
export interface PlainYaml {
  readonly value: JsonValue
  readonly keys: ReadonlyMap<object, readonly PlainKey[]>
}

export interface PlainKey {
  readonly name: string
  readonly start: number
  readonly end: number
}

/**
 * Reads the plain part of YAML 1.2 that inventories consist of: block maps, lists of scalars, flow collections on one
 * line, plain and simply quoted scalars. Undefined for everything else, right or wrong, which the full parser then reads.
 * It exists for speed alone (some thirty times that of the full parser); whatever it accepts, the full parser
 * reads the same, and a test holds the two together.
 */
export function readPlainYaml(text: string): PlainYaml | undefined {
  if (/\t|\r(?!\n)|^(?:---|\.\.\.|%)/m.test(text)) return undefined
  const reader = new PlainReader(text)
  try {
    const value = reader.document()
    return { value, keys: reader.keys }
  } catch (error) {
    // A line of megabytes exhausts the stack of a regular expression.
    if (error === NOT_PLAIN || error instanceof RangeError) return undefined
    throw error
  }
}

/** Thrown and caught in this file only: unwinds the reader at the first thing that is not plain. */
const NOT_PLAIN = new Error('not plain YAML')
const DEEPEST = 24
const EMPTY_LINE = / *(?:#[^\n]*)?\r?(?:\n|$)/y
const LINE_END = / *(?: #[^\n]*)?\r?(?:\n|$)/y
const KEY = /(?:[A-Za-z0-9_][\w./-]*|"[^"\\\n]+"|'[^'\n]+')(?=:[ \r\n])/y
const QUOTED = /"[^"\\\n\r]*"|'[^'\n\r]*'(?!')/y
const IN_BLOCK =
  /(?:[\p{L}\p{N}_/(]|-(?=\d)|~(?=\/))(?:[\p{L}\p{N}_./+()%$@;!?'"*=~^<>&|\\,[\]{}-]| +(?=[^ #\r\n])|:(?=[^ \r\n]))*/uy
const IN_FLOW =
  /(?:[\p{L}\p{N}_/(]|-(?=\d)|~(?=\/))(?:[\p{L}\p{N}_./+()%$@;!?'"*=~^<>&|\\-]| +(?=[^ #,[\]{}\r\n])|:(?=[^ ,[\]{}\r\n]))*/uy
const NUMBER = /^-?(?:0|[1-9]\d{0,14}|\d+\.\d+|0\d{1,14})$/
const OTHER_NUMBER = /^(?:-?\d+\.?\d*(?:[eE][-+]?\d+)?|0[xo][\da-fA-F]+)$/
const WORDS: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ...['null', 'Null', 'NULL'].map((word): [string, JsonValue] => [word, null]),
  ...['true', 'True', 'TRUE'].map((word): [string, JsonValue] => [word, true]),
  ...['false', 'False', 'FALSE'].map((word): [string, JsonValue] => [word, false]),
])

class PlainReader {
  readonly keys = new Map<object, PlainKey[]>()
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonValue {
    this.#skipNothing()
    if (this.#at === this.#text.length) return null
    const value = this.#blockMap(0, 0)
    if (this.#at !== this.#text.length) throw NOT_PLAIN
    return value
  }

  /** Stands at the beginning of a line that is indented by `indent`. */
  #blockMap(indent: number, depth: number): JsonValue {
    if (depth > DEEPEST) throw NOT_PLAIN
    const keys: PlainKey[] = []
    const map: Record<string, JsonValue> = {}
    do {
      this.#at += indent
      const name = this.#key(map, keys)
      map[name] = this.#blockValue(indent, depth)
    } while (this.#indent() === indent && this.#at < this.#text.length)
    if (this.#indent() > indent) throw NOT_PLAIN
    this.keys.set(map, keys)
    return map
  }

  #key(map: object, keys: PlainKey[]): string {
    const start = this.#at
    const written = this.#take(KEY)
    if (written === undefined) throw NOT_PLAIN
    const quoted = written[0] === '"' || written[0] === "'"
    const name = quoted ? written.slice(1, -1) : written
    if (name === '__proto__' || Object.hasOwn(map, name)) throw NOT_PLAIN
    keys.push({ name, start, end: this.#at })
    this.#at++
    return name
  }

  /** What follows `key:`; ends at the beginning of a line with something in it. */
  #blockValue(indent: number, depth: number): JsonValue {
    if (this.#take(LINE_END) !== undefined) {
      this.#skipNothing()
      const next = this.#indent()
      if (this.#text[this.#at + next] === '-' && next >= indent && this.#isListItem(next)) return this.#blockList(next)
      return next > indent && this.#at < this.#text.length ? this.#blockMap(next, depth + 1) : null
    }
    return this.#lineValue()
  }

  #blockList(indent: number): JsonValue {
    const list: JsonValue[] = []
    do {
      this.#at += indent + 1
      list.push(this.#lineValue())
    } while (this.#indent() === indent && this.#isListItem(indent))
    if (this.#indent() > indent) throw NOT_PLAIN
    return list
  }

  #isListItem(indent: number): boolean {
    return this.#text.startsWith('- ', this.#at + indent)
  }

  /** A value that ends with its line. */
  #lineValue(): JsonValue {
    this.#skipSpaces()
    const value = this.#flowOrQuoted(0) ?? this.#plain(IN_BLOCK)
    if (this.#take(LINE_END) === undefined) throw NOT_PLAIN
    this.#skipNothing()
    return value
  }

  #flowValue(depth: number): JsonValue {
    return this.#flowOrQuoted(depth) ?? this.#plain(IN_FLOW)
  }

  #flowOrQuoted(depth: number): JsonValue | undefined {
    if (depth > DEEPEST) throw NOT_PLAIN
    const first = this.#text[this.#at]
    if (first === '{') return this.#flowMap(depth + 1)
    if (first === '[') return this.#flowList(depth + 1)
    return first === '"' || first === "'" ? this.#take(QUOTED)?.slice(1, -1) : undefined
  }

  #flowMap(depth: number): JsonValue {
    const keys: PlainKey[] = []
    const map: Record<string, JsonValue> = {}
    this.keys.set(map, keys)
    this.#at++
    this.#skipSpaces()
    if (this.#isNext('}')) return map
    do {
      this.#skipSpaces()
      const name = this.#key(map, keys)
      if (this.#text[this.#at] !== ' ') throw NOT_PLAIN
      this.#skipSpaces()
      map[name] = this.#flowValue(depth)
      this.#skipSpaces()
    } while (this.#isNext(','))
    if (!this.#isNext('}')) throw NOT_PLAIN
    return map
  }

  #flowList(depth: number): JsonValue {
    const list: JsonValue[] = []
    this.#at++
    this.#skipSpaces()
    if (this.#isNext(']')) return list
    do {
      this.#skipSpaces()
      list.push(this.#flowValue(depth))
      this.#skipSpaces()
    } while (this.#isNext(','))
    if (!this.#isNext(']')) throw NOT_PLAIN
    return list
  }

  /** YAML 1.2, 10.3.2: the core schema. */
  #plain(form: RegExp): JsonValue {
    const text = this.#take(form)
    if (text === undefined) throw NOT_PLAIN
    const word = WORDS.get(text)
    if (word !== undefined) return word
    const first = text.charCodeAt(0)
    if (first > 0x39 || (first < 0x30 && first !== 0x2d)) return text
    if (NUMBER.test(text)) return Number(text)
    if (OTHER_NUMBER.test(text)) throw NOT_PLAIN
    return text
  }

  #indent(): number {
    let end = this.#at
    while (this.#text.charCodeAt(end) === 0x20) end++
    return end - this.#at
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === 0x20) this.#at++
  }

  /** Blank lines and lines with only a comment. */
  #skipNothing(): void {
    while (this.#at < this.#text.length && this.#take(EMPTY_LINE) !== undefined);
  }

  #isNext(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#at
    const match = form.exec(this.#text)
    if (match === null) return undefined
    this.#at = form.lastIndex
    return match[0]
  }
}
