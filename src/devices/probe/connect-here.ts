import { wantHere } from '../../files/want-here.ts'
import { deadline } from '../../load/deadline.ts'
import { connectTcp } from '../line/connect-tcp.ts'
import { lookUp } from '../line/look-up.ts'
import { type ReachState, reachStateOf } from './reach.ts'

export interface ReachAnswer {
  readonly state: ReachState
  readonly ms: number
  /** The words of the system, for a person. */
  readonly detail: string
}

/**
 * Opens a TCP connection from this machine and closes it again; the name is looked up within the same deadline. Rejects where this
 * machine has too little for it (`wantHere`).
 */
export function connectHere(
  to: { readonly host: string; readonly port: number },
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ReachAnswer> {
  const began = performance.now()
  const { timeoutMs, signal } = options
  return new Promise((resolve, reject) => {
    const leaving = new AbortController()
    const end = (state: ReachState, detail: string): void => {
      callOff()
      signal.removeEventListener('abort', abort)
      leaving.abort()
      resolve({ state, detail, ms: Math.round(performance.now() - began) })
    }
    const callOff = deadline(timeoutMs, () => end('timed-out', `no answer within ${timeoutMs} ms`))
    const abort = (): void => end('timed-out', 'the deadline of the step passed')
    signal.addEventListener('abort', abort, { once: true })
    lookUp(to.host, leaving.signal)
      .then((addresses) => connectTcp(addresses, { port: to.port, signal: leaving.signal }))
      .then(
        (socket) => {
          socket.destroy()
          end('open', '')
        },
        (error: Error) => {
          if (wantHere(error) !== undefined) reject(error)
          end(reachStateOf(error), error.message)
        },
      )
    if (signal.aborted) abort()
  })
}
