import { framed, POLL, STATUS } from '../../devices/tremol/codec.ts'
import { ANSWERING_FAULTS, type ImitatedPrinter, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'

/** The faults that a device of this protocol can show. */
export const TREMOL_FAULTS: readonly PrinterFault[] = [
  'paper-out',
  'paper-low',
  'cover-open',
  'receipt-open',
  'fiscal-memory-full',
  'fiscal-memory-low',
  'protected-memory-full',
  'clock-wrong',
  ...ANSWERING_FAULTS,
]

/** Bits of faults in the status: byte, bit. With its cover open an FP-28 says that it has no paper. */
const BITS: Readonly<Partial<Record<PrinterFault, readonly [number, number]>>> = {
  'paper-out': [1, 0],
  'cover-open': [1, 0],
  'paper-low': [6, 4],
  'receipt-open': [2, 1],
  'fiscal-memory-full': [3, 2],
  'fiscal-memory-low': [3, 3],
  'protected-memory-full': [2, 6],
  'clock-wrong': [0, 4],
}
/** As it was captured on an FP-28 (test of its driver in t-core-one/ErpNet.FP.js). */
const WELL: readonly number[] = [0x80, 0x80, 0x80, 0xf0, 0xa1, 0x80, 0x80]
const [READY, BUSY, NO_PAPER] = [0x40, 0x01, 0x02]
const STX = 0x02

/** A fiscal device of Tremol: it answers the short question and that for its status, and knows no other command. */
export const tremolEmulator: PrinterEmulator = (socket, printer) => {
  let held: number[] = []
  socket.on('data', (chunk) => {
    for (const byte of chunk) {
      if (held.length === 0 && byte === POLL) say(polledBy(printer))
      if (held.length > 0 || byte === STX) held.push(byte)
      if (held.length !== 7) continue
      say(statusBy(held, printer))
      held = []
    }
  })
  const say = (answer: Buffer): void => {
    const { faults } = printer
    if (faults.has('printer-silent')) return
    socket.write(faults.has('printer-garbage') ? Buffer.from('ERR 404\r\n') : answer)
  }
}

function polledBy({ faults }: ImitatedPrinter): Buffer {
  const isEmpty = faults.has('paper-out') || faults.has('cover-open')
  return Buffer.of(READY | (faults.has('printer-busy') ? BUSY : 0) | (isEmpty ? NO_PAPER : 0))
}

function statusBy(frame: readonly number[], { faults }: ImitatedPrinter): Buffer {
  const [, , number = 0] = frame
  if (Buffer.compare(Buffer.from(frame), framed(number, STATUS)) !== 0) return Buffer.of(0x15)
  const status = [...WELL]
  for (const bit of [...faults].flatMap((fault) => (BITS[fault] ? [BITS[fault]] : []))) {
    status[bit[0]] = (status[bit[0]] ?? 0) | (1 << bit[1])
  }
  const answer = Buffer.from(framed(number, STATUS, status))
  return faults.has('printer-hung') ? answer.subarray(0, 6) : answer
}
