import { connect, createServer, type Socket } from 'node:net'

/** The line of a store to one of its devices: carries bytes to a port there, counts them, and may break. */
export interface StoreLine {
  readonly port: number
  /** Bytes to the device so far, over all connections. */
  readonly sent: number
  /** Nothing more goes to the device once so many bytes more have gone there. */
  stallAfter(bytes: number): void
  /** Every connection breaks; those to come are carried. */
  breakOff(): void
  stop(): Promise<void>
}

export async function startStoreLine(address: string, to: number): Promise<StoreLine> {
  const sockets = new Set<Socket>()
  let sent = 0
  let room = Number.POSITIVE_INFINITY
  const server = createServer((client) => {
    const device = connect(to, address)
    const pair = [client, device]
    client.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, room)
      room -= part.length
      sent += part.length
      device.write(part)
    })
    device.pipe(client)
    for (const socket of pair) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        sockets.delete(socket)
        for (const each of pair) each.destroySoon()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    get sent() {
      return sent
    },
    stallAfter(bytes) {
      room = bytes
    },
    breakOff() {
      room = Number.POSITIVE_INFINITY
      for (const socket of sockets) socket.destroy()
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
