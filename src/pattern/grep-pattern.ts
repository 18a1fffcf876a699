import { between, LAST, type PatternNode, type Ranges, Untranslatable } from './parse-pattern.ts'
import { utf8Ranges } from './utf8-ranges.ts'

/** One character beyond ASCII in UTF-8. */
const BEYOND = '[\\0302-\\0364][\\0200-\\0277]{1,3}'
/** Or one byte that is none, as logs in old encodings have them. Where characters are counted there is no telling. */
const BEYOND_OR_BYTE = `(${BEYOND}|[\\0200-\\0377])`
const NOT_ASCII = between([[0x80, LAST]], 0x80, LAST)
const PLACES = { 'line-start': '^', 'line-end': '$', 'text-start': '^', 'text-end': '$', word: '\\\\b' } as const

/** A tree as an extended regular expression over bytes, with everything but plain signs as `printf %b` writes it. */
export function grepOf(node: PatternNode, isCounted = false): string {
  switch (node.kind) {
    case 'set':
      return setOf(node.ranges, isCounted)
    case 'all':
      return node.items.map((item) => itemOf(item, isCounted)).join('')
    case 'any':
      return eitherOf(node.items, isCounted)
    case 'at':
      return PLACES[node.place]
    case 'repeat':
      return repeatOf(node, isCounted)
  }
}

function itemOf(item: PatternNode, isCounted: boolean): string {
  return item.kind === 'any' ? `(${grepOf(item, isCounted)})` : grepOf(item, isCounted)
}

/** Nothing as an alternative is not known to every grep. */
function eitherOf(items: readonly PatternNode[], isCounted: boolean): string {
  const texts = items.map((item) => grepOf(item, isCounted))
  const some = texts.filter((text) => text !== '')
  if (some.length === 0) return ''
  return some.length === texts.length ? some.join('|') : `(${some.join('|')})?`
}

function repeatOf({ item, least, most }: PatternNode & { kind: 'repeat' }, isCounted: boolean): string {
  const inner = many(item, least, most) ?? grepOf(item, isCounted || least > 1 || (most ?? 0) > 1)
  if (inner === '') return ''
  const part = item.kind === 'set' && ONE.test(inner) ? inner : `(${inner})`
  if (most === undefined && least < 2) return `${part}${least === 0 ? '*' : '+'}`
  if (least === 0 && most === 1) return `${part}?`
  return `${part}{${least}${most === least ? '' : `,${most ?? ''}`}}`
}

/** A set in brackets without others beside it, a sign, or a sign behind backslashes. */
const ONE = /^(\[[^\]]*\]|\\{0,3}.|\\0\d{3})$/

/** In a row of any length the bytes of a character need not be told apart: a shorter pattern, which greps read sooner. */
function many(item: PatternNode, least: number, most: number | undefined): string | undefined {
  if (item.kind !== 'set' || most !== undefined || least > 1) return undefined
  if (!holdsAll(item.ranges)) return undefined
  return bracket([...bytesOf(item.ranges), [0x80, 0xff]])
}

function setOf(ranges: Ranges, isCounted: boolean): string {
  const bytes = bytesOf(ranges)
  const ascii = bytes.length === 0 ? [] : [bracket(bytes)]
  const parts = [
    ...ascii,
    ...(holdsAll(ranges)
      ? [isCounted ? BEYOND : BEYOND_OR_BYTE]
      : utf8Ranges(between(ranges, 0x80, LAST)).map(sequence)),
  ]
  const [only] = parts
  // Only what no line has, such as its end.
  if (only === undefined) throw new Untranslatable('lines are looked at one by one, and none holds a line feed or NUL')
  return parts.length === 1 ? only : `(${parts.join('|')})`
}

function holdsAll(ranges: Ranges): boolean {
  return JSON.stringify(between(ranges, 0x80, LAST)) === JSON.stringify(NOT_ASCII)
}

/** ASCII without NUL and line feed, which are in no line. */
function bytesOf(ranges: Ranges): Ranges {
  return [...between(ranges, 1, 9), ...between(ranges, 11, 0x7f)]
}

function sequence(bytes: readonly (readonly [number, number])[]): string {
  return bytes.map((range) => bracket([range])).join('')
}

function bracket(ranges: Ranges): string {
  const [only] = ranges
  if (ranges.length === 1 && only && only[0] === only[1]) return single(only[0])
  // `]` comes first, `^` not first, `-` last, or first where only `^` is left to stand there.
  const all = ranges.flatMap(([first, last]) => split(first, last))
  const rank = (char: number): number => (char === 0x5d ? 0 : char === 0x5e ? 2 : char === 0x2d ? 3 : 1)
  const sorted = all.sort(([a], [b]) => rank(a) - rank(b))
  if (sorted[0]?.[0] === 0x5e) sorted.reverse()
  return `[${sorted.map(([first, last]) => (first === last ? byte(first) : `${byte(first)}-${byte(last)}`)).join('')}]`
}

const AWKWARD = [0x2d, 0x5b, 0x5c, 0x5d, 0x5e]

/** A range without awkward signs at its ends. */
function split(first: number, last: number): Ranges {
  if (last - first < 3)
    return Array.from({ length: last - first + 1 }, (_, index) => [first + index, first + index] as const)
  if (AWKWARD.includes(first)) return [[first, first], ...split(first + 1, last)]
  if (AWKWARD.includes(last)) return [...split(first, last - 1), [last, last]]
  return [[first, last]]
}

function single(char: number): string {
  const text = String.fromCharCode(char)
  if (/[.*+?(){}[\]|^$]/.test(text)) return `\\\\${text}`
  return char === 0x5c ? '\\\\\\\\' : byte(char)
}

/** As `printf %b` writes it. */
function byte(char: number): string {
  if (char === 0x5c) return '\\\\'
  if (char < 0x20 || char > 0x7e) return `\\0${char.toString(8).padStart(3, '0')}`
  return String.fromCharCode(char)
}
