import type { Duplex } from 'node:stream'
import { deadline } from '../../load/deadline.ts'
import { headOf } from '../../shell/tool-answer.ts'
import { type HttpReply, HttpReplyReader, HttpSyntaxError } from './http-message.ts'

/** Why there is no reply. What was asked may have been carried out all the same. */
export interface NoReply {
  readonly why: 'expired' | 'closed' | 'garbled' | 'cancelled'
  /** In the words of whoever noticed, without a full stop. */
  readonly said: string
}

export type HttpEnd = { readonly reply: HttpReply } | { readonly none: NoReply }

interface Waiting {
  readonly reader: HttpReplyReader
  readonly end: (end: HttpEnd) => void
}

/**
 * One socket, one request at a time, no way back: whatever goes wrong destroys the socket, since what the two sides know
 * of each other (logins, seals) belongs to it.
 */
export class HttpConnection {
  readonly #socket: Duplex
  #waiting: Waiting | undefined
  #gone = false
  #said = 'it was closed'

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', (error: Error) => {
      this.#said = oneLine(error.message)
    })
    socket.once('end', () => this.#finish())
    socket.once('close', () => this.#lose({ why: 'closed', said: this.#said }))
  }

  /** Another request can be made. */
  get usable(): boolean {
    return !this.#gone
  }

  /** Sends a request; the reply, or why there is none, within `timeoutMs`. */
  request(bytes: Buffer, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<HttpEnd> {
    if (this.#waiting) throw new Error('A connection of HTTP takes one request at a time.')
    if (this.#gone) return Promise.resolve({ none: { why: 'closed', said: this.#said } })
    const { signal } = options
    return new Promise((resolve) => {
      const end = (result: HttpEnd): void => {
        this.#waiting = undefined
        callOff()
        signal.removeEventListener('abort', cancel)
        resolve(result)
      }
      const cancel = (): void => this.#lose({ why: 'cancelled', said: 'the run was stopped' })
      const callOff = deadline(options.timeoutMs, () => this.#lose({ why: 'expired', said: 'no answer came in time' }))
      signal.addEventListener('abort', cancel, { once: true })
      this.#waiting = { reader: new HttpReplyReader(), end }
      if (signal.aborted) cancel()
      else this.#socket.write(bytes)
    })
  }

  destroy(): void {
    this.#lose({ why: 'closed', said: 'it was closed' })
  }

  #onData(chunk: Buffer): void {
    if (this.#gone) return
    try {
      if (!this.#waiting) throw new HttpSyntaxError('something came that nobody asked for')
      const reply = this.#waiting.reader.push(chunk)
      if (reply) this.#answer(reply)
    } catch (error) {
      this.#lose({ why: 'garbled', said: (error as Error).message })
    }
  }

  #finish(): void {
    const reply = this.#gone ? undefined : this.#waiting?.reader.finish()
    if (reply) this.#answer({ ...reply, closes: true })
    this.#lose({ why: 'closed', said: this.#said })
  }

  #answer(reply: HttpReply): void {
    const waiting = this.#waiting
    if (reply.closes) {
      this.#gone = true
      this.#socket.destroy()
    }
    waiting?.end({ reply })
  }

  #lose(none: NoReply): void {
    const waiting = this.#waiting
    this.#gone = true
    this.#socket.destroy()
    waiting?.end({ none })
  }
}

function oneLine(text: string): string {
  const line = text.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim()
  return headOf(line.replace(/\.$/, ''), 200)
}
