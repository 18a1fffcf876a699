import type { LookupAddress } from 'node:dns'
import { connect, type Socket } from 'node:net'

/** After it, the next address is tried beside those that have not answered yet (RFC 8305, 5). */
const NEXT_AFTER_MS = 250

/**
 * A TCP connection to the first of some addresses that answers. None is given up for another one: over a slow line, or where
 * a packet was lost, the one that works may need a second. Rejects with the error, or those of all in an AggregateError;
 * with the signal's reason when that is aborted.
 */
export function connectTcp(
  addresses: readonly LookupAddress[],
  to: { readonly port: number; readonly signal: AbortSignal },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const trying = new Set<Socket>()
    const errors: Error[] = []
    const left = [...addresses]
    let timer: NodeJS.Timeout | undefined
    const end = (chosen?: Socket): void => {
      clearTimeout(timer)
      to.signal.removeEventListener('abort', stop)
      left.length = 0
      for (const socket of trying) if (socket !== chosen) socket.destroy()
      trying.clear()
    }
    const stop = (): void => {
      end()
      reject(to.signal.reason)
    }
    const fail = (socket: Socket, error: Error): void => {
      if (!trying.delete(socket)) return
      errors.push(error)
      if (left.length > 0) next()
      else if (trying.size === 0) {
        end()
        reject(
          errors.length === 1 ? error : new AggregateError(errors, errors.map(({ message }) => message).join(', ')),
        )
      }
    }
    const next = (): void => {
      clearTimeout(timer)
      const address = left.shift()
      if (!address) return
      const socket = connect({ host: address.address, port: to.port, noDelay: true })
      trying.add(socket)
      // Stays for good: a socket may report errors long after anyone cares.
      socket.on('error', (error) => fail(socket, error))
      socket.once('connect', () => {
        if (!trying.has(socket)) return
        end(socket)
        resolve(socket)
      })
      if (left.length > 0) timer = setTimeout(next, NEXT_AFTER_MS)
    }
    to.signal.addEventListener('abort', stop, { once: true })
    if (to.signal.aborted) stop()
    else next()
  })
}
