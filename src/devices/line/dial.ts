import { connect, type Socket } from 'node:net'
import type { ByteStream } from '../../core/channel.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import { type ReachState, reachSentence, reachStateOf } from '../probe/reach.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/**
 * Opens a stream to a port, whoever carries it: this machine, a gateway, the till that a printer hangs on. A failure says
 * how far it came; its code is one of the CONNECT family, or RESOLVE_FAILED.
 */
export type Dial = (to: Endpoint, timeoutMs: number) => Promise<Result<ByteStream>>

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
      resolve(success(streamOf(socket)))
    })
  })

/** A socket as a stream of the core. */
export function streamOf(socket: Socket): ByteStream {
  return {
    write: (data) => void socket.write(data),
    end: () => void socket.end(),
    onData: (listener) => void socket.on('data', listener),
    onClose: (listener) => void socket.once('close', () => listener()),
    destroy: () => void socket.destroy(),
  }
}
