import type { SecretIndex } from './secret-index.ts'
import { GAP, isTextByte, type View, ViewBuilder } from './view.ts'

/** The value of a hexadecimal digit, 16 for any other character. */
const NIBBLE = new Uint8Array(256).fill(16)
for (const [value, letter] of [...'0123456789abcdef'].entries()) {
  NIBBLE[letter.charCodeAt(0)] = value
  NIBBLE[letter.toUpperCase().charCodeAt(0)] = value
}

const LEAST_PAIRS = 4
const SEPARATORS = new Set([...' :,-\n\r\t'].map((letter) => letter.charCodeAt(0)))

/** The least part of a stretch that must be readable for it to be looked through; checksums are noise. */
const READABLE = 0.7

/**
 * What stretches of hexadecimal stand for, digits in a row, or pairs apart as `68:75`, `0x68, 0x75` and dumps have them,
 * where they have the beginning of a secret, or read like text.
 */
export function decodedHex(view: View, index: SecretIndex): View | undefined {
  const { bytes } = view
  let builder: ViewBuilder | undefined
  const add = (begin: number, apart: boolean): number => {
    const run = judge(bytes, begin, { index, apart })
    if (run.worth) {
      builder ??= new ViewBuilder(view, bytes.length * 4)
      decode(bytes, begin, { builder, apart })
    }
    return run.pairs < LEAST_PAIRS ? begin + 1 : run.end
  }
  let rowEnd = 0
  let apartEnd = 0
  for (let at = 0; at < bytes.length; at += 1) {
    if (NIBBLE[bytes[at] as number] === 16) continue
    if (at >= apartEnd) apartEnd = add(at, true)
    if (at < rowEnd) continue
    // Where digits stand in a row the first may belong to something else.
    rowEnd = add(at, false)
    add(at + 1, false)
  }
  return builder?.view({ encoded: true })
}

/** How many pairs begin at a place, where they end, and whether they are worth decoding. */
function judge(
  bytes: Uint8Array,
  begin: number,
  options: { readonly index: SecretIndex; readonly apart: boolean },
): { readonly pairs: number; readonly end: number; readonly worth: boolean } {
  let pairs = 0
  let good = 0
  let word = 0
  let begins = false
  let end = begin
  for (let at = begin; isPair(bytes, at); at = options.apart ? nextPair(bytes, end) : end) {
    const byte = byteAt(bytes, at)
    word = (word << 8) | byte
    pairs += 1
    if (isTextByte(byte)) good += 1
    if (pairs >= 4 && options.index.begins(word)) begins = true
    end = at + 2
  }
  return { pairs, end, worth: pairs >= LEAST_PAIRS && (begins || good >= pairs * READABLE) }
}

function decode(
  bytes: Uint8Array,
  begin: number,
  { builder, apart }: { readonly builder: ViewBuilder; readonly apart: boolean },
): void {
  let end = begin
  for (let at = begin; isPair(bytes, at); at = apart ? nextPair(bytes, end) : end) {
    end = at + 2
    builder.push(byteAt(bytes, at), at, end)
  }
  builder.push(GAP, begin, end)
}

function isPair(bytes: Uint8Array, at: number): boolean {
  return at + 1 < bytes.length && NIBBLE[bytes[at] as number] !== 16 && NIBBLE[bytes[at + 1] as number] !== 16
}

function byteAt(bytes: Uint8Array, at: number): number {
  return ((NIBBLE[bytes[at] as number] as number) << 4) | (NIBBLE[bytes[at + 1] as number] as number)
}

function nextPair(bytes: Uint8Array, after: number): number {
  let at = after
  while (at - after < 3 && SEPARATORS.has(bytes[at] ?? 0)) at += 1
  return bytes[at] === 0x30 && ((bytes[at + 1] ?? 0) | 0x20) === 0x78 ? at + 2 : at
}
