import { type LookupAddress, lookup } from 'node:dns'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { fail, type Result, success } from '../../core/failure.ts'
import type { Target } from '../../core/ports.ts'
import { deadline } from '../../load/deadline.ts'
import { type SshError, sshFailure } from './ssh-failure.ts'

/** The addresses of a target, within the deadline of the phase `resolve`; none are asked for a number. */
export function resolveAddress(target: Target, signal: AbortSignal): Promise<Result<readonly LookupAddress[]>> {
  const family = isIP(target.address)
  if (family !== 0) return Promise.resolve(success([{ address: target.address, family }]))
  return new Promise((resolve) => {
    const trouble = { target, phase: 'resolve' } as const
    const end = (result: Result<readonly LookupAddress[]>): void => {
      callOff()
      signal.removeEventListener('abort', cancel)
      resolve(result)
    }
    const cancel = (): void => end(fail(sshFailure({ ...trouble, cancelled: true })))
    const callOff = deadline(target.deadlines.resolve, () => end(fail(sshFailure({ ...trouble, expired: true }))))
    signal.addEventListener('abort', cancel, { once: true })
    lookup(target.address, { all: true }, (error, addresses) => {
      if (error) end(fail(sshFailure({ ...trouble, error })))
      else end(success(addresses))
    })
  })
}

/** A TCP connection to the first address that answers, within `timeoutMs`. */
export function dial(
  target: Target,
  addresses: readonly LookupAddress[],
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Result<Socket>> {
  const { signal } = options
  return new Promise((resolve) => {
    const known = ((_name, _options, answer) => answer(null, [...addresses], 0)) as LookupFunction
    const [first] = addresses
    const direct = addresses.length === 1 && first !== undefined
    const socket = connect({
      host: direct ? first.address : target.address,
      port: target.port,
      lookup: known,
      autoSelectFamily: !direct,
      noDelay: true,
    })
    const end = (result: Result<Socket>): void => {
      callOff()
      signal.removeEventListener('abort', cancel)
      if (!result.ok) socket.destroy()
      resolve(result)
    }
    const trouble = { target, phase: 'connect' } as const
    const cancel = (): void => end(fail(sshFailure({ ...trouble, cancelled: true })))
    const callOff = deadline(options.timeoutMs, () => end(fail(sshFailure({ ...trouble, expired: true }))))
    signal.addEventListener('abort', cancel, { once: true })
    // Stays for good: a socket may report errors long after anyone cares.
    socket.on('error', (error: SshError) => end(fail(sshFailure({ ...trouble, error }))))
    socket.once('connect', () => end(success(socket)))
    if (signal.aborted) cancel()
  })
}
