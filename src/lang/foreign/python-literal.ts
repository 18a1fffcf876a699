import type { JsonValue } from '../../core/json.ts'

/**
 * A value as Ansible reads it in INI: a literal of Python where it is one (a comment of Python may stand behind it), and
 * else the text as it stands. `1,50` is one: a tuple, which is a list there.
 */
export function parsePythonLiteral(text: string): JsonValue {
  const value = new LiteralReader(text).whole()
  return value === undefined ? text : value
}

/** Integers with a base, and with `_` between digits; a leading zero is none in Python 3. */
const NUMBER =
  /[-+]?[ \t]*(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:(?:[0-9](?:_?[0-9])*)?\.[0-9](?:_?[0-9])*|[0-9](?:_?[0-9])*\.?)(?:[eE][-+]?[0-9](?:_?[0-9])*)?)/y

function numberOf(text: string): number | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(text.replace(/[_ \t]/g, '')) ?? []
  if (/^0+[1-9]\d*$/.test(digits)) return undefined
  const number = Number(digits.replace(/\.$/, '').replace(/\.(?=[eE])/, ''))
  // Numbers of SIM cards and fiscal memories keep all of their digits as text.
  if (Number.isInteger(number) && !Number.isSafeInteger(number) && !/[.eE]/.test(digits.replace(/^0[xX].*/, '')))
    return undefined
  return Number.isFinite(number) ? (sign === '-' ? -number : number) : undefined
}

const WORDS: ReadonlyMap<string, JsonValue> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
])
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }
/** A character by its number: two, four or eight hexadecimal digits, or up to three octal ones. */
const NUMBERED = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|([0-7]{1,3})/y

/** `u` changes nothing, `r` keeps backslashes. */
const STRING = /[uUrR]?["']/y

/** Numbers, strings, True, False, None, lists, tuples and maps. Undefined is what is none of these. */
class LiteralReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Undefined where it is none; values with commas between are a tuple, in brackets or without. */
  whole(): JsonValue | undefined {
    const first = this.#value()
    if (first === undefined || this.#isAtEnd()) return first
    const values = [first]
    while (this.#take(/,/y) !== undefined) {
      if (this.#isAtEnd()) return values
      const value = this.#value()
      if (value === undefined) return undefined
      values.push(value)
      if (this.#isAtEnd()) return values
    }
    return undefined
  }

  #isAtEnd(): boolean {
    this.#space()
    return this.#at === this.#text.length || this.#text[this.#at] === '#'
  }

  #value(): JsonValue | undefined {
    this.#space()
    const sign = this.#text[this.#at] ?? ''
    if (this.#isString()) return this.#strings()
    if (sign === '[') return this.#list(']')
    if (sign === '(') return this.#tuple()
    if (sign === '{') return this.#map()
    const word = this.#take(/[A-Za-z]+/y)
    if (word !== undefined) return WORDS.get(word)
    const number = this.#take(NUMBER)
    return number === undefined ? undefined : numberOf(number)
  }

  #isString(): boolean {
    STRING.lastIndex = this.#at
    return STRING.test(this.#text)
  }

  /** Strings that stand behind one another are one. */
  #strings(): string | undefined {
    let text = ''
    while (this.#isString()) {
      const isRaw = this.#take(/[uU]|[rR]/y)?.toLowerCase() === 'r'
      const one = this.#string(this.#text[this.#at] ?? '', isRaw)
      if (one === undefined) return undefined
      text += one
      this.#space()
    }
    return text
  }

  #string(quote: string, isRaw: boolean): string | undefined {
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
        const escaped = isRaw ? `\\${this.#text[this.#at] ?? ''}` : this.#escaped()
        if (escaped === undefined) return undefined
        text += escaped
      }
    }
    return undefined
  }

  /** Behind a backslash; stays at the last sign of what it reads. Undefined for half a number, and for names of characters. */
  #escaped(): string | undefined {
    NUMBERED.lastIndex = this.#at
    const [all, two, four, eight, octal] = NUMBERED.exec(this.#text) ?? []
    if (all !== undefined) {
      this.#at += all.length - 1
      return String.fromCodePoint(
        octal === undefined ? Number.parseInt(two ?? four ?? eight ?? '', 16) : Number.parseInt(octal, 8),
      )
    }
    const next = this.#text[this.#at] ?? ''
    if (/[xuUN]/.test(next)) return undefined
    return ESCAPES[next] ?? (/["'\\]/.test(next) ? next : `\\${next}`)
  }

  /** One value in brackets without a comma is no tuple. */
  #tuple(): JsonValue | undefined {
    const start = this.#at
    const values = this.#list(')')
    const isTuple = values?.length !== 1 || /,\s*\)$/.test(this.#text.slice(start, this.#at))
    return isTuple ? values : values[0]
  }

  #list(end: string): JsonValue[] | undefined {
    const values: JsonValue[] = []
    return this.#items(end, () => {
      const value = this.#value()
      if (value !== undefined) values.push(value)
      return value !== undefined
    })
      ? values
      : undefined
  }

  #map(): Record<string, JsonValue> | undefined {
    const map: Record<string, JsonValue> = {}
    const whole = this.#items('}', () => {
      const key = this.#value()
      this.#space()
      if (key === undefined || this.#take(/:/y) === undefined) return false
      const value = this.#value()
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
