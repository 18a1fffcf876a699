import { between, LAST, type PatternNode, type Ranges, Untranslatable } from './parse-pattern.ts'

/** Between a letter, digit or `_` of ASCII and something else; `\b` of .NET knows letters of all languages. */
const WORD = '(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))'
/** One character beyond those that .NET counts as one. */
const PAIR = '[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]'
const PLACES = {
  'line-start': '(?m:^)',
  'line-end': '(?m:$)',
  'text-start': '\\A',
  'text-end': '\\z',
  word: WORD,
} as const

/** A tree as a regular expression of .NET, without options. */
export function dotnetOf(node: PatternNode): string {
  switch (node.kind) {
    case 'set':
      return setOf(node.ranges)
    case 'all':
      return node.items.map((item) => (item.kind === 'any' ? `(?:${dotnetOf(item)})` : dotnetOf(item))).join('')
    case 'any':
      return node.items.map(dotnetOf).join('|')
    case 'at':
      return PLACES[node.place]
    case 'repeat':
      return `(?:${dotnetOf(node.item)})${counted(node.least, node.most)}`
  }
}

function counted(least: number, most: number | undefined): string {
  if (most === undefined && least < 2) return least === 0 ? '*' : '+'
  if (least === 0 && most === 1) return '?'
  return `{${least}${most === least ? '' : `,${most ?? ''}`}}`
}

function setOf(ranges: Ranges): string {
  const [low, high] = [between(ranges, 0, 0xffff), between(ranges, 0x10000, LAST)]
  const [one] = low
  if (high.length === 0 && low.length === 1 && one && one[0] === one[1]) return unit(one[0])
  const bracket =
    low.length === 0
      ? []
      : [
          `[${between(low, 0, 0xd7ff)
            .concat(between(low, 0xe000, 0xffff))
            .map(rangeOf)
            .join('')}]`,
        ]
  const parts = [...bracket, ...high.map(pairs)]
  return parts.length === 1 ? (parts[0] ?? '') : `(?:${parts.join('|')})`
}

function pairs([first, last]: readonly [number, number]): string {
  if (first === 0x10000 && last === LAST) return PAIR
  if (first !== last) throw new Untranslatable('a set of characters beyond U+FFFF is not supported')
  return [...Array(2).keys()].map((index) => unit(String.fromCodePoint(first).charCodeAt(index))).join('')
}

function rangeOf([first, last]: readonly [number, number]): string {
  return first === last ? unit(first) : `${unit(first)}-${unit(last)}`
}

function unit(char: number): string {
  const text = String.fromCharCode(char)
  return /[0-9A-Za-z_]/.test(text) ? text : `\\u${char.toString(16).padStart(4, '0').toUpperCase()}`
}

/**
 * What `dotnetOf` made, back in the dialect: for devices of the sandbox, which are asked as Windows is and must not do
 * what a pattern makes .NET do.
 */
export function fromDotnet(text: string): string {
  return text
    .replaceAll(WORD, '\\b')
    .replaceAll(PAIR, '[\\x{10000}-\\x{10FFFF}]')
    .replace(/\\u(D[89AB][0-9A-F]{2})\\u(D[C-F][0-9A-F]{2})/g, (_, high: string, low: string) => {
      const pair = String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16))
      return `\\x{${pair.codePointAt(0)?.toString(16)}}`
    })
    .replace(/\\u([0-9A-F]{4})/g, '\\x{$1}')
}
