/** Bytes that a text holds, as they are or decoded, and which bytes of the text each of them came from. */
export interface View {
  readonly bytes: Uint8Array
  /** Undefined for the text itself. */
  readonly from: Int32Array | undefined
  readonly to: Int32Array | undefined
  /** It came out of an encoding such as base64, where nothing reads like a secret by chance. */
  readonly encoded: boolean
  /** White space was taken out. */
  readonly packed: boolean
}

/** A stretch of the text, in bytes. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** Stands between decoded pieces that do not belong together; no UTF-8 has it. */
export const GAP = 0xff

/** The text as it is: nothing is decoded yet. */
export function viewOf(bytes: Uint8Array): View {
  return { bytes, from: undefined, to: undefined, encoded: false, packed: false }
}

/** Where `bytes[begin..end)` of a view stand in the text. */
export function stretchOf(view: View, begin: number, end: number): Stretch {
  return { from: view.from ? (view.from[begin] ?? 0) : begin, to: view.to ? (view.to[end - 1] ?? 0) : end }
}

/** What texts are made of, of one or two bytes a letter. */
export function isTextByte(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0 || byte === 10 || byte === 13
}

/** Gathers the bytes of a view that is made of another one. */
export class ViewBuilder {
  readonly #parent: View
  readonly #bytes: Uint8Array
  readonly #from: Int32Array
  readonly #to: Int32Array
  length = 0

  /** A decoding never has more than `capacity` bytes. Default: as many as it is made of. */
  constructor(parent: View, capacity = parent.bytes.length) {
    this.#parent = parent
    this.#bytes = new Uint8Array(capacity)
    this.#from = new Int32Array(capacity)
    this.#to = new Int32Array(capacity)
  }

  /** A byte that `parent.bytes[begin..end)` stand for. */
  push(byte: number, begin: number, end: number): void {
    const { from, to } = this.#parent
    const at = this.length
    this.#bytes[at] = byte
    this.#from[at] = from ? (from[begin] as number) : begin
    this.#to[at] = to ? (to[end - 1] as number) : end
    this.length = at + 1
  }

  /** Bytes of the parent as they are. */
  copy(begin: number, end: number): void {
    for (let at = begin; at < end; at += 1) this.push(this.#parent.bytes[at] as number, at, at + 1)
  }

  view(more: Partial<Pick<View, 'encoded' | 'packed'>> = {}): View {
    const end = this.length
    const { encoded, packed } = this.#parent
    return {
      bytes: this.#bytes.subarray(0, end),
      from: this.#from.subarray(0, end),
      to: this.#to.subarray(0, end),
      encoded,
      packed,
      ...more,
    }
  }
}

/** A view without white space and control characters: what was wrapped, or is UTF-16, is in one piece. */
export function packed(view: View): View {
  const { bytes } = view
  const builder = new ViewBuilder(view)
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (byte > 0x20) builder.push(byte, at, at + 1)
  }
  return builder.view({ packed: true })
}
