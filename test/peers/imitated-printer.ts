import { createServer } from 'node:net'
import type { Line, Turn } from '../../src/devices/line/line.ts'
import { tcpLine } from '../../src/devices/line/tcp-line.ts'
import type { Asking, LineProtocol } from '../../src/devices/printer/protocol.ts'
import type { PrinterReading } from '../../src/devices/printer/reading.ts'
import type { ImitatedPrinter, PrinterEmulator, PrinterFault } from '../../src/sandbox/printers/imitated-printer.ts'
import { dialPort, listening } from './dial.ts'

export interface RunningPrinter extends AsyncDisposable {
  readonly line: Line
  /** All bytes that ever reached it. */
  readonly received: () => Buffer
  readonly connections: () => number
}

export interface Imitated {
  readonly faults?: readonly PrinterFault[]
  readonly now?: () => Date
  readonly timeZone?: string
  readonly budgetMs?: number
}

/** An imitated printer on a port of this machine. */
export async function startPrinter(emulator: PrinterEmulator, options: Imitated = {}): Promise<RunningPrinter> {
  const printer: ImitatedPrinter = {
    name: 'printer',
    vendor: 'Vendor',
    model: 'MODEL ONE',
    serial: '0001234567',
    uniqueNumber: 'ABC 1234567890',
    faults: new Set(options.faults),
    now: options.now ?? (() => new Date()),
    timeZone: options.timeZone ?? 'Europe/Warsaw',
  }
  const received: Buffer[] = []
  let connections = 0
  const server = createServer({ noDelay: true }, (socket) => {
    connections++
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => received.push(chunk))
    emulator(socket, printer)
  })
  const port = await listening(server)
  return {
    line: tcpLine({ name: 'printer', dial: dialPort(port), budgetMs: options.budgetMs ?? 5_000 }),
    received: () => Buffer.concat(received),
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

export async function readPrinter(
  protocol: LineProtocol,
  line: Line,
  asking: Partial<Asking> = {},
): Promise<PrinterReading> {
  const read = await protocol.read(line, {
    now: () => new Date(),
    timeZone: 'Europe/Warsaw',
    budgetMs: 5_000,
    thorough: true,
    ...asking,
  })
  if (!read.ok) throw new Error(read.failure.message)
  return read.value
}

/** A line to nobody: what it answers to all that a turn sends is made up; what was sent is kept. */
export function scriptedLine(answer: (turn: Turn, index: number) => Uint8Array): { line: Line; sent: Uint8Array[] } {
  const sent: Uint8Array[] = []
  const line: Line = {
    name: 'script',
    converse: async (turns) => {
      const replies = turns.map((turn, index) => {
        sent.push(turn.send)
        const bytes = answer(turn, index)
        return { state: bytes.length === 0 ? ('silent' as const) : ('whole' as const), bytes, ms: 1 }
      })
      return { ok: true, value: { state: 'open', replies, detail: '', ms: 1 } }
    },
  }
  return { line, sent }
}
