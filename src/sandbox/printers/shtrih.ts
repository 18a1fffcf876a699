import { encodeFrame, framesIn, START } from '../../devices/shtrih/frame-2.ts'
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
  'storage-dead',
  'storage-critical',
  'storage-closed',
  'waiting-for-user',
  'unknown-error',
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

/** The number that each printer of protocol 2 has come to, and what it said last. */
const reached = new WeakMap<ImitatedPrinter, { readonly number: number; readonly said: Buffer }>()
const FIRST_NUMBER = 0x8f9e

/** The same printer by protocol 2. It is deaf to ENQ, and repeats what it said last when the number is the last one. */
export const shtrih2Emulator: PrinterEmulator = (socket, printer) => {
  if (printer.faults.has('printer-busy')) {
    socket.destroy()
    return
  }
  let held = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    for (let start = held.indexOf(START); start >= 0; start = held.indexOf(START)) {
      const next = held.indexOf(START, start + 1)
      const part = held.subarray(start, next < 0 ? held.length : next)
      const answer = printer.faults.has('printer-silent') ? undefined : answerTo(part, printer)
      if (answer) say(socket, printer, answer)
      if (!answer && next < 0 && part.length < 64) return
      held = held.subarray(start + part.length)
    }
  })
}

/** Undefined for what is cut or damaged. */
function answerTo(part: Buffer, printer: ImitatedPrinter): Buffer | undefined {
  const last = reached.get(printer) ?? { number: FIRST_NUMBER, said: Buffer.alloc(0) }
  const asksNumber = part.subarray(1).equals(Buffer.of(0, 0, 0x0f, 0x1d))
  if (asksNumber) return Buffer.from(encodeFrame(last.number, Buffer.alloc(0)))
  const [frame] = framesIn(part)
  if (!frame) return undefined
  if (frame.number === last.number) return last.said
  const said = Buffer.from(encodeFrame(frame.number, shtrihAnswer(frame.data, printer)))
  reached.set(printer, { number: frame.number, said })
  return said
}

function say(socket: PrinterSocket, { faults }: ImitatedPrinter, bytes: Buffer): void {
  if (faults.has('printer-garbage')) socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
  else if (!faults.has('printer-hung')) socket.write(bytes)
  else if (socket.bytesWritten < 4) socket.write(bytes.subarray(0, 4))
}
