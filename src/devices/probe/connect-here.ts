import { connect } from 'node:net'
import { deadline } from '../../load/deadline.ts'
import { type ReachState, reachStateOf } from './reach.ts'

export interface ReachAnswer {
  readonly state: ReachState
  readonly ms: number
  /** The words of the system, for a person. */
  readonly detail: string
}

/** Opens a TCP connection from this machine and closes it again; the name is looked up within the same deadline. */
export function connectHere(
  to: { readonly host: string; readonly port: number },
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ReachAnswer> {
  const began = performance.now()
  return new Promise((resolve) => {
    const socket = connect({ host: to.host, port: to.port, autoSelectFamily: true })
    const end = (state: ReachState, detail: string): void => {
      callOff()
      options.signal.removeEventListener('abort', abort)
      socket.destroy()
      resolve({ state, detail, ms: Math.round(performance.now() - began) })
    }
    const callOff = deadline(options.timeoutMs, () => end('timed-out', `no answer within ${options.timeoutMs} ms`))
    const abort = (): void => end('timed-out', 'the deadline of the step passed')
    options.signal.addEventListener('abort', abort, { once: true })
    socket.once('connect', () => end('open', ''))
    socket.on('error', (error) => end(reachStateOf(error), error.message))
    if (options.signal.aborted) abort()
  })
}
