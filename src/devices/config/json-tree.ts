import type { JsonValue } from '../../core/json.ts'
import { lineAt, type Parsed, parsed, problem } from './codec.ts'

/** A value of a JSON text with its place. */
export type JsonNode = JsonScalarNode | JsonObjectNode | JsonArrayNode

interface Placed {
  readonly start: number
  readonly end: number
}

interface JsonScalarNode extends Placed {
  readonly kind: 'scalar'
  readonly value: null | boolean | number | string
}

/** A member or an item; `start` is that of its key, `comma` the offset of the comma behind it. */
export interface JsonChild extends Placed {
  readonly key: string
  readonly node: JsonNode
  readonly comma: number | undefined
  /** Between the colon and the value. */
  readonly gap: string
}

export interface JsonObjectNode extends Placed {
  readonly kind: 'object'
  readonly children: readonly JsonChild[]
}

export interface JsonArrayNode extends Placed {
  readonly kind: 'array'
  readonly children: readonly JsonChild[]
}

const MAX_DEPTH = 200

class JsonMisread extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** Reads JSON (RFC 8259) with `//` and block comments and trailing commas, as editors' settings have them. */
export function jsonTree(text: string): Parsed<JsonNode> {
  const reader = new JsonReader(text)
  try {
    return parsed(reader.document())
  } catch (error) {
    if (!(error instanceof JsonMisread)) throw error
    return problem(error.message, lineAt(text, error.offset))
  }
}

/** What a node says. Of members with the same key the last counts, as in every common parser. */
export function jsonValueOf(node: JsonNode): JsonValue {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'array':
      return node.children.map((child) => jsonValueOf(child.node))
    case 'object':
      return Object.fromEntries(node.children.map((child) => [child.key, jsonValueOf(child.node)]))
  }
}

const BETWEEN = /(?:[ \t\r\n]+|\/\/[^\n]*|\/\*(?:(?!\*\/)[\s\S])*\*\/)*/y
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy
const WORD = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])/y

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonNode {
    const node = this.#value(0)
    this.#skip()
    if (this.#at < this.#text.length) throw this.#misread('something follows the end of the value')
    return node
  }

  #misread(message: string): JsonMisread {
    return new JsonMisread(message, this.#at)
  }

  #skip(): void {
    for (;;) {
      BETWEEN.lastIndex = this.#at
      const length = BETWEEN.exec(this.#text)?.[0].length ?? 0
      if (length === 0) return
      this.#at += length
    }
  }

  #value(depth: number): JsonNode {
    if (depth > MAX_DEPTH) throw this.#misread('it is nested too deeply')
    this.#skip()
    const char = this.#text[this.#at]
    if (char === '{') return this.#container('object', '}', depth)
    if (char === '[') return this.#container('array', ']', depth)
    const start = this.#at
    const value = char === '"' ? this.#string() : this.#word()
    return { kind: 'scalar', value, start, end: this.#at }
  }

  #container(kind: 'object' | 'array', close: string, depth: number): JsonNode {
    const start = this.#at++
    const children: JsonChild[] = []
    for (;;) {
      this.#skip()
      if (this.#text[this.#at] === close) break
      if (children.length > 0 && children.at(-1)?.comma === undefined)
        throw this.#misread(`"," or "${close}" is missing`)
      children.push(this.#child(kind, children.length, depth))
    }
    this.#at++
    return { kind, children, start, end: this.#at }
  }

  #child(kind: 'object' | 'array', index: number, depth: number): JsonChild {
    const start = this.#at
    if (kind === 'array') {
      const node = this.#value(depth + 1)
      return { key: String(index), node, start, end: node.end, gap: '', comma: this.#comma() }
    }
    if (this.#text[this.#at] !== '"') throw this.#misread('a key in double quotes is missing')
    const key = this.#string()
    this.#skip()
    if (this.#text[this.#at] !== ':') throw this.#misread('":" is missing')
    const colon = ++this.#at
    const node = this.#value(depth + 1)
    return { key, node, start, end: node.end, gap: this.#text.slice(colon, node.start), comma: this.#comma() }
  }

  #comma(): number | undefined {
    this.#skip()
    return this.#text[this.#at] === ',' ? this.#at++ : undefined
  }

  #string(): string {
    STRING.lastIndex = this.#at
    const raw = STRING.exec(this.#text)?.[0]
    if (raw === undefined) throw this.#misread('a string is not closed, or holds what a string cannot')
    this.#at += raw.length
    return JSON.parse(raw) as string
  }

  #word(): null | boolean | number {
    WORD.lastIndex = this.#at
    const raw = WORD.exec(this.#text)?.[0]
    if (raw === undefined) throw this.#misread('a value is missing or not JSON')
    this.#at += raw.length
    return JSON.parse(raw) as null | boolean | number
  }
}
