import { ACK, ENQ, lrc, NAK, STX } from '../../devices/shtrih/questions.ts'
import type { ImitatedPrinter, PrinterEmulator, PrinterFault, PrinterSocket } from './imitated-printer.ts'
import { shtrihAnswer } from './shtrih-answers.ts'

/** The faults that a printer of this protocol can show. */
export const SHTRIH_FAULTS: readonly PrinterFault[] = [
  'paper-out',
  'cover-open',
  'printer-busy',
  'printer-silent',
  'printer-garbage',
  'printer-hung',
  'receipt-open',
  'no-receipts',
  'certificate-expired',
  'certificate-expiring',
  'documents-unsent',
  'fiscal-memory-low',
  'day-not-closed',
  'clock-wrong',
  'wrong-identity',
]

/** An answer that nobody has acknowledged yet: the next who asks gets it, whoever it is. */
const waiting = new WeakMap<ImitatedPrinter, Buffer>()

/** A Shtrih-M printer with fiscal storage, protocol 1: answers questions, and knows no command that would do anything. */
export const shtrihEmulator: PrinterEmulator = (socket, printer) => {
  if (printer.faults.has('printer-busy')) {
    socket.destroy()
    return
  }
  let held = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    for (let length = partLength(held); length > 0; length = partLength(held)) {
      if (!printer.faults.has('printer-silent')) take(held.subarray(0, length), socket, printer)
      held = held.subarray(length)
    }
  })
}

/** One control byte or one whole frame; 0 while more has to come. */
function partLength(bytes: Buffer): number {
  if (bytes[0] !== STX) return Math.min(bytes.length, 1)
  const length = (bytes[1] ?? 0) + 3
  return bytes[1] !== undefined && bytes.length >= length ? length : 0
}

function take(part: Buffer, socket: PrinterSocket, printer: ImitatedPrinter): void {
  const kept = waiting.get(printer)
  if (part[0] === ACK) waiting.delete(printer)
  else if (part[0] === ENQ) say(socket, printer, kept ? Buffer.concat([Buffer.of(ACK), kept]) : Buffer.of(NAK))
  else if (part[0] === STX) takeFrame(part, socket, printer)
}

function takeFrame(frame: Buffer, socket: PrinterSocket, printer: ImitatedPrinter): void {
  const counted = frame.subarray(1, -1)
  if (lrc(counted) !== frame.at(-1)) {
    say(socket, printer, Buffer.of(NAK))
    return
  }
  const body = shtrihAnswer(counted.subarray(1), printer)
  const answer = Buffer.concat([Buffer.of(body.length), body])
  const framed = Buffer.concat([Buffer.of(STX), answer, Buffer.of(lrc(answer))])
  waiting.set(printer, framed)
  say(socket, printer, Buffer.concat([Buffer.of(ACK), framed]))
}

function say(socket: PrinterSocket, { faults }: ImitatedPrinter, bytes: Buffer): void {
  if (faults.has('printer-garbage')) socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
  else if (!faults.has('printer-hung')) socket.write(bytes)
  else if (socket.bytesWritten < 4) socket.write(bytes.subarray(0, 4))
}
