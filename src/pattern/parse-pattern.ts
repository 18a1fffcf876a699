/** Characters by number, from first to last, in order and apart from each other. */
export type Ranges = readonly (readonly [number, number])[]

/** A pattern of the dialect as a tree, as far as it can be asked of a device. */
export type PatternNode =
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'all'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'any'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly item: PatternNode; readonly least: number; readonly most: number | undefined }
  | { readonly kind: 'at'; readonly place: 'line-start' | 'line-end' | 'text-start' | 'text-end' | 'word' }

/** Thrown inside of this room: why a pattern cannot be asked of a device. */
export class Untranslatable extends Error {}

export const LAST = 0x10ffff
const NEWLINE = 10

interface Flags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
}

const CLASSES: Readonly<Record<string, Ranges>> = {
  d: [[48, 57]],
  w: [
    [48, 57],
    [65, 90],
    [95, 95],
    [97, 122],
  ],
  s: [
    [9, 10],
    [12, 13],
    [32, 32],
  ],
}
const POSIX_CLASSES: Readonly<Record<string, Ranges>> = {
  alnum: [
    [48, 57],
    [65, 90],
    [97, 122],
  ],
  alpha: [
    [65, 90],
    [97, 122],
  ],
  ascii: [[0, 127]],
  blank: [
    [9, 9],
    [32, 32],
  ],
  cntrl: [
    [0, 31],
    [127, 127],
  ],
  digit: [[48, 57]],
  graph: [[33, 126]],
  lower: [[97, 122]],
  print: [[32, 126]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
  space: [
    [9, 13],
    [32, 32],
  ],
  upper: [[65, 90]],
  word: CLASSES['w'] as Ranges,
  xdigit: [
    [48, 57],
    [65, 70],
    [97, 102],
  ],
}
const ESCAPES: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }

/** Parses a pattern that RE2 accepts. Throws `Untranslatable` for what has no equal in the tools of devices. */
export function parsePattern(source: string): PatternNode {
  return new Parser(source).whole()
}

class Parser {
  readonly #source: string
  #at = 0
  #flags: Flags = { i: false, m: false, s: false }

  constructor(source: string) {
    this.#source = source
  }

  whole(): PatternNode {
    return this.#any()
  }

  #any(): PatternNode {
    const items = [this.#all()]
    while (this.#take('|')) items.push(this.#all())
    const [only] = items
    return items.length === 1 && only ? only : { kind: 'any', items }
  }

  #all(): PatternNode {
    const items: PatternNode[] = []
    while (this.#at < this.#source.length && !this.#sees('|') && !this.#sees(')')) {
      if (this.#take('\\Q')) items.push(...this.#quoted())
      else items.push(this.#repeated(this.#atom()))
    }
    return { kind: 'all', items }
  }

  #quoted(): readonly PatternNode[] {
    const end = this.#source.indexOf('\\E', this.#at)
    const text = this.#source.slice(this.#at, end < 0 ? undefined : end)
    this.#at = end < 0 ? this.#source.length : end + 2
    return [...text].map((char) => this.#literal(char.codePointAt(0) ?? 0))
  }

  #repeated(item: PatternNode): PatternNode {
    const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})(\??)/.exec(this.#source.slice(this.#at, this.#at + 16))
    if (!found) return item
    const [all, sign, least, comma, most] = found
    this.#at += all.length
    if (item.kind === 'at') throw new Untranslatable('a repetition of a place, such as `^*`, is not supported')
    if (sign !== undefined)
      return { kind: 'repeat', item, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : undefined }
    const from = Number(least)
    const to = comma === '' ? from : most === '' ? undefined : Number(most)
    if ((to ?? from) > 255) throw new Untranslatable('a part may be repeated at most 255 times there')
    return { kind: 'repeat', item, least: from, most: to }
  }

