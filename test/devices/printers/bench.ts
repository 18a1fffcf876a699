import { createServer, type Server, type Socket } from 'node:net'
import type { Line } from '../../../src/devices/line/line.ts'
import { tcpLine } from '../../../src/devices/line/tcp-line.ts'
import type { Asking, LineProtocol } from '../../../src/devices/printer/protocol.ts'
import type { PrinterReading } from '../../../src/devices/printer/reading.ts'
import type { ImitatedPrinter, PrinterEmulator, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { dialPort, listening } from '../../peers/dial.ts'

export const ASKING: Asking = {
  now: () => new Date('2026-05-04T10:00:00Z'),
  timeZone: 'Europe/Warsaw',
  budgetMs: 1_200,
  thorough: false,
}

export function printerWith(...faults: readonly PrinterFault[]): ImitatedPrinter {
  return {
    name: 'PL-0001/receipt1',
    vendor: 'EPSON',
    model: 'TM-T88V',
    serial: 'M1TF012345',
    uniqueNumber: 'WTE2101000001',
    faults: new Set(faults),
    now: ASKING.now,
    timeZone: ASKING.timeZone,
  }
}

/** Printers on ports of this machine, until `close`. */
export class Bench {
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  /** Everything that was sent to them, in order. */
  readonly heard: Buffer[] = []

  /** Resolves to its port: a free one, unless it is told where. */
  async start(act: (socket: Socket) => void, at?: { readonly host: string; readonly port: number }): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => this.heard.push(chunk))
      act(socket)
    })
    this.#servers.push(server)
    return listening(server, at)
  }

  async line(emulator: PrinterEmulator, printer: ImitatedPrinter, budgetMs = ASKING.budgetMs): Promise<Line> {
    return lineTo(await this.start((socket) => emulator(socket, printer)), budgetMs)
  }

  /** What a client makes of a printer with these faults. */
  async read(
    protocol: LineProtocol,
    emulator: PrinterEmulator,
    ...faults: readonly PrinterFault[]
  ): Promise<PrinterReading> {
    return reading(protocol, await this.line(emulator, printerWith(...faults)))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

export function lineTo(port: number, budgetMs = ASKING.budgetMs): Line {
  return tcpLine({ name: `127.0.0.1:${port}`, dial: dialPort(port), budgetMs })
}

export async function reading(protocol: LineProtocol, line: Line, asking = ASKING): Promise<PrinterReading> {
  const read = await protocol.read(line, asking)
  if (!read.ok) throw new Error(read.failure.message)
  return read.value
}

/** A line that answers with these bytes, turn by turn, as if they had come whole. */
export function lineSaying(...answers: readonly (Uint8Array | string)[]): Line & { readonly sent: Buffer[] } {
  const sent: Buffer[] = []
  return {
    name: 'spoken',
    sent,
    async converse(turns) {
      const replies = []
      for (const [at, turn] of turns.entries()) {
        sent.push(Buffer.from(turn.send))
        const answer = answers[at]
        const bytes = typeof answer === 'string' ? Buffer.from(answer, 'latin1') : (answer ?? new Uint8Array())
        replies.push({ state: bytes.length > 0 ? ('whole' as const) : ('silent' as const), bytes, ms: 1 })
        if (bytes.length === 0 && !turn.optional) break
      }
      return { ok: true, value: { state: 'open', replies, detail: '', ms: 1 } }
    },
  }
}

/** Names of what is the matter. */
export function names({ conditions }: PrinterReading): readonly string[] {
  return conditions.map(({ name }) => name)
}
