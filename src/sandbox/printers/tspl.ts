import { ANSWERING_FAULTS, type ImitatedPrinter, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'

/** The faults that a printer of this protocol can show. */
export const TSPL_FAULTS: readonly PrinterFault[] = ['paper-out', 'cover-open', 'mechanism-error', ...ANSWERING_FAULTS]

const BITS: readonly (readonly [PrinterFault, number])[] = [
  ['cover-open', 0x01],
  ['paper-out', 0x04],
  ['mechanism-error', 0x80],
]
const ESC = '\x1b'
const QUESTION = new RegExp(`${ESC}!\\?|~!T`, 'g')
const LONGEST = 2

/** A label printer that speaks TSPL. Labels that it is sent go nowhere. */
export const tsplEmulator: PrinterEmulator = (socket, printer) => {
  if (printer.faults.has('printer-busy')) {
    socket.destroy()
    return
  }
  let held = ''
  socket.on('data', (chunk) => {
    held += chunk.toString('latin1')
    const questions = held.match(QUESTION) ?? []
    held = held.slice(held.length - Math.min(LONGEST, held.length)).replace(QUESTION, '')
    for (const question of questions) {
      if (printer.faults.has('printer-hung') && socket.bytesWritten > 0) return
      if (!printer.faults.has('printer-silent')) socket.write(answerTo(question, printer))
    }
  })
}

function answerTo(question: string, { faults, model }: ImitatedPrinter): Buffer {
  if (faults.has('printer-garbage')) return Buffer.from('Syntax error\r\n')
  if (question === '~!T') return Buffer.from(`${model}\r`, 'latin1')
  return Buffer.of(BITS.reduce((byte, [fault, bit]) => (faults.has(fault) ? byte | bit : byte), 0))
}
