import type { ErrorCode } from '../../core/error-catalog.ts'

/** How an attempt to reach something over the network ended. */
export const REACH_STATES = ['open', 'refused', 'timed-out', 'unreachable', 'name-not-found', 'reset', 'error'] as const
export type ReachState = (typeof REACH_STATES)[number]

const CODES: Readonly<Record<string, ReachState>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timed-out',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'name-not-found',
  EAI_AGAIN: 'name-not-found',
  EAI_NODATA: 'name-not-found',
  EAI_FAIL: 'name-not-found',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
}

/** The state that an error of Node's network functions stands for. Of several attempts the first that says something counts. */
export function reachStateOf(error: unknown): ReachState {
  if (error instanceof AggregateError) {
    const states = error.errors.map(reachStateOf)
    return states.find((state) => state !== 'error' && state !== 'unreachable') ?? states[0] ?? 'error'
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return CODES[code] ?? 'error'
}

const FAILURES: Readonly<Partial<Record<ErrorCode, ReachState>>> = {
  CONNECT_REFUSED: 'refused',
  CONNECT_TIMEOUT: 'timed-out',
  CONNECT_UNREACHABLE: 'unreachable',
  CONNECT_RESET: 'reset',
  RESOLVE_FAILED: 'name-not-found',
}

/** The state that a failure to connect stands for; undefined for others, such as a gateway that could not be used. */
export function reachStateOfFailure(code: ErrorCode): Exclude<ReachState, 'open' | 'error'> | undefined {
  return FAILURES[code] as Exclude<ReachState, 'open' | 'error'> | undefined
}

const WORDS: readonly (readonly [RegExp, ReachState])[] = [
  [/connection refused/i, 'refused'],
  [/no route to host|(network|host) (is )?(unreachable|down)|cannot assign requested address/i, 'unreachable'],
  [/timed out|timeout|operation now in progress/i, 'timed-out'],
  [
    /not known|bad address|name resolution|could(n't| not) resolve|unable to resolve|resolve host|host not found|unknown host|no address|lookup failed/i,
    'name-not-found',
  ],
  [/connection reset|broken pipe/i, 'reset'],
]

/** The state that a device's program puts into words (C locale; nc, bash, curl, wget, ping and busybox's own). */
export function reachStateInWords(text: string): ReachState {
  return WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? 'error'
}

/** Windows Sockets error codes; 0: it worked. */
const SOCKET_CODES: Readonly<Record<number, ReachState>> = {
  0: 'open',
  10049: 'unreachable',
  10050: 'unreachable',
  10051: 'unreachable',
  10054: 'reset',
  10060: 'timed-out',
  10061: 'refused',
  10064: 'unreachable',
  10065: 'unreachable',
  11001: 'name-not-found',
  11002: 'name-not-found',
  11003: 'name-not-found',
  11004: 'name-not-found',
}

/** The state that an error code of a Windows socket stands for. */
export function reachStateOfSocket(code: number): ReachState {
  return SOCKET_CODES[code] ?? 'error'
}

/** A host name or an address: nothing that a program could take for an option or a second word. */
export const HOST_PATTERN = '^[A-Za-z0-9_:\\[][A-Za-z0-9_.:%\\[\\]-]*$'

/** A sentence on how an attempt ended, with where it went. */
export function reachSentence(state: ReachState, where: string, detail: string): string {
  switch (state) {
    case 'open':
      return `"${where}" accepts connections.`
    case 'refused':
      return `"${where}" refused the connection: the machine answers, but nothing listens there.`
    case 'timed-out':
      return `"${where}" did not answer in time: off, disconnected, or a firewall drops packets.`
    case 'unreachable':
      return `There is no route to "${where}".`
    case 'name-not-found':
      return `The name in "${where}" does not resolve.`
    case 'reset':
      return `"${where}" broke the connection off.`
    case 'error':
      return `"${where}" could not be asked: ${detail}`
  }
}
