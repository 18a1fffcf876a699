import type { JsonValue } from '../../core/json.ts'

/**
 * A value as Ansible reads it in INI: a literal of Python where it is one (a comment of Python may stand behind it), and
 * else the text as it stands.
 */
export function parsePythonLiteral(text: string): JsonValue {
  const reader = new LiteralReader(text)
  const value = reader.value()
  return value === undefined || !reader.atEnd() ? text : value
}

/** Integers with a base, and with `_` between digits; a leading zero is none in Python 3. */
const NUMBER =
  /[-+]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:(?:[0-9](?:_?[0-9])*)?\.[0-9](?:_?[0-9])*|[0-9](?:_?[0-9])*\.?)(?:[eE][-+]?[0-9](?:_?[0-9])*)?)/y

function numberOf(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(text.replaceAll('_', '')) ?? []
  if (/^0+[1-9]\d*$/.test(digits)) return undefined
  const number = Number(digits.replace(/\.$/, '').replace(/\.(?=[eE])/, ''))
  return Number.isFinite(number) ? (sign === '-' ? -number : number) : undefined
}

const WORDS: Readonly<Record<string, JsonValue>> = { True: true, False: false, None: null }
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

/** Numbers, strings, True, False, None, lists, tuples and maps. Undefined is what is none of these. */
class LiteralReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  atEnd(): boolean {
    this.#space()
    return this.#at === this.#text.length || this.#text[this.#at] === '#'
  }

  value(): JsonValue | undefined {
    this.#space()
    const sign = this.#text[this.#at] ?? ''
    if (sign === '"' || sign === "'") return this.#string(sign)
    if (sign === '[') return this.#list(']')
    if (sign === '(') return this.#list(')')
    if (sign === '{') return this.#map()
    const word = this.#take(/[A-Za-z]+/y)
    if (word !== undefined) return WORDS[word]
    const number = this.#take(NUMBER)
    return number === undefined ? undefined : numberOf(number)
  }

  #string(quote: string): string | undefined {
    let text = ''
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const sign = this.#text[this.#at] ?? ''
      if (sign === quote) {
        this.#at += 1
        return text
      }
      if (sign !== '\\') text += sign
      else {
        this.#at += 1
        const next = this.#text[this.#at] ?? ''
        text += ESCAPES[next] ?? (/["'\\]/.test(next) ? next : `\\${next}`)
      }
    }
    return undefined
  }

  #list(end: string): JsonValue[] | undefined {
    const values: JsonValue[] = []
    return this.#items(end, () => {
      const value = this.value()
      if (value !== undefined) values.push(value)
      return value !== undefined
    })
      ? values
      : undefined
  }

  #map(): Record<string, JsonValue> | undefined {
    const map: Record<string, JsonValue> = {}
    const whole = this.#items('}', () => {
      const key = this.value()
      this.#space()
      if (key === undefined || this.#take(/:/y) === undefined) return false
      const value = this.value()
      if (value !== undefined) map[String(key)] = value
      return value !== undefined
    })
    return whole ? map : undefined
  }

  #items(end: string, item: () => boolean): boolean {
    this.#at += 1
    for (;;) {
      this.#space()
      if (this.#text[this.#at] === end) break
      if (!item()) return false
      this.#space()
      if (this.#take(/,/y) === undefined && this.#text[this.#at] !== end) return false
    }
    this.#at += 1
    return true
  }

  #space(): void {
    this.#take(/\s+/y)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#text) ?? []
    if (found !== undefined) this.#at += found.length
    return found
  }
}

/** A value as a literal of Python, as INI inventories of Ansible hold it. */
export function pythonLiteral(value: JsonValue): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`
  return `{${Object.entries(value)
    .map(([key, one]) => `${JSON.stringify(key)}: ${pythonLiteral(one)}`)
    .join(', ')}}`
}
