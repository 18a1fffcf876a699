import type { ProcessStream } from '../../core/channel.ts'
import type { SshClient } from './ssh-client.ts'

type ExitListener = Parameters<ProcessStream['onExit']>[0]

/** By this the client says that it failed itself; programs of devices seldom end so. */
const CLIENT_FAILED = 255

/** A program on a device, and the client that carries it. */
export class OpensshProcess implements ProcessStream {
  readonly #client: SshClient
  readonly #exited: Promise<Parameters<ExitListener>[0]>
  #destroyed = false

  /** `isGone` tells whether the connection that it goes through has ended. */
  constructor(client: SshClient, isGone: () => boolean) {
    this.#client = client
    this.#exited = client.ended.then((code) => {
      const unknown = this.#destroyed || code === undefined || (code === CLIENT_FAILED && isGone())
      return unknown ? {} : { code }
    })
  }

  write(data: Uint8Array | string): void {
    if (this.#client.stdin.writable) this.#client.stdin.write(data)
  }

  drain(): Promise<void> {
    const { stdin } = this.#client
    if (!stdin.writable || !stdin.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      stdin.once('drain', resolve)
      void this.#exited.then(() => resolve())
    })
  }

  end(): void {
    this.#client.stdin.end()
  }

  onStdout(listener: (chunk: Uint8Array) => void): void {
    this.#client.stdout.on('data', listener)
  }

  onStderr(listener: (chunk: Uint8Array) => void): void {
    this.#client.stderr.on('data', listener)
  }

  onExit(listener: ExitListener): void {
    void this.#exited.then(listener)
  }

  pause(): void {
    this.#client.stdout.pause()
    this.#client.stderr.pause()
  }

  resume(): void {
    this.#client.stdout.resume()
    this.#client.stderr.resume()
  }

  destroy(): void {
    this.#destroyed = true
    this.#client.kill()
  }
}
