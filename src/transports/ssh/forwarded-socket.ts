import { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'

/**
 * A forwarded channel as a well-behaved stream. The library's own throws when its connection has gone, forgets the
 * callback of a write that comes too late, and says that it is closed only to those who read to the end. The end of the
 * other side ends ours, as with a socket of TCP: a gateway closes the channel only when both have ended (RFC 4254, 5.3),
 * and ssh2 no longer asks whether a device lives whose stream has ended.
 */
export class ForwardedSocket extends Duplex {
  readonly #channel: ClientChannel

  constructor(channel: ClientChannel) {
    super({ allowHalfOpen: false })
    this.#channel = channel
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause()
    })
    channel.once('end', () => this.push(null))
    channel.once('close', () => this.destroy())
    channel.on('error', (error: Error) => this.destroy(error))
    channel.stderr.on('error', () => undefined).resume()
  }

  override _read(): void {
    this.#channel.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      this.#channel.write(chunk, done)
    } catch (error) {
      done(error as Error)
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#quietly(() => this.#channel.end())
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#quietly(() => this.#channel.destroy())
    done(error)
  }

  /** What cannot be told to a connection that has gone need not be told. */
  #quietly(tell: () => void): void {
    try {
      tell()
    } catch {
      // nothing is left to be closed
    }
  }
}
