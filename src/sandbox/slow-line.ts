import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** Bytes under way in one direction; more waits, as in the buffers of a real line. */
const IN_FLIGHT_BYTES = 256 * 1024

/** A socket behind a line: what goes in or out arrives half a round trip later, in order. */
export class SlowLine extends Duplex {
  readonly #socket: Socket
  readonly #delayMs: number
  #outbound = 0
  /** Taken over so far, whether it has arrived or not. */
  bytesWritten = 0
  #inbound = 0
  #waiting: (() => void) | undefined

  constructor(socket: Socket, roundTripMs: number) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    this.#delayMs = roundTripMs / 2
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#arrive(chunk))
    socket.on('end', () => this.#later(() => this.push(null)))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.#later(() => this.destroy()))
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#outbound += chunk.length
    this.bytesWritten += chunk.length
    this.#later(() => {
      this.#outbound -= chunk.length
      if (this.#socket.writable) this.#socket.write(chunk)
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting?.()
    })
    if (this.#outbound < IN_FLIGHT_BYTES) done()
    else this.#waiting = done
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#later(() => {
      this.#socket.end()
      done()
    })
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  setNoDelay(): this {
    return this
  }

  #arrive(chunk: Buffer): void {
    this.#inbound += chunk.length
    if (this.#inbound >= IN_FLIGHT_BYTES) this.#socket.pause()
    this.#later(() => {
      this.#inbound -= chunk.length
      if (this.push(chunk) && this.#inbound < IN_FLIGHT_BYTES) this.#socket.resume()
      else if (this.#inbound < IN_FLIGHT_BYTES) this.#socket.pause()
    })
  }

  /** Timers of one length fire in the order in which they were set. */
  #later(action: () => void): void {
    setTimeout(() => {
      if (!this.destroyed) action()
    }, this.#delayMs)
  }
}
