import type { ByteStream } from '../../core/channel.ts'
import { deadline } from '../../load/deadline.ts'
import { machineLoad } from '../../load/machine-load.ts'
import { answerLength } from './answer-length.ts'
import type { Reply, Turn } from './line.ts'

/** More than any answer is; whoever sends more is no printer that we know. */
const MOST_BYTES = 64 * 1024

/** Takes turns on an open stream: sends, and waits for what the turn calls an answer. */
export class LineReader {
  readonly #stream: ByteStream
  #bytes = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #total = 0
  /** Why nothing more is to be had from it; empty while it goes on. */
  closing = ''
  /** By the other side. */
  isClosed = false

  constructor(stream: ByteStream, signal?: AbortSignal) {
    this.#stream = stream
    const abort = (): void => this.#close('the step was ended')
    stream.onData((chunk) => this.#receive(chunk))
    stream.onClose(() => {
      signal?.removeEventListener('abort', abort)
      this.isClosed = this.closing === ''
      this.#close('the other side closed the connection')
    })
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
  }

  /** Never rejects, and takes no longer than `limitMs`. */
  async turn({ send, until }: Turn, limitMs: number): Promise<Reply> {
    const began = performance.now()
    const beganFairly = machineLoad.elapsed()
    if (send.length > 0 && this.closing === '') this.#stream.write(send)
    const quietMs = 'quietMs' in until ? until.quietMs : Number.POSITIVE_INFINITY
    let lastByteAt = began
    let quietSince = beganFairly
    for (;;) {
      const now = machineLoad.elapsed()
      const goesOnMs = this.#bytes.length > 0 ? quietSince + quietMs - now : Number.POSITIVE_INFINITY
      const length = goesOnMs > 0 ? answerLength(until, this.#bytes) : this.#bytes.length
      if (length !== undefined) return this.#take('whole', length, lastByteAt - began)
      const leftMs = beganFairly + limitMs - now
      if (leftMs <= 0 || this.closing !== '')
        return this.#take(this.#endOf(until), this.#bytes.length, lastByteAt - began)
      if (!(await this.#more(Math.min(leftMs, goesOnMs)))) continue
      lastByteAt = performance.now()
      quietSince = machineLoad.elapsed()
    }
  }

  /** What ends by silence is whole, too, when the other side ends it. */
  #endOf(until: Turn['until']): Reply['state'] {
    return 'quietMs' in until && this.isClosed && this.#bytes.length > 0 ? 'whole' : 'cut'
  }

  #take(state: Reply['state'], length: number, ms: number): Reply {
    const bytes = new Uint8Array(this.#bytes.subarray(0, length))
    this.#bytes = this.#bytes.subarray(length)
    return { state: length === 0 && state === 'cut' ? 'silent' : state, bytes, ms: Math.round(ms) }
  }

  /** Resolves to whether something came before so many milliseconds were over. */
  #more(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const before = this.#total
      const end = (): void => {
        callOff()
        this.#wake = undefined
        resolve(this.#total > before)
      }
      const callOff = deadline(Math.ceil(ms) + 1, end)
      this.#wake = end
    })
  }

  #receive(chunk: Uint8Array): void {
    if (this.closing !== '') return
    this.#total += chunk.length
    if (this.#total > MOST_BYTES) {
      this.#close('it sent far more than was asked for')
      this.#stream.destroy()
      return
    }
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    this.#wake?.()
  }

  #close(why: string): void {
    this.closing ||= why
    this.#wake?.()
  }
}
