import { decodedBase64, mayHoldBase64 } from './base64.ts'
import { decodedHex } from './hex.ts'
import { type SecretIndex, SHORTEST_BYTES } from './secret-index.ts'
import { ESCAPES, escapesUnder, marksIn, marksOf, SPACE_MARK, unescaped } from './unescape.ts'
import { GAP, packed, type Stretch, stretchOf, type View, viewOf } from './view.ts'

/** How often what was encoded may have been encoded once more, as base64 of base64. */
const ENCODED_AGAIN = 1

/** In a text without its white space shorter ones would be found by chance. */
const SHORTEST_PACKED = 8

/** Lines of base64 that are wrapped are at least so long. */
const WRAPPED_AT = 40

/** `…` in UTF-8: our own sign that a text was cut. */
const ELLIPSIS = [0xe2, 0x80, 0xa6] as const

/** A text as long as this may have been cut without a sign. */
const CUT_FROM_BYTES = 1_000

/** At the end of a line that nobody says was cut, a beginning of a secret must be so much of it, and so long. */
const PART_OF = 2 / 3
const PART_BYTES = 8

/** Behind a cut no more is looked at, in bytes. */
const TAIL_BYTES = 512

/** Where secrets stand in a text, plain or encoded, whole or cut; may overlap, in no order. */
export function findSecrets(bytes: Uint8Array, index: SecretIndex): readonly Stretch[] {
  const search = new Search(index, bytes)
  search.look(viewOf(bytes))
  return search.found
}

class Search {
  readonly found: Stretch[] = []
  readonly #index: SecretIndex
  readonly #isCut: boolean
  readonly #bytes: Uint8Array

  constructor(index: SecretIndex, bytes: Uint8Array) {
    this.#index = index
    this.#bytes = bytes
    this.#isCut = ellipsisAfter(bytes, 0) < bytes.length
  }

  /** As it is, in each way of writing it inside another text, and in two of them. */
  look(view: View): void {
    const marks = this.#scan(view)
    for (const way of ESCAPES) if ((marks & way.mark) !== 0) this.#lookUnder(view, way)
    if ((marks & SPACE_MARK) !== 0) this.#lookPacked(view)
    this.#lookEncoded(view, ENCODED_AGAIN)
  }

