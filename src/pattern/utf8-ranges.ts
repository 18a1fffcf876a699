import type { Ranges } from './parse-pattern.ts'

type Bytes = readonly (readonly [number, number])[]

/** Where UTF-8 takes one more byte, and the surrogates, which it has not. */
const CUTS: Ranges = [
  [0x80, 0x7ff],
  [0x800, 0xd7ff],
  [0xe000, 0xffff],
  [0x10000, 0x10ffff],
]

/** Characters beyond ASCII as rows of ranges of bytes, which together stand for exactly these (RFC 3629). */
export function utf8Ranges(ranges: Ranges): readonly Bytes[] {
  return ranges.flatMap(([first, last]) =>
    CUTS.flatMap(([from, to]) => {
      const [a, b] = [Math.max(first, from), Math.min(last, to)]
      return a > b ? [] : rowsOf(bytesOf(a), bytesOf(b))
    }),
  )
}

function bytesOf(char: number): readonly number[] {
  return [...Buffer.from(String.fromCodePoint(char))]
}

/** Both have as many bytes. */
function rowsOf(first: readonly number[], last: readonly number[]): readonly Bytes[] {
  const [a = 0, ...restA] = first
  const [b = 0, ...restB] = last
  if (restA.length === 0) return [[[a, b]]]
  const prefixed = (byte: number, rows: readonly Bytes[]): Bytes[] => rows.map((row) => [[byte, byte], ...row])
  const [least, most] = [restA.map(() => 0x80), restA.map(() => 0xbf)]
  if (a === b) return prefixed(a, rowsOf(restA, restB))
  const isFromStart = restA.every((byte) => byte === 0x80)
  const isToEnd = restB.every((byte) => byte === 0xbf)
  const [from, to] = [isFromStart ? a : a + 1, isToEnd ? b : b - 1]
  return [
    ...(isFromStart ? [] : prefixed(a, rowsOf(restA, most))),
    ...(from > to ? [] : [[[from, to] as const, ...restA.map(() => [0x80, 0xbf] as const)]]),
    ...(isToEnd ? [] : prefixed(b, rowsOf(least, restB))),
  ]
}
