/** What one message may carry to stdin, in bytes: with its base64 it stays below the 150 KiB that old Windows takes. */
const MESSAGE_BYTES = 90_000

/** Input of a program in messages. */
export interface InputPiece {
  readonly data: Buffer
  /** stdin is closed after it. */
  readonly end: boolean
  /** It ends where a line ends. */
  readonly whole: boolean
}

/** What was written and not yet sent. */
export class InputQueue {
  #chunks: Buffer[] = []
  #bytes = 0
  #end: 'open' | 'ending' | 'ended' = 'open'

  get isEmpty(): boolean {
    return this.#bytes === 0 && this.#end !== 'ending'
  }

  write(data: Uint8Array | string): void {
    if (this.#end !== 'open' || data.length === 0) return
    const chunk = Buffer.from(data as Uint8Array)
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  end(): void {
    if (this.#end === 'open') this.#end = 'ending'
  }

  /** Drops everything; nothing more is taken. */
  close(): void {
    this.#chunks = []
    this.#bytes = 0
    this.#end = 'ended'
  }

  /** The next message; lines are kept together where they fit. */
  take(): InputPiece {
    const all = Buffer.concat(this.#chunks)
    const room = all.subarray(0, MESSAGE_BYTES)
    const lines = all.length > room.length ? room.lastIndexOf(0x0a) + 1 : 0
    const data = lines > 0 ? room.subarray(0, lines) : room
    const rest = all.subarray(data.length)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#bytes = rest.length
    const end = this.#end === 'ending' && rest.length === 0
    if (end) this.#end = 'ended'
    return { data, end, whole: data.length === 0 || data.at(-1) === 0x0a }
  }
}
