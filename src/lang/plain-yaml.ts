import type { JsonValue } from '../core/json.ts'
import {
  ALIAS,
  ANCHOR,
  EMPTY_LINE,
  FLOW_KEY,
  IN_BLOCK,
  IN_FLOW,
  indentAt,
  KEY,
  LINE_END,
  LITERAL,
  literalText,
  NOT_PLAIN,
  plainValue,
  QUOTED,
  quotedValue,
} from './plain-scalars.ts'

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
 * Reads the plain part of YAML 1.2 that inventories consist of: block maps and lists, flow collections (so JSON too),
 * scalars that end in their line, literal text, anchors, aliases and merged maps. Undefined for everything else, right
 * or wrong, which the full parser then reads. It exists for speed alone (some thirty times that of the full parser);
 * whatever it accepts, the full parser reads the same, and a test holds the two together.
 */
export function readPlainYaml(text: string): PlainYaml | undefined {
  if (/\r(?!\n)/.test(text)) return undefined
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

const DEEPEST = 24
/** Far below what the full parser accepts. */
const MOST_ALIASED_VALUES = 50_000
const MARKER = /^(?:---|\.\.\.|%)/gm

interface Anchored {
  readonly value: JsonValue
  readonly size: number
}

type Entries = Record<string, JsonValue>

class PlainReader {
  readonly keys = new Map<object, PlainKey[]>()
  readonly #text: string
  #at = 0
  /** Lines of a flow collection are indented by more than this. */
  #flowParent = -1
  readonly #anchors = new Map<string, Anchored>()
  /** Values so far, those of aliases included. */
  #size = 0
  #aliased = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonValue {
    this.#skipNothing()
    if (this.#text.startsWith('---', this.#at)) {
      this.#at += 3
      this.#endLine()
    }
    MARKER.lastIndex = this.#at
    if (MARKER.test(this.#text)) throw NOT_PLAIN
    if (this.#at === this.#text.length) return null
    const value = this.#text[this.#at] === '{' ? this.#lineValue(-1) : this.#blockMap(0, 0)
    if (this.#at !== this.#text.length) throw NOT_PLAIN
    return value
  }

  /** Stands at the beginning of a line that is indented by `indent`, or at the first key itself. */
  #blockMap(indent: number, depth: number, atKey = false): JsonValue {
    if (depth > DEEPEST) throw NOT_PLAIN
    const map = this.#newMap()
    let skip = atKey ? 0 : indent
    do {
      this.#at += skip
      skip = indent
      const name = this.#key(KEY, map)
      this.#put(map, name, this.#blockValue(indent, depth))
    } while (this.#indent() === indent && this.#at < this.#text.length)
    if (this.#indent() > indent) throw NOT_PLAIN
    return this.#merged(map)
  }

  #newMap(): { readonly entries: Entries; readonly keys: PlainKey[]; merge?: JsonValue } {
    this.#size++
    const entries: Entries = {}
    const keys: PlainKey[] = []
    this.keys.set(entries, keys)
    return { entries, keys }
  }

  #key(form: RegExp, map: { readonly entries: Entries; readonly keys: PlainKey[] }): string | undefined {
    const start = this.#at
    const written = this.#take(form)
    if (written === undefined) throw NOT_PLAIN
    const isQuoted = written[0] === '"' || written[0] === "'"
    const end = this.#at++
    if (written === '<<') return undefined
    const name = isQuoted ? written.slice(1, -1) : written
    if (name === '__proto__' || Object.hasOwn(map.entries, name)) throw NOT_PLAIN
    map.keys.push({ name, start, end })
    return name
  }

  /** Without a name it is what stands behind `<<`. */
  #put(map: { readonly entries: Entries; merge?: JsonValue }, name: string | undefined, value: JsonValue): void {
    if (name !== undefined) map.entries[name] = value
    else if (map.merge === undefined) map.merge = value
    else throw NOT_PLAIN
  }

  /** https://yaml.org/type/merge.html: what is written goes first, then the first of several maps that has a key. */
  #merged(map: { readonly entries: Entries; readonly keys: PlainKey[]; readonly merge?: JsonValue }): JsonValue {
    if (map.merge === undefined) return map.entries
    for (const source of Array.isArray(map.merge) ? map.merge : [map.merge]) {
      const keys = typeof source === 'object' && source !== null ? this.keys.get(source) : undefined
      if (keys === undefined) throw NOT_PLAIN
      const own = keys.filter(({ name }) => !Object.hasOwn(map.entries, name))
      map.keys.push(...own)
      for (const name of Object.keys(source as Entries)) {
        if (!Object.hasOwn(map.entries, name)) map.entries[name] = (source as Entries)[name] ?? null
      }
    }
    return map.entries
  }

  /** What follows `key:`; ends at the beginning of a line with something in it. */
  #blockValue(indent: number, depth: number): JsonValue {
    if (this.#isLineEnd()) return this.#nested(indent, depth)
    this.#skipSpaces()
    if (this.#text[this.#at] === '&') return this.#anchored(() => this.#anchoredBlock(indent, depth))
    return this.#lineValue(indent)
  }

  /** A map or a list on the following lines; null when there is none. */
  #nested(indent: number, depth: number): JsonValue {
    const next = this.#indent()
    if (next >= indent && this.#isListItem(next)) return this.#blockList(next, depth + 1)
    return next > indent && this.#at < this.#text.length ? this.#blockMap(next, depth + 1) : null
  }

  #anchoredBlock(indent: number, depth: number): JsonValue {
    if (!this.#isLineEnd()) {
      this.#skipSpaces()
      return this.#lineValue(indent)
    }
    const value = this.#nested(indent, depth)
    if (value === null) throw NOT_PLAIN
    return value
  }

  #blockList(indent: number, depth: number): JsonValue {
    if (depth > DEEPEST) throw NOT_PLAIN
    this.#size++
    const list: JsonValue[] = []
    do {
      const start = this.#at
      this.#at += indent + 1
      this.#skipSpaces()
      list.push(this.#listItem(indent, { column: this.#at - start, depth }))
    } while (this.#indent() === indent && this.#isListItem(indent))
    if (this.#indent() > indent) throw NOT_PLAIN
    return list
  }

  #listItem(indent: number, at: { readonly column: number; readonly depth: number }): JsonValue {
    if (this.#text[this.#at] === '&') {
      return this.#anchored(() => {
        this.#skipSpaces()
        return this.#lineValue(indent)
      })
    }
    KEY.lastIndex = this.#at
    return KEY.test(this.#text) ? this.#blockMap(at.column, at.depth + 1, true) : this.#lineValue(indent)
  }

  #isListItem(indent: number): boolean {
    return this.#text.startsWith('- ', this.#at + indent)
  }

  /** Stands at an anchor; `read` reads what it marks. */
  #anchored(read: () => JsonValue): JsonValue {
    const name = this.#take(ANCHOR)
    // An anchor marks no alias.
    if (name === undefined || /^ *\*/.test(this.#text.slice(this.#at, this.#at + 8))) throw NOT_PLAIN
    const before = this.#size
    const value = read()
    this.#anchors.set(name.slice(1), { value, size: this.#size - before })
    return value
  }

  #alias(): JsonValue | undefined {
    const name = this.#take(ALIAS)
    const anchored = name === undefined ? undefined : this.#anchors.get(name.slice(1))
    if (anchored === undefined) throw NOT_PLAIN
    this.#size += anchored.size
    this.#aliased += anchored.size
    if (this.#aliased > MOST_ALIASED_VALUES) throw NOT_PLAIN
    return anchored.value
  }

  /** A value that ends with its line, or with the line in which its brackets close. */
  #lineValue(indent: number): JsonValue {
    this.#flowParent = indent
    if (this.#text[this.#at] === '|') return this.#literal(indent)
    const value = this.#flowOrQuoted(0) ?? this.#plain(IN_BLOCK)
    this.#endLine()
    return value
  }

  #literal(indent: number): JsonValue {
    const written = this.#take(LITERAL)
    if (written === undefined || this.#take(LINE_END) === undefined) throw NOT_PLAIN
    this.#size++
    const { value, end } = literalText(this.#text, this.#at, { deeperThan: indent, strip: written === '|-' })
    this.#at = end
    this.#skipNothing()
    return value
  }

  #flowValue(depth: number): JsonValue {
    if (this.#text[this.#at] !== '&') return this.#flowOrQuoted(depth) ?? this.#plain(IN_FLOW)
    return this.#anchored(() => {
      this.#skipFlow()
      return this.#flowOrQuoted(depth) ?? this.#plain(IN_FLOW)
    })
  }

  #flowOrQuoted(depth: number): JsonValue | undefined {
    if (depth > DEEPEST) throw NOT_PLAIN
    switch (this.#text[this.#at]) {
      case '{':
        return this.#flowMap(depth + 1)
      case '[':
        return this.#flowList(depth + 1)
      case '*':
        return this.#alias()
      case '"':
      case "'":
        return this.#quoted()
      default:
        return undefined
    }
  }

  #quoted(): JsonValue {
    const written = this.#take(QUOTED)
    if (written === undefined) throw NOT_PLAIN
    this.#size++
    return quotedValue(written)
  }

  #flowMap(depth: number): JsonValue {
    const map = this.#newMap()
    this.#at++
    this.#skipFlow()
    while (!this.#isNext('}')) {
      const name = this.#key(FLOW_KEY, map)
      this.#skipFlow()
      this.#put(map, name, this.#flowValue(depth))
      this.#skipFlow()
      this.#separator('}')
    }
    return this.#merged(map)
  }

  #flowList(depth: number): JsonValue {
    this.#size++
    const list: JsonValue[] = []
    this.#at++
    this.#skipFlow()
    while (!this.#isNext(']')) {
      list.push(this.#flowValue(depth))
      this.#skipFlow()
      this.#separator(']')
    }
    return list
  }

  /** A comma, or the closing bracket, which is left where it is. */
  #separator(close: string): void {
    if (this.#isNext(',')) this.#skipFlow()
    else if (this.#text[this.#at] !== close) throw NOT_PLAIN
  }

  #plain(form: RegExp): JsonValue {
    const text = this.#take(form)
    if (text === undefined) throw NOT_PLAIN
    this.#size++
    return plainValue(text)
  }

  #indent(): number {
    return indentAt(this.#text, this.#at)
  }

  #skipSpaces(): void {
    while (this.#text.charCodeAt(this.#at) === 0x20) this.#at++
  }

  /** Spaces, line ends and comments in a flow collection. */
  #skipFlow(): void {
    this.#skipSpaces()
    const next = this.#text.charCodeAt(this.#at)
    if (next !== 0x0a && next !== 0x0d && next !== 0x23) return
    // A comment has a space before it.
    if (next === 0x23) this.#at--
    this.#endLine()
    if (this.#indent() <= this.#flowParent) throw NOT_PLAIN
    this.#skipSpaces()
  }

  #isLineEnd(): boolean {
    if (this.#take(LINE_END) === undefined) return false
    this.#skipNothing()
    return true
  }

  #endLine(): void {
    if (!this.#isLineEnd()) throw NOT_PLAIN
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
