import { Interruption, type Result, success } from '../../core/failure.ts'
import { Secret } from '../../core/secret.ts'
import { escpos } from '../escpos/client.ts'
import { readIpp } from '../ipp/client.ts'
import { readCups } from '../ipp/cups-client.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import type { Line, LineState } from '../line/line.ts'
import { tcpLine } from '../line/tcp-line.ts'
import { novitusXml } from '../novitus-xml/client.ts'
import { pjl } from '../pjl/client.ts'
import { posnet } from '../posnet/client.ts'
import { shtrih } from '../shtrih/client.ts'
import { thermal } from '../thermal/client.ts'
import { zebra } from '../zebra/client.ts'
import { type Approach, nameOf, type UsualPlace, type Ways, type Whereabouts } from './approach.ts'
import type { Asking, LineProtocol } from './protocol.ts'
import type { PrinterReading } from './reading.ts'
import { notReached } from './unanswered.ts'

/** A protocol that can be asked for. */
export interface PrinterProtocol {
  readonly usual: UsualPlace
  /** Its port takes one connection at a time: silence may mean that somebody else is served. */
  readonly oneAtATime: boolean
  read(visit: Visit, asking: Asking): Promise<Result<PrinterReading>>
}

/** One visit to a printer. */
export interface Visit {
  readonly approach: Approach
  readonly ways: Ways
  readonly where: Whereabouts
}

const onLine = (protocol: LineProtocol, usual: UsualPlace, oneAtATime: boolean): PrinterProtocol => ({
  usual,
  oneAtATime,
  read: (visit, asking) => protocol.read(lineOf(visit, asking), asking),
})

type Web = (dial: Dial, to: Endpoint, visit: Visit, asking: Asking) => Promise<Result<PrinterReading>>

/** Servers of the web: many may ask at once, over TCP only. */
const onWeb = (port: number, read: Web): PrinterProtocol => ({
  usual: { port },
  oneAtATime: false,
  read: async (visit, asking) => {
    const { place, through } = visit.approach
    if (place.kind !== 'tcp') throw new Error(`a web service on ${place.path}`)
    const way = through === 'host' ? { through } : {}
    const dial: Dial = (to, timeoutMs) => visit.ways.dial({ host: to.host, port: to.port, ...way }, timeoutMs)
    return read(dial, { host: place.host, port: place.port }, visit, asking)
  },
})

/** By the names that inventories use. */
export const PROTOCOLS: Readonly<Record<string, PrinterProtocol>> = {
  cups: onWeb(631, (dial, to, { where: { path, tls } }, asking) =>
    readCups(dial, { ...to, queue: path ?? '', tls: tls ?? false }, asking),
  ),
  escpos: onLine(escpos, { port: 9100, baud: 9_600 }, true),
  ipp: onWeb(631, (dial, to, { where: { path, tls } }, asking) =>
    readIpp(dial, { ...to, ...(path != null && { path }), tls: tls ?? false }, asking),
  ),
  'novitus-xml': onLine(novitusXml, { port: 6001, baud: 9_600 }, false),
  pjl: onLine(pjl, { port: 9100 }, true),
  posnet: onLine(posnet, { port: 6666, baud: 115_200 }, false),
  shtrih: {
    usual: { port: 7778, baud: 115_200 },
    oneAtATime: true,
    read: (visit, asking) => shtrih(operatorOf(visit.where)).read(lineOf(visit, asking), asking),
  },
  thermal: onLine(thermal, { port: 6001, baud: 9_600 }, true),
  zebra: onLine(zebra, { port: 9100, baud: 9_600 }, true),
}

/** The number of an operator that may ask; that of the factory unless told. */
function operatorOf({ password }: Whereabouts): number | undefined {
  const text = password instanceof Secret ? password.reveal() : password
  return text == null ? undefined : Number(text)
}

/** The bytes of a visit, by whichever way it goes. */
function lineOf({ approach, ways }: Visit, asking: Asking): Line {
  const name = nameOf(approach, ways)
  const { place, through } = approach
  if (place.kind === 'tcp') {
    const to = { host: place.host, port: place.port, ...(through === 'host' && { through }) }
    return tcpLine({ name, budgetMs: asking.budgetMs, signal: ways.signal, dial: (ms) => ways.dial(to, ms) })
  }
  throw new Error(`no line to ${name}`)
}

/**
 * Asks a printer. What it says, and that it says nothing, is a reading; so is that the till before it cannot be reached.
 * A failure only where the step cannot go on.
 */
export async function readPrinter(
  protocol: { readonly name: string; readonly is: PrinterProtocol },
  visit: Visit,
  asking: Asking,
): Promise<Result<PrinterReading>> {
  try {
    const read = await protocol.is.read(visit, asking)
    if (read.ok || STOPPED.has(read.failure.code)) return read
    return success(wayLost(protocol.name, read.failure.message))
  } catch (error) {
    if (!(error instanceof Interruption) || STOPPED.has(error.failure.code)) throw error
    return success(wayLost(protocol.name, error.failure.message))
  }
}

const STOPPED: ReadonlySet<string> = new Set(['RUN_CANCELLED', 'RUN_LOST', 'INTERNAL_BUG', 'OBSERVE_TIMEOUT'])

function wayLost(protocol: string, detail: string): PrinterReading {
  return notReached(protocol, { state: 'unknown' satisfies LineState, replies: [], detail, ms: 0 })
}
