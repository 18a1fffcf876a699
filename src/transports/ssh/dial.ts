import type { LookupAddress } from 'node:dns'
import type { Socket } from 'node:net'
import { fail, type Result, success } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { connectTcp } from '../../devices/line/connect-tcp.ts'
import { lookUp } from '../../devices/line/look-up.ts'
import { deadline } from '../../load/deadline.ts'
import { type SshError, sshFailure } from './ssh-failure.ts'

/** The addresses of a target, within the deadline of the phase `resolve`; none are asked for a number. */
export function resolveAddress(target: Target, signal: AbortSignal): Promise<Result<readonly LookupAddress[]>> {
  const limits = { target, phase: 'resolve', timeoutMs: target.deadlines.resolve, signal } as const
  return limited(limits, (stop) => lookUp(target.address, stop))
}

/** A TCP connection to the first address that answers, within `timeoutMs`. */
export function dial(
  target: Target,
  addresses: readonly LookupAddress[],
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Result<Socket>> {
  const limits = { target, phase: 'connect', ...options } as const
  return limited(limits, (stop) => connectTcp(addresses, { port: target.port, signal: stop }))
}

/** What comes of `attempt`, or the failure of a phase; `stop` says that nobody waits for it any longer. */
function limited<T>(
  limits: {
    readonly target: Target
    readonly phase: 'resolve' | 'connect'
    readonly timeoutMs: number
    readonly signal: AbortSignal
  },
  attempt: (stop: AbortSignal) => Promise<T>,
): Promise<Result<T>> {
  const { target, phase, timeoutMs, signal } = limits
  const leaving = new AbortController()
  return new Promise((resolve) => {
    const end = (result: Result<T>): void => {
      callOff()
      signal.removeEventListener('abort', cancel)
      resolve(result)
      leaving.abort()
    }
    const cancel = (): void => end(fail(sshFailure({ target, phase, cancelled: true })))
    const callOff = deadline(timeoutMs, () => end(fail(sshFailure({ target, phase, expired: true }))))
    signal.addEventListener('abort', cancel, { once: true })
    attempt(leaving.signal).then(
      (value) => end(success(value)),
      (error: SshError) => end(fail(sshFailure({ target, phase, error }))),
    )
    if (signal.aborted) cancel()
  })
}
