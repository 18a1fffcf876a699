import {
  ANSWERING_FAULTS,
  type ImitatedPrinter,
  MECHANISM_FAULTS,
  type PrinterEmulator,
  type PrinterFault,
} from './imitated-printer.ts'

/** The faults that a printer of this protocol can show. */
export const THERMAL_FAULTS: readonly PrinterFault[] = [...MECHANISM_FAULTS, 'receipt-open', ...ANSWERING_FAULTS]

const [DLE, ENQ] = [0x10, 0x05]

/** A fiscal printer that speaks Thermal: it answers DLE and ENQ at once, whatever else comes. */
export const thermalEmulator: PrinterEmulator = (socket, printer) => {
  if (printer.faults.has('printer-busy')) {
    socket.destroy()
    return
  }
  socket.on('data', (chunk) => {
    for (const byte of chunk) {
      const answer = answerTo(byte, printer)
      if (answer !== undefined) socket.write(answer)
    }
  })
}

function answerTo(byte: number, printer: ImitatedPrinter): Buffer | undefined {
  const { faults } = printer
  if ((byte !== DLE && byte !== ENQ) || faults.has('printer-silent')) return undefined
  if (faults.has('printer-garbage')) return Buffer.from('ERR 404\r\n')
  if (byte === DLE) return Buffer.of(printerByte(printer))
  return faults.has('printer-hung') ? undefined : Buffer.of(fiscalByte(printer))
}

function printerByte({ faults }: ImitatedPrinter): number {
  const isBlocked = faults.has('paper-out') || faults.has('cover-open')
  const hasError = faults.has('mechanism-error') || faults.has('cutter-error')
  return 0x70 | (isBlocked || hasError ? 0 : 0x04) | (isBlocked ? 0x02 : 0) | (hasError ? 0x01 : 0)
}

function fiscalByte({ faults }: ImitatedPrinter): number {
  return 0x60 | 0x08 | 0x04 | (faults.has('receipt-open') ? 0x02 : 0x01)
}
