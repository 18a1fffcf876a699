import { Duplex } from 'node:stream'
import type { ByteStream } from '../../core/channel.ts'

/** A stream of the core as one of Node's, for its HTTP and TLS. */
export class StreamDuplex extends Duplex {
  readonly #stream: ByteStream

  constructor(stream: ByteStream) {
    super({ allowHalfOpen: false })
    this.#stream = stream
    stream.onData((chunk) => {
      if (!this.readableEnded && !this.destroyed) this.push(Buffer.from(chunk))
    })
    stream.onClose(() => {
      if (!this.destroyed) this.push(null)
    })
  }

  override _read(): void {
    // Whatever comes is pushed; what is asked for is bounded by its reader.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#stream.write(chunk)
    done()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.destroy()
    done(error)
  }

  // What an HTTP agent expects of a socket, and a stream has no use for.
  setKeepAlive(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}
