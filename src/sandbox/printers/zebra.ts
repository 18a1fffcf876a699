import {
  ANSWERING_FAULTS,
  type ImitatedPrinter,
  MECHANISM_FAULTS,
  type PrinterEmulator,
  type PrinterFault,
  type PrinterSocket,
} from './imitated-printer.ts'

/** The faults that a printer of this protocol can show. */
export const ZEBRA_FAULTS: readonly PrinterFault[] = [...MECHANISM_FAULTS, 'paper-low', ...ANSWERING_FAULTS]

const ERRORS: readonly (readonly [PrinterFault, number])[] = [
  ['paper-out', 0x1],
  ['cover-open', 0x4],
  ['cutter-error', 0x8],
  ['mechanism-error', 0x4000],
]

/** A label printer that speaks ZPL. Labels that it is sent go nowhere. */
export const zebraEmulator: PrinterEmulator = (socket, printer) => {
  if (printer.faults.has('printer-busy')) {
    socket.destroy()
    return
  }
  let held = ''
  socket.on('data', (chunk) => {
    held += chunk.toString('latin1')
    const lines = held.split('\n')
    held = (lines.pop() ?? '').slice(-4096)
    for (const line of lines) {
      const answer = printer.faults.has('printer-silent') ? undefined : answerTo(line.trim(), printer)
      if (answer !== undefined) say(socket, answer, printer)
    }
  })
}

function say(socket: PrinterSocket, answer: string, { faults }: ImitatedPrinter): void {
  if (faults.has('printer-garbage')) socket.write('?? unknown command\r\n')
  else if (!faults.has('printer-hung')) socket.write(answer, 'latin1')
  else if (socket.bytesWritten === 0) socket.write(answer.slice(0, 30), 'latin1')
}

function answerTo(question: string, printer: ImitatedPrinter): string | undefined {
  const { faults } = printer
  if (question === '~HI') return `\x02${printer.model},V93.21.23Z,8,8192KB\x03\r\n`
  if (question === '~HQES') return state(faults)
  // It says nothing then, and that is all it says.
  const isMute = faults.has('paper-out') || faults.has('cover-open')
  return question === '~HS' && !isMute ? STATUS : undefined
}

const STATUS =
  '\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n'

function state(faults: ReadonlySet<PrinterFault>): string {
  const errors = ERRORS.reduce((sum, [fault, bit]) => (faults.has(fault) ? sum | bit : sum), 0)
  const word = (value: number): string =>
    `${value === 0 ? 0 : 1} 00000000 ${value.toString(16).toUpperCase().padStart(8, '0')}`
  const warnings = faults.has('paper-low') ? 0x8 : 0
  return `\x02\r\n\r\n  PRINTER STATUS\r\n   ERRORS:         ${word(errors)}\r\n   WARNINGS:       ${word(warnings)}\r\n\x03\r\n`
}
