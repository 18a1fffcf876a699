import { fail, type Result } from '../../core/failure.ts'
import { inClear, type Secret } from '../../core/secret.ts'
import type { Ways, Whereabouts } from '../printer/approach.ts'
import type { AskableProtocol } from '../printer/askable.ts'
import { dialledBy, lineOf } from '../printer/read-by-way.ts'
import { type Sighting, sight } from '../printer/sight.ts'
import type { TerminalReading } from './reading.ts'

/** Where a terminal is, and what it wants to know of who asks. */
export interface TerminalPlace extends Pick<Whereabouts, 'address' | 'port' | 'through' | 'timeout_ms' | 'tls'> {
  readonly protocol: string
  readonly terminal_id?: string | null
  readonly sale_id?: string | null
  readonly password?: string | Secret | null
  readonly status_enquiry?: boolean | null
  readonly key?: { readonly identifier: string; readonly version: number; readonly passphrase: string | Secret } | null
}

/** A terminal serves one till at a time, and a second connection may be refused: that says nothing bad of it. */
const ONE_AT_A_TIME = { oneAtATime: true, tcpOnly: true } as const
type Protocol = (place: TerminalPlace) => AskableProtocol<TerminalReading>

const SALE_ID = 'tillwright'

/** By the names that inventories use. None has a question that starts, cancels or repeats a payment. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  'ecr-eft': () => ({
    usual: { port: 0 },
    ...ONE_AT_A_TIME,
    read: async (visit, asking) => (await import('../ecr-eft/client.ts')).readEcrEft(lineOf(visit, asking), asking),
  }),
  ecr17: ({ terminal_id: id }) => ({
    usual: { port: 0 },
    ...ONE_AT_A_TIME,
    read: async (visit, asking) =>
      (await import('../ecr17/client.ts')).readEcr17(lineOf(visit, asking), asking, id ?? undefined),
  }),
  nexo: (place) => ({
    usual: { port: 8443 },
    oneAtATime: false,
    tcpOnly: true,
    read: async (visit, asking) => {
      const { dial, to } = dialledBy(visit)
      const { tls, terminal_id: terminal, sale_id: sale, key } = place
      const secret = key && { ...key, passphrase: inClear(key.passphrase) }
      const names = { terminal: terminal ?? '', sale: sale ?? SALE_ID, ...(secret && { key: secret }) }
      return (await import('../nexo/client.ts')).readNexo(dial, { ...to, tls: tls ?? true, ...names }, asking)
    },
  }),
  zvt: ({ password, status_enquiry: enquire }) => ({
    usual: { port: 20007 },
    ...ONE_AT_A_TIME,
    read: async (visit, asking) => {
      const digits = password == null ? undefined : inClear(password)
      const how = { enquire: enquire ?? false, password: digits }
      return (await import('../zvt/client.ts')).readZvt(lineOf(visit, asking), asking, how)
    },
  }),
}

export const TERMINAL_PROTOCOLS: readonly string[] = Object.keys(PROTOCOLS)

/** Asks a terminal. A failure where the parameters do not say enough, or the step cannot go on. */
export async function askTerminal(place: TerminalPlace, ways: Ways): Promise<Result<Sighting<TerminalReading>>> {
  const { protocol } = place
  const is = PROTOCOLS[protocol]?.(place)
  if (!is) return invalid(`There is no protocol "${protocol}". There are: ${TERMINAL_PROTOCOLS.join(', ')}.`)
  if (place.port == null && is.usual.port === 0) {
    return invalid(`"${protocol}" has no usual port: say the \`port\` that the terminal is set to.`)
  }
  if (protocol === 'nexo' && (place.terminal_id ?? '') === '') {
    return invalid('"nexo" wants to know the terminal: say its `terminal_id` (POIID), such as V400m-346403161.')
  }
  return sight({ name: protocol, is }, place, ways, { thorough: false })
}

function invalid(message: string): Result<never> {
  return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
}
