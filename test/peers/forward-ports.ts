import { createServer, type Server } from 'node:net'

/** What devices behind a forwarded stream are like: one that sends everything back, and one that hangs up on who calls. */
export interface ForwardPorts {
  readonly echoPort: () => number
  readonly hangUpPort: () => number
  start(): Promise<void>
  stop(): void
}

export function forwardPorts(): ForwardPorts {
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  const hangUp = createServer((socket) => socket.on('error', () => undefined).end('bye'))
  return {
    echoPort: () => portOf(echo),
    hangUpPort: () => portOf(hangUp),
    async start() {
      for (const server of [echo, hangUp]) {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      }
    },
    stop() {
      echo.close()
      hangUp.close()
    },
  }
}

function portOf(server: Server): number {
  const bound = server.address()
  return typeof bound === 'object' && bound ? bound.port : 0
}
