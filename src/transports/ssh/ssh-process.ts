import type { ClientChannel } from 'ssh2'
import type { ProcessStream } from '../../core/channel.ts'
import { deadline } from '../../load/deadline.ts'

type ExitListener = Parameters<ProcessStream['onExit']>[0]
type ProcessEnd = Parameters<ExitListener>[0]

/** After a program ended, how long its streams may stay open: something it started may hold them for good. */
const LINGER_MS = 2_000

/** A program on a device, in a channel of its own. */
export class SshProcess implements ProcessStream {
  readonly #channel: ClientChannel
  readonly #exited: Promise<ProcessEnd>
  readonly #answered: () => void
  #report: (end: ProcessEnd) => void = () => undefined
  #callOff: () => void = () => undefined

  /** `answered` is called when the program first says something, or has ended. */
  constructor(channel: ClientChannel, answered: () => void) {
    this.#channel = channel
    this.#answered = answered
    this.#exited = new Promise((resolve) => {
      this.#report = (end) => {
        this.#callOff()
        answered()
        resolve(end)
      }
    })
    let end: ProcessEnd = {}
    channel.once('exit', (code: number | null, signal?: string) => {
      end = code === null ? { ...(signal !== undefined && { signal }) } : { code }
      this.#callOff = deadline(LINGER_MS, () => this.#report(end))
    })
    channel.once('close', () => this.#report(end))
    channel.on('error', () => this.#report(end))
    channel.stderr.on('error', () => undefined)
  }

  /** The connection went away; the channel may never say so. */
  lost(): void {
    this.#report({})
  }

  write(data: Uint8Array | string): void {
    this.#quietly(() => this.#channel.writable && this.#channel.write(data))
  }

  drain(): Promise<void> {
    const channel = this.#channel
    if (!channel.writable || !channel.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      channel.once('drain', resolve)
      void this.#exited.then(() => resolve())
    })
  }

  end(): void {
    this.#quietly(() => this.#channel.end())
  }

  onStdout(listener: (chunk: Uint8Array) => void): void {
    this.#channel.once('data', this.#answered)
    this.#channel.on('data', listener)
  }

  onStderr(listener: (chunk: Uint8Array) => void): void {
    this.#channel.stderr.on('data', listener)
  }

  onExit(listener: ExitListener): void {
    void this.#exited.then(listener)
  }

  pause(): void {
    this.#channel.pause()
    this.#channel.stderr.pause()
  }

  resume(): void {
    this.#channel.resume()
    this.#channel.stderr.resume()
  }

  destroy(): void {
    this.#quietly(() => this.#channel.destroy())
    this.#report({})
    // Whatever still comes is read and dropped, or it would fill the window of the connection.
    this.#channel.resume()
    this.#channel.stderr.resume()
  }

  /** The library throws when its connection has gone; that is reported as the end of the program. */
  #quietly(act: () => void): void {
    try {
      act()
    } catch {
      this.#report({})
    }
  }
}
