import { connect, type Server } from 'node:net'
import type { ByteStream } from '../../src/core/channel.ts'
import { fail, type Result, success } from '../../src/core/failure.ts'
import type { Dial } from '../../src/devices/line/dial.ts'
import { type ReachState, reachSentence, reachStateOf } from '../../src/devices/probe/reach.ts'
import { byteStreamOf } from '../../src/transports/byte-stream.ts'

const CODES = {
  refused: 'CONNECT_REFUSED',
  'timed-out': 'CONNECT_TIMEOUT',
  unreachable: 'CONNECT_UNREACHABLE',
  'name-not-found': 'RESOLVE_FAILED',
  reset: 'CONNECT_RESET',
  error: 'CONNECT_UNREACHABLE',
  open: 'CONNECT_RESET',
} as const satisfies Record<ReachState, string>

/** A TCP connection from this machine. */
export const dialHere: Dial = (to, timeoutMs) =>
  new Promise((resolve) => {
    const where = `${to.host}:${to.port}`
    const socket = connect({ host: to.host, port: to.port, autoSelectFamily: true, noDelay: true })
    const missed = (state: ReachState, detail: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(fail({ code: CODES[state], phase: 'connect', message: reachSentence(state, where, detail) }))
    }
    const timer = setTimeout(() => missed('timed-out', `no answer within ${timeoutMs} ms`), timeoutMs)
    socket.on('error', (error) => missed(reachStateOf(error), error.message))
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(success(byteStreamOf(socket)))
    })
  })

/** A byte stream to a port of this machine. */
export function dialPort(port: number): (timeoutMs: number) => Promise<Result<ByteStream>> {
  return (timeoutMs) => dialHere({ host: '127.0.0.1', port }, timeoutMs)
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