  #atom(): PatternNode {
    if (this.#take('(')) return this.#group()
    if (this.#take('[')) return { kind: 'set', ranges: this.#bracket() }
    if (this.#take('.')) return { kind: 'set', ranges: this.#flags.s ? [[0, LAST]] : without([[NEWLINE, NEWLINE]]) }
    if (this.#take('^')) return { kind: 'at', place: this.#flags.m ? 'line-start' : 'text-start' }
    if (this.#take('$')) return { kind: 'at', place: this.#flags.m ? 'line-end' : 'text-end' }
    if (this.#take('\\')) return this.#escaped()
    return this.#literal(this.#next())
  }

  #group(): PatternNode {
    const outside = this.#flags
    if (this.#sees('?')) {
      const [all, , flags, end] = /^\?(?:(P?<[^>]*>)|([imsU-]*)([:)]))/.exec(this.#source.slice(this.#at)) ?? []
      if (all === undefined) throw new Untranslatable('this kind of group is not supported')
      this.#at += all.length
      if (flags !== undefined) this.#flags = flagged(outside, flags)
      // Flags that stand alone hold until the group around them ends.
      if (end === ')') return { kind: 'all', items: [] }
    }
    const inside = this.#any()
    this.#take(')')
    this.#flags = outside
    return inside.kind === 'all' || inside.kind === 'any' ? inside : { kind: 'all', items: [inside] }
  }

  #escaped(): PatternNode {
    const sign = this.#source[this.#at] ?? ''
    if (sign === 'b') return this.#place('word')
    if (sign === 'A') return this.#place('text-start')
    if (sign === 'z') return this.#place('text-end')
    if ('BpPC'.includes(sign)) throw new Untranslatable(`\`\\${sign}\` is not known to the tools there`)
    const ranges = this.#classHere()
    return ranges ? { kind: 'set', ranges } : this.#literal(this.#escapedNumber())
  }

  #place(place: (PatternNode & { kind: 'at' })['place']): PatternNode {
    this.#at++
    return { kind: 'at', place }
  }

  /** `\d` and its like, behind the backslash. */
  #classHere(): Ranges | undefined {
    const sign = this.#source[this.#at] ?? ''
    const ranges = Object.hasOwn(CLASSES, sign.toLowerCase()) ? CLASSES[sign.toLowerCase()] : undefined
    if (!ranges) return undefined
    this.#at++
    return sign === sign.toLowerCase() ? ranges : without(ranges)
  }

  #escapedNumber(): number {
    const number = /^(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|([0-7]{1,3}))/.exec(this.#source.slice(this.#at))
    if (number) {
      this.#at += number[0].length
      return Number.parseInt(number[1] ?? number[2] ?? number[3] ?? '', number[3] === undefined ? 16 : 8)
    }
    const sign = this.#next()
    return ESCAPES[String.fromCodePoint(sign)] ?? sign
  }

  #bracket(): Ranges {
    const negated = this.#take('^')
    const found: (readonly [number, number])[] = []
    for (let first = true; first || !this.#sees(']'); first = false) found.push(...this.#member())
    this.#at++
    const ranges = merged(this.#flags.i ? bothCases(found) : found)
    return negated ? without(ranges) : ranges
  }

  #member(): Ranges {
    const named = /^\[:(\^?)([a-z]+):\]/.exec(this.#source.slice(this.#at))
    if (named) {
      this.#at += named[0].length
      const ranges = POSIX_CLASSES[named[2] ?? ''] ?? []
      return named[1] === '^' ? without(ranges) : ranges
    }
    if (/^\\[pP]/.test(this.#source.slice(this.#at))) throw new Untranslatable('`\\p` is not known to the tools there')
    if (this.#sees('\\') && this.#isClass()) {
      this.#at++
      return this.#classHere() ?? []
    }
    const first = this.#memberNumber()
    if (!this.#sees('-') || this.#source[this.#at + 1] === ']') return [[first, first]]
    this.#at++
    return [[first, this.#memberNumber()]]
  }

  #isClass(): boolean {
    return /[dDwWsS]/.test(this.#source[this.#at + 1] ?? '')
  }

  #memberNumber(): number {
    return this.#take('\\') ? this.#escapedNumber() : this.#next()
  }

  #literal(char: number): PatternNode {
    const one: Ranges = [[char, char]]
    return { kind: 'set', ranges: this.#flags.i ? merged(bothCases(one)) : one }
  }

  #next(): number {
    const char = this.#source.codePointAt(this.#at) ?? 0
    this.#at += char > 0xffff ? 2 : 1
    return char
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at)
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false
    this.#at += text.length
    return true
  }
}

function flagged(flags: Flags, text: string): Flags {
  const [on = '', off = ''] = text.split('-')
  if (text.includes('U')) throw new Untranslatable('`(?U)` is not supported')
  const now = (flag: keyof Flags): boolean => (on.includes(flag) || flags[flag]) && !off.includes(flag)
  return { i: now('i'), m: now('m'), s: now('s') }
}

/** The most characters of a range whose other cases are looked up one by one. */
const FOLDED = 2048

function bothCases(ranges: Ranges): Ranges {
  return ranges.flatMap(([first, last]) => {
    if (last - first > FOLDED) return [[first, last] as const]
    const chars = Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index))
    const others = chars.flatMap((char) => [char.toLowerCase(), char.toUpperCase()])
    const single = others.filter((other) => [...other].length === 1).map((other) => other.codePointAt(0) ?? 0)
    return [[first, last] as const, ...single.map((char) => [char, char] as const)]
  })
}

function merged(ranges: Ranges): Ranges {
  const found: [number, number][] = []
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    const before = found.at(-1)
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else found.push([first, last])
  }
  return found
}

/** All characters but these. */
export function without(ranges: Ranges): Ranges {
  const found: [number, number][] = []
  let from = 0
  for (const [first, last] of merged(ranges)) {
    if (first > from) found.push([from, first - 1])
    from = last + 1
  }
  if (from <= LAST) found.push([from, LAST])
  return found
}

/** The part of a set between two characters. */
export function between(ranges: Ranges, from: number, to: number): Ranges {
  return ranges.flatMap(([first, last]) => {
    const [a, b] = [Math.max(first, from), Math.min(last, to)]
    return a <= b ? [[a, b] as const] : []
  })
}
