import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a line does: carries; carries nothing one way or both, in silence; or is refused and reset. */
export type Line = 'whole' | 'silent' | 'silent-up' | 'silent-down' | 'refused'

/** The line between one process and PostgreSQL: ours, so that it can be cut for that process alone. */
export class Relay {
  readonly #to: number
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #server: Server
  #line: Line = 'whole'
  port = 0

  constructor(to: number) {
    this.#to = to
    this.#server = createServer((near) => this.#take(near))
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const bound = this.#server.address()
    this.port = typeof bound === 'object' && bound ? bound.port : 0
  }

  /** What was sent into a silent line arrives when it is whole again, as TCP has it. */
  set(line: Line): void {
    this.#line = line
    for (const pair of this.#pairs) this.#hold(pair)
  }

  stop(): void {
    this.#server.close()
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  #take(near: Socket): void {
    if (this.#line === 'refused') {
      near.resetAndDestroy()
      return
    }
    const far = connect(this.#to, '127.0.0.1')
    const pair = [near, far] as const
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [far, near]] as const) {
      from.on('data', (chunk: Buffer) => void to.write(chunk))
      from.on('error', () => undefined)
      from.once('close', () => {
        this.#pairs.delete(pair)
        to.destroy()
      })
    }
    this.#hold(pair)
  }

  #hold([near, far]: readonly [Socket, Socket]): void {
    if (this.#line === 'refused') {
      near.resetAndDestroy()
      far.destroy()
      return
    }
    const isHeld = { up: ['silent', 'silent-up'], down: ['silent', 'silent-down'] }
    for (const [socket, lines] of [
      [near, isHeld.up],
      [far, isHeld.down],
    ] as const) {
      if (lines.includes(this.#line)) socket.pause()
      else socket.resume()
    }
  }
}