  #lookUnder(view: View, way: (typeof ESCAPES)[number]): void {
    const plain = unescaped(view, [way])
    if (!plain) return
    const marks = this.#scan(plain)
    for (const others of escapesUnder(way)) {
      const plainer = (marksOf(others) & marks) === 0 ? undefined : unescaped(plain, others)
      if (plainer) this.#scan(plainer)
    }
    if (way.carriesEncodings) this.#lookEncoded(plain, ENCODED_AGAIN)
  }

  /** What base64 and hexadecimal in it stand for. */
  #lookEncoded(view: View, again: number): void {
    const digits = decodedHex(view, this.#index)
    if (digits) this.#lookDecoded(digits, this.#scan(digits), again)
    if (!this.#isCut && !mayHoldBase64(view.bytes, this.#index)) return
    for (let offset = 0; offset < 4; offset += 1) {
      const decoded = decodedBase64(view, offset)
      this.#scan(decoded.view)
      if (decoded.readable) this.#lookDecoded(decoded.readable, marksIn(decoded.readable.bytes), again)
    }
  }

  #lookDecoded(view: View, marks: number, again: number): void {
    for (const way of ESCAPES) {
      const plain = (marks & way.mark) === 0 ? undefined : unescaped(view, [way])
      if (plain) this.#scan(plain)
    }
    if ((marks & SPACE_MARK) !== 0) this.#scan(packed(view))
    if (again > 0) this.#lookEncoded(view, again - 1)
  }

  #lookPacked(view: View): void {
    const isWrapped = hasLongRun(view.bytes)
    if (!isWrapped && !mayHoldPacked(view.bytes, this.#index)) return
    const dense = packed(view)
    this.#scan(dense)
    if (isWrapped) this.#lookEncoded(dense, ENCODED_AGAIN)
  }

  /** Returns which marks of `ESCAPES` it saw. */
  #scan(view: View): number {
    const { bytes } = view
    const index = this.#index
    let word = 0
    for (let at = 0; at < bytes.length; at += 1) {
      word = (word << 8) | (bytes[at] as number)
      if (at >= SHORTEST_BYTES - 1 && index.begins(word)) this.#judge(view, at - SHORTEST_BYTES + 1)
    }
    if (this.#isCut) this.#scanTails(view)
    return marksIn(bytes)
  }

  #scanTails(view: View): void {
    for (let at = 0; at <= view.bytes.length; ) {
      if (at > 0 || view.encoded) this.#judgeTail(view, at)
      at = cutAfter(view, at)
    }
  }

  /** Something begins like a secret. */
  #judge(view: View, at: number): void {
    const { bytes } = view
    const length = this.#index.lengthAt(bytes, at)
    const least = view.packed && !view.encoded ? SHORTEST_PACKED : SHORTEST_BYTES
    if (length >= least) this.found.push(stretchOf(view, at, at + length))
    else if (length === 0) this.#judgeHead(view, at)
  }

  /** The line ends before the secret does. */
  #judgeHead(view: View, at: number): void {
    const { bytes } = view
    const end = lineEnd(bytes, at, at + this.#index.longest)
    const whole = this.#index.beginsWith(bytes, at, end)
    if (whole === 0) return
    const atEnd = end === bytes.length && this.#bytes.length >= CUT_FROM_BYTES
    const isCut = view.encoded || atEnd || bytes[end] === ELLIPSIS[0]
    if (isCut || end - at >= Math.max(PART_BYTES, whole * PART_OF)) this.found.push(stretchOf(view, at, end))
  }

  /** What comes behind a cut may be the end of a secret; the longest such end is taken. */
  #judgeTail(view: View, at: number): void {
    const { bytes } = view
    const furthest = Math.min(bytes.length, at + Math.min(TAIL_BYTES, this.#index.longest))
    for (let end = furthest; end >= at + SHORTEST_BYTES; end -= 1) {
      if (this.#index.endsWith(bytes, at, end) === 0) continue
      this.found.push(stretchOf(view, at, end))
      return
    }
  }
}

/** The next place behind which something may have been cut away before. */
function cutAfter({ bytes, encoded }: View, from: number): number {
  if (!encoded) return ellipsisAfter(bytes, from) + ELLIPSIS.length
  const gap = bytes.indexOf(GAP, from)
  return gap < 0 ? bytes.length + 1 : gap + 1
}

/** Where the next `…` begins; the end of the bytes when there is none. */
function ellipsisAfter(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(ELLIPSIS[0], from); at >= 0; at = bytes.indexOf(ELLIPSIS[0], at + 1)) {
    if (bytes[at + 1] === ELLIPSIS[1] && bytes[at + 2] === ELLIPSIS[2]) return at
  }
  return bytes.length
}

function lineEnd(bytes: Uint8Array, from: number, limit: number): number {
  let at = from
  while (at < bytes.length && at <= limit) {
    const byte = bytes[at] as number
    if (byte === 10 || byte === 13 || byte === GAP) break
    if (byte === ELLIPSIS[0] && bytes[at + 1] === ELLIPSIS[1] && bytes[at + 2] === ELLIPSIS[2]) break
    at += 1
  }
  return at
}

/** Whether anything begins like a secret when white space is passed over. */
function mayHoldPacked(bytes: Uint8Array, index: SecretIndex): boolean {
  let word = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (byte <= 0x20) continue
    word = (word << 8) | byte
    if (index.begins(word)) return true
  }
  return false
}

function hasLongRun(bytes: Uint8Array): boolean {
  let run = 0
  for (const byte of bytes) {
    run = byte > 0x20 ? run + 1 : 0
    if (run >= WRAPPED_AT) return true
  }
  return false
}
