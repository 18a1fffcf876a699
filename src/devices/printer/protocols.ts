import { type Result, success } from '../../core/failure.ts'
import { asSecret, inClear } from '../../core/secret.ts'
import type { AtolPlace } from '../atol/client.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import { TOKENS_SERIES, tokensNoted } from '../noviapi/token-book.ts'
import { seenFromHere } from '../probe/from-here.ts'
import type { UsualPlace, Whereabouts } from './approach.ts'
import type { AskableProtocol, Visit } from './askable.ts'
import type { Asking, LineProtocol } from './protocol.ts'
import { dialledBy, lineOf, wayLost } from './read-by-way.ts'
import type { PrinterReading } from './reading.ts'

/** A protocol that can be asked for. */
export type PrinterProtocol = AskableProtocol<PrinterReading>

/** Loaded when a printer is asked by it: most commands ask none. */
type Protocol = (visit: Visit) => Promise<LineProtocol>

const onLine = (protocol: Protocol, usual: UsualPlace, oneAtATime: boolean): PrinterProtocol => ({
  usual,
  oneAtATime,
  read: async (visit, asking) => (await protocol(visit)).read(lineOf(visit, asking), asking),
})

type Web = (dial: Dial, to: Endpoint, visit: Visit, asking: Asking) => Promise<Result<PrinterReading>>

/** Servers of the web: many may ask at once, over TCP only. */
const onWeb = (port: number, read: Web): PrinterProtocol => ({
  usual: { port },
  oneAtATime: false,
  tcpOnly: true,
  read: async (visit, asking) => {
    const { dial, to } = dialledBy(visit)
    return read(dial, to, visit, asking)
  },
})

const RAW_PORT: UsualPlace = { port: 9100, baud: 9_600 }

/** By the names that inventories use. */
export const PROTOCOLS: Readonly<Record<string, PrinterProtocol>> = {
  atol: onWeb(16732, async (dial, to, { where }, asking) => {
    const { readAtol } = await import('../atol/client.ts')
    return readAtol(dial, { ...to, ...accountOf(where) }, asking)
  }),
  cpcl: onLine(async () => (await import('../label/cpcl.ts')).cpcl, RAW_PORT, true),
  cups: onWeb(631, async (dial, to, { where: { path, tls } }, asking) => {
    const { readCups } = await import('../ipp/cups-client.ts')
    return readCups(dial, { ...to, queue: path ?? '', tls: tls ?? false }, asking)
  }),
  daisy: onLine(async () => (await import('../datecs/client.ts')).daisy, { port: 4999, baud: 9_600 }, true),
  datecs: onLine(async () => (await import('../datecs/client.ts')).datecs, { port: 4999, baud: 9_600 }, true),
  'datecs-x': onLine(async () => (await import('../datecs/client.ts')).datecsX, { port: 4999, baud: 115_200 }, true),
  dpl: onLine(async () => (await import('../label/dpl.ts')).dpl, RAW_PORT, true),
  epl: onLine(async () => (await import('../label/epl.ts')).epl, RAW_PORT, true),
  'epson-fp': onWeb(80, async (dial, to, { where: { tls } }, asking) => {
    const { readEpsonFp } = await import('../epson-fp/client.ts')
    return readEpsonFp(dial, { ...to, tls: tls ?? false }, asking)
  }),
  escpos: onLine(async () => (await import('../escpos/client.ts')).escpos, RAW_PORT, true),
  ipp: onWeb(631, async (dial, to, { where: { path, tls } }, asking) => {
    const { readIpp } = await import('../ipp/client.ts')
    return readIpp(dial, { ...to, ...(path != null && { path }), tls: tls ?? false }, asking)
  }),
  noviapi: onWeb(8888, async (dial, to, { where: { tls }, ways }, asking) => {
    const now = ways.now().getTime()
    const noted = tokensNoted(await ways.history.samples(TOKENS_SERIES, new Date(now - 3_600_000)), now)
    const { readNoviApi } = await import('../noviapi/client.ts')
    return readNoviApi(dial, { ...to, tls: tls ?? false, tokensNoted: noted }, asking)
  }),
  'novitus-xml': onLine(
    async () => (await import('../novitus-xml/client.ts')).novitusXml,
    { port: 6001, baud: 9_600 },
    false,
  ),
  pjl: onLine(async () => (await import('../pjl/client.ts')).pjl, { port: 9100 }, true),
  posnet: onLine(async () => (await import('../posnet/client.ts')).posnet, { port: 6666, baud: 115_200 }, false),
  sbpl: onLine(async () => (await import('../label/sbpl.ts')).sbpl, RAW_PORT, true),
  shtrih: onLine(shtrihAs({}), { port: 7778, baud: 115_200 }, true),
  'shtrih-2': onLine(shtrihAs({ onlySecond: true }), { port: 7778, baud: 115_200 }, true),
  snmp: {
    usual: { port: 161 },
    oneAtATime: false,
    readsSilence: 'unknown',
    read: async ({ approach: { place, through }, where }, asking) => {
      if (place.kind !== 'tcp' || through === 'host') {
        return success(
          wayLost('snmp', 'SNMP is asked from the controller only: give the printer an address of its own.'),
        )
      }
      const community = where.community == null ? undefined : asSecret(where.community)
      const { readSnmp } = await import('../snmp/client.ts')
      const agent = { host: place.host, port: place.port, ...(community && { community }) }
      return seenFromHere(() => readSnmp(agent, asking))
    },
  },
  thermal: onLine(async () => (await import('../thermal/client.ts')).thermal, { port: 6001, baud: 9_600 }, true),
  tremol: onLine(async () => (await import('../tremol/client.ts')).tremol, { port: 8000, baud: 115_200 }, true),
  tspl: onLine(async () => (await import('../label/tspl.ts')).tspl, RAW_PORT, true),
  zebra: onLine(async () => (await import('../zebra/client.ts')).zebra, RAW_PORT, true),
}

const IPP_PORT = 631
const SNMP_PORT = 161

/** What it speaks is found out. `port` is that of the raw port. */
export const AUTO: PrinterProtocol = {
  usual: RAW_PORT,
  oneAtATime: true,
  read: async (visit, asking) => {
    const { readByKind } = await import('./read-by-kind.ts')
    const { place } = visit.approach
    const at = (name: 'ipp' | 'snmp', port: number): Promise<Result<PrinterReading>> => {
      const is = PROTOCOLS[name]
      if (!is || place.kind !== 'tcp')
        return Promise.resolve(success(wayLost(name, `${name} is spoken over TCP only.`)))
      return is.read({ ...visit, approach: { ...visit.approach, place: { ...place, port } } }, asking)
    }
    const questions = {
      ipp: () => at('ipp', IPP_PORT),
      snmp: () => at('snmp', SNMP_PORT),
      line: () => lineOf(visit, asking),
    }
    return readByKind(visit.ways.device.kind, questions, asking)
  },
}

function shtrihAs(how: { readonly onlySecond?: true }): Protocol {
  return async ({ where }) => (await import('../shtrih/client.ts')).shtrih({ password: operatorOf(where), ...how })
}

/** The number of an operator that may ask. Default: that of the factory. */
function operatorOf({ password }: Whereabouts): number | undefined {
  return password == null ? undefined : Number(inClear(password))
}

function accountOf({ user, password }: Whereabouts): Pick<AtolPlace, 'login'> {
  return user == null ? {} : { login: { user, password: asSecret(password ?? '') } }
}
