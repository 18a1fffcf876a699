import { createServer, type Server, type Socket } from 'node:net'

/** A TCP server on a loopback address that misbehaves as it is told to. */
export interface FaultyServer {
  readonly address: string
  readonly port: number
  /** Connections that it has accepted so far. */
  accepted(): number
  /** Resolves when no connection is open any more. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export async function startFaulty(
  address: string,
  behave: (socket: Socket, nth: number) => void,
): Promise<FaultyServer> {
  const sockets = new Set<Socket>()
  let accepted = 0
  let onIdle: (() => void)[] = []
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      sockets.delete(socket)
      if (sockets.size > 0) return
      for (const tell of onIdle) tell()
      onIdle = []
    })
    accepted += 1
    behave(socket, accepted)
    // One that reads nothing would not notice that the other side has gone.
    if (socket.readableFlowing === null) socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const bound = server.address()
  return {
    address,
    port: typeof bound === 'object' && bound ? bound.port : 0,
    accepted: () => accepted,
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => onIdle.push(resolve))),
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** Sends a byte of `text` now and then, and goes on for ever. */
export function trickle(socket: Socket, text: () => string | Buffer, everyMs = 20): void {
  const timer = setInterval(() => socket.write(text()), everyMs)
  socket.once('close', () => clearInterval(timer))
  socket.resume()
}
