import { connect, createServer, type Socket } from 'node:net'

export interface CutOptions {
  readonly direction: 'up' | 'down'
  /** The first connection is cut when so many bytes have gone in that direction. */
  readonly at: number
  /** Requests beyond so many are answered here, and not carried on. */
  readonly forge?: { readonly after: number; readonly reply: string }
}

/** Stands between a client and a port of this machine. */
export interface CutProxy {
  readonly port: number
  /** What the first connection carried, as far as it was. */
  text(direction: 'up' | 'down'): string
  stop(): Promise<void>
}

export async function startCutProxy(to: number, options: CutOptions): Promise<CutProxy> {
  const carried = { up: 0, down: 0 }
  const texts = { up: '', down: '' }
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((client) => {
    connections += 1
    const first = connections === 1
    let requests = 0
    const device = connect(to, '127.0.0.1')
    const cut = (): void => {
      client.destroy()
      device.destroy()
    }
    const carry = (chunk: Buffer, direction: 'up' | 'down'): void => {
      const room = first && direction === options.direction ? options.at - carried[direction] : Number.POSITIVE_INFINITY
      const part = chunk.subarray(0, Math.max(0, room))
      carried[direction] += part.length
      if (first) texts[direction] += part.toString('latin1')
      const target = direction === 'up' ? device : client
      if (part.length < chunk.length) target.write(part, () => setTimeout(cut, 5))
      else target.write(part)
    }
    client.on('data', (chunk: Buffer) => {
      requests += chunk.toString('latin1').split('POST /wsman HTTP').length - 1
      if (options.forge && requests > options.forge.after) client.write(options.forge.reply)
      else carry(chunk, 'up')
    })
    device.on('data', (chunk: Buffer) => carry(chunk, 'down'))
    for (const socket of [client, device]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    text: (direction) => texts[direction],
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
