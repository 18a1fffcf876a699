import { execFile } from 'node:child_process'
import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { filesWanting } from '../../files/want-here.ts'

/** The system has answered by then, unless a name server is silent. */
const USUAL_MS = 500

/** Status of getent(1) for what is not to be found. */
const NOT_FOUND = 2

/** Look-ups of this thread that have waited for longer than is usual. */
const overdue = new Set<object>()

/**
 * The addresses of a name, as the system knows it (nsswitch.conf), numbers included. Whoever asks sets the deadline.
 * Rejects with an error that `wantHere` knows where this machine has too little for asking.
 *
 * Node has getaddrinfo(3) run on its pool of threads, two at a time in the whole process (libuv, `UV__WORK_SLOW_IO`), and
 * cannot call it off: two names whose server is silent would keep every other name waiting. So while one is overdue, names
 * are asked by getent(1) too, which is a process each and can be ended.
 */
export async function lookUp(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  const family = isIP(name)
  if (family !== 0) return [{ address: name, family }]
  if (overdue.size === 0) return usually(name, signal)
  try {
    return await byProcess(name, signal)
  } catch (error) {
    if (isFinal(error as Error)) throw error
    return byPool(name)
  }
}

/**
 * Options for what opens its socket by itself: names by `lookUp`, and for each address but the last a third of the time,
 * where Node gives a quarter of a second, in which a slow line does not answer.
 */
export function slowAddresses(limits: { readonly timeoutMs: number; readonly signal: AbortSignal }): {
  readonly lookup: LookupFunction
  readonly autoSelectFamily: true
  readonly autoSelectFamilyAttemptTimeout: number
} {
  return {
    lookup: (name, options, answer) => {
      lookUp(name, limits.signal).then(
        (addresses) => {
          const [first] = addresses
          if (options.all || !first) answer(null, [...addresses])
          else answer(null, first.address, first.family)
        },
        (error: Error) => answer(error, []),
      )
    },
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.max(250, Math.round(limits.timeoutMs / 3)),
  }
}

/** By the pool; where that is overdue, by whatever answers first. */
function usually(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    const asked = {}
    const late = setTimeout(() => {
      overdue.add(asked)
      byProcess(name, signal).then(resolve, (error: Error) => isFinal(error) && reject(error))
    }, USUAL_MS)
    byPool(name)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(late)
        overdue.delete(asked)
      })
  })
}

function byPool(name: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, addresses) => (error ? reject(filesWanting() ?? error) : resolve(addresses)))
  })
}

function byProcess(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  if (name.startsWith('-')) return Promise.reject(new Error('getent would take it for an option'))
  return new Promise((resolve, reject) => {
    execFile('getent', ['ahosts', name], { signal }, (error, stdout) => {
      const lines = stdout.matchAll(/^(\S+)\s+STREAM\b/gm)
      const addresses = [...lines].map(([, address = '']) => ({ address, family: isIP(address) }))
      if (!error && addresses.length > 0) resolve(addresses)
      else if (error?.code === NOT_FOUND) reject(notFound(name))
      else reject(error ?? new Error('getent said nothing'))
    })
  })
}

/** Its word counts; where there is no getent, or another one, the pool has to know. */
function isFinal(error: Error): boolean {
  return error.name === 'AbortError' || ('code' in error && error.code === 'ENOTFOUND')
}

function notFound(name: string): Error {
  return Object.assign(new Error(`getent ENOTFOUND ${name}`), { code: 'ENOTFOUND' })
}
