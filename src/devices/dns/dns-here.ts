import { Resolver } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { filesWanting } from '../../files/want-here.ts'
import { deadline } from '../../load/deadline.ts'
import { type DnsAnswer, type DnsState, type DnsType, dnsAnswer, pointerName } from './answer.ts'

/** Of c-ares, as Node hands them on. */
const STATES: Readonly<Record<string, DnsState>> = {
  ENOTFOUND: 'nxdomain',
  ENODATA: 'no-data',
  ESERVFAIL: 'servfail',
  EREFUSED: 'refused',
  ENOTIMP: 'refused',
  ETIMEOUT: 'timed-out',
  ECANCELLED: 'timed-out',
  ECONNREFUSED: 'unreachable',
}

/** So many times the deadline c-ares waits by itself. */
const LONGER = 10

export interface DnsQuestion {
  readonly name: string
  readonly type: DnsType
  /** An address. Default: those of the system. */
  readonly server?: string
  readonly port?: number
  readonly timeoutMs: number
}

/** Asks a name server from this machine, once. Rejects where this machine has too little for it (`wantHere`). */
export async function resolveHere(question: DnsQuestion, signal: AbortSignal): Promise<DnsAnswer> {
  const { name, type, server, port = 53, timeoutMs } = question
  // Our own deadline ends it, which knows whether this machine has time.
  const resolver = new Resolver({ timeout: timeoutMs * LONGER, tries: 1 })
  if (server !== undefined) resolver.setServers([`${isIPv6(server) ? `[${server}]` : server}:${port}`])
  const stop = (): void => resolver.cancel()
  const callOff = deadline(timeoutMs, stop)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return dnsAnswer('resolved', await values(resolver, name, type))
  } catch (error) {
    const want = filesWanting()
    if (want !== undefined) throw want
    const { code = '', message } = error as NodeJS.ErrnoException
    return dnsAnswer(STATES[code] ?? 'error', [], message)
  } finally {
    callOff()
    signal.removeEventListener('abort', stop)
  }
}

async function values(resolver: Resolver, name: string, type: DnsType): Promise<string[]> {
  switch (type) {
    case 'A':
      return resolver.resolve4(name)
    case 'AAAA':
      return resolver.resolve6(name)
    case 'CNAME':
      return resolver.resolveCname(name)
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`)
    case 'TXT':
      // Node hands on bytes, a character each.
      return (await resolver.resolveTxt(name)).map((parts) => Buffer.from(parts.join(''), 'latin1').toString('utf8'))
    case 'PTR':
      return resolver.resolvePtr(pointerName(name))
  }
}
