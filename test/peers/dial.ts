import { connect, type Server } from 'node:net'
import type { ByteStream } from '../../src/core/channel.ts'
import type { ErrorCode } from '../../src/core/error-catalog.ts'
import { fail, type Result, success } from '../../src/core/failure.ts'
import { byteStreamOf } from '../../src/transports/byte-stream.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'CONNECT_REFUSED',
  ECONNRESET: 'CONNECT_RESET',
  ENETUNREACH: 'CONNECT_UNREACHABLE',
}

/** A byte stream to a port of this machine. */
export function dialPort(port: number): (timeoutMs: number) => Promise<Result<ByteStream>> {
  return () =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true })
      socket.on('error', (error: NodeJS.ErrnoException) =>
        resolve(fail({ code: CODES[error.code ?? ''] ?? 'CONNECT_TIMEOUT', phase: 'connect', message: error.message })),
      )
      socket.once('connect', () => resolve(success(byteStreamOf(socket))))
    })
}

/** The port of a server, once it listens: a free one of this machine unless told. */
export function listening(server: Server, { host, port } = { host: '127.0.0.1', port: 0 }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
