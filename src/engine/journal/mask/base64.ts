import type { SecretIndex } from './secret-index.ts'
import { GAP, isTextByte, type View, ViewBuilder } from './view.ts'

/** The value of a character in base64 or base64url (RFC 4648, 4 and 5), 64 for any other. */
const SEXTET = new Uint8Array(256).fill(64)
for (const [value, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  SEXTET[letter.charCodeAt(0)] = value
}
SEXTET['-'.charCodeAt(0)] = 62
SEXTET['_'.charCodeAt(0)] = 63

/** 1 for what texts are made of. */
const TEXT = Uint8Array.from({ length: 256 }, (_, byte) => (isTextByte(byte) ? 1 : 0))

/** Shorter runs hold nothing that is encoded once more. */
const LONG_RUN = 16

/** The least part of a decoding that must be readable for it to be looked through again. */
const READABLE = 0.7

/**
 * Whether any stretch of base64, begun at whichever of its bits, has the beginning of a secret, or reads like text and
 * must be looked through. Every byte that a stretch can stand for is seen without decoding: a character completes three.
 */
export function mayHoldBase64(bytes: Uint8Array, index: SecretIndex): boolean {
  let run = 0
  let last30 = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const sextet = SEXTET[bytes[at] as number] as number
    if (sextet === 64) {
      if (run >= LONG_RUN && readsLikeText(bytes, at - run, at)) return true
      run = 0
      continue
    }
    const sixth = last30 >>> 24
    last30 = ((last30 << 6) | sextet) & 0x3fffffff
    run += 1
    if (run < 6) continue
    if (beginsIn(sixth, last30, index)) return true
  }
  return run >= LONG_RUN && readsLikeText(bytes, bytes.length - run, bytes.length)
}

/** Of 36 bits, the four bytes that end with the last, the last but two and the last but four of them. */
function beginsIn(sixth: number, last30: number, index: SecretIndex): boolean {
  if (index.begins((sixth << 26) | (last30 >>> 4))) return true
  return index.begins((sixth << 28) | (last30 >>> 2)) || index.begins((sixth << 30) | last30)
}

function readsLikeText(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let offset = 0; offset < 4; offset += 1) if (isReadable(bytes, begin + offset, end)) return true
  return false
}

/** What stretches of base64 stand for when they begin `offset` characters late; the rest is left out. */
export function decodedBase64(
  view: View,
  offset: number,
): { readonly view: View; readonly readable: View | undefined } {
  const { bytes } = view
  const builder = new ViewBuilder(view)
  let readable: ViewBuilder | undefined
  for (let at = 0; at < bytes.length; ) {
    let end = at
    while (end < bytes.length && SEXTET[bytes[end] as number] !== 64) end += 1
    if (end - at >= 6) {
      decodeRun(view, at + offset, end, builder)
      builder.push(GAP, at, end)
      if (end - at >= LONG_RUN && isReadable(bytes, at + offset, end)) {
        readable ??= new ViewBuilder(view)
        decodeRun(view, at + offset, end, readable)
        readable.push(GAP, at, end)
      }
    }
    at = end + 1
  }
  return { view: builder.view({ encoded: true }), readable: readable?.view({ encoded: true }) }
}

function decodeRun({ bytes }: View, begin: number, end: number, builder: ViewBuilder): void {
  for (let at = begin; at + 1 < end; at += 4) {
    const a = SEXTET[bytes[at] as number] as number
    const b = SEXTET[bytes[at + 1] as number] as number
    builder.push(((a << 2) | (b >> 4)) & 0xff, at, at + 2)
    if (at + 2 >= end) return
    const c = SEXTET[bytes[at + 2] as number] as number
    builder.push(((b << 4) | (c >> 2)) & 0xff, at + 1, at + 3)
    if (at + 3 >= end) return
    builder.push(((c << 6) | (SEXTET[bytes[at + 3] as number] as number)) & 0xff, at + 2, at + 4)
  }
}

/** Whether a stretch stands for text, of one or two bytes a character; a wrong beginning yields noise. */
function isReadable(bytes: Uint8Array, begin: number, end: number): boolean {
  let good = 0
  let all = 0
  for (let at = begin; at + 3 < end; at += 4) {
    const a = SEXTET[bytes[at] as number] as number
    const b = SEXTET[bytes[at + 1] as number] as number
    const c = SEXTET[bytes[at + 2] as number] as number
    const d = SEXTET[bytes[at + 3] as number] as number
    good += (TEXT[((a << 2) | (b >> 4)) & 0xff] as number) + (TEXT[((b << 4) | (c >> 2)) & 0xff] as number)
    good += TEXT[((c << 6) | d) & 0xff] as number
    all += 3
  }
  return all > 0 && good >= all * READABLE
}
