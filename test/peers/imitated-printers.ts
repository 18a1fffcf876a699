import { createServer, type Socket } from 'node:net'
import { success } from '../../src/core/failure.ts'
import type { Dial } from '../../src/devices/line/dial.ts'
import type { Asking } from '../../src/devices/printer/protocol.ts'
import type { ImitatedPrinter, PrinterEmulator, PrinterFault } from '../../src/sandbox/printers/imitated-printer.ts'
import { dialHere } from './dial.ts'

/** A printer of the sandbox that listens on loopback, and keeps what it was sent. */
export interface ListeningPrinter {
  readonly host: string
  readonly port: number
  /** Changes while it runs. */
  readonly faults: Set<PrinterFault>
  readonly printer: ImitatedPrinter
  /** Dials it, and keeps what is sent. */
  readonly dial: Dial
  /** All bytes that were sent by `dial`, as latin1. */
  received(): string
  stop(): Promise<void>
}

export const NOON = new Date('2026-11-25T11:00:00Z')

export async function listen(
  emulator: PrinterEmulator,
  about: Partial<ImitatedPrinter> = {},
): Promise<ListeningPrinter> {
  const faults = new Set<PrinterFault>(about.faults)
  const printer: ImitatedPrinter = {
    name: 'PL-0001/printer1',
    vendor: 'Novitus',
    model: 'HD II Online',
    serial: 'SN0001',
    uniqueNumber: 'EAA2101234567',
    now: () => NOON,
    timeZone: 'Europe/Warsaw',
    ...about,
    faults,
  }
  const sockets = new Set<Socket>()
  let received = ''
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    emulator(socket, printer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    faults,
    printer,
    received: () => received,
    dial: async (to, timeoutMs) => {
      const dialled = await dialHere(to, timeoutMs)
      if (!dialled.ok) return dialled
      const stream = dialled.value
      const write = (data: Uint8Array): void => {
        received += Buffer.from(data).toString('latin1')
        stream.write(data)
      }
      return success({ ...stream, write })
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function asking(more: Partial<Asking> = {}): Asking {
  return { now: () => NOON, timeZone: 'Europe/Warsaw', budgetMs: 3000, thorough: true, ...more }
}
