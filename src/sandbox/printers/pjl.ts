import {
  ANSWERING_FAULTS,
  type ImitatedPrinter,
  MECHANISM_FAULTS,
  type PrinterEmulator,
  type PrinterFault,
  type PrinterSocket,
} from './imitated-printer.ts'

/** The faults that a printer of this protocol can show. */
export const PJL_FAULTS: readonly PrinterFault[] = [...MECHANISM_FAULTS, 'paper-low', ...ANSWERING_FAULTS]

/** Codes of faults; the display speaks Polish, as it would in a shop there. */
const STATES: readonly (readonly [PrinterFault, number, string, boolean])[] = [
  ['cover-open', 40_021, 'Zamknij pokryw\xea', false],
  ['mechanism-error', 50_001, 'B\xb3\xb1d fusera', false],
  ['cutter-error', 42_013, 'Zaci\xeacie papieru', false],
  ['paper-out', 41_213, 'W\xb3\xf3\xbf papier', false],
  ['paper-low', 11_100, 'Podajnik 2 pusty', true],
]

/** An office printer that speaks PJL. Jobs that it is sent go nowhere. */
export const pjlEmulator: PrinterEmulator = (socket, printer) => {
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
      const [, question] = /@PJL INFO ([A-Z]+)/.exec(line) ?? []
      if (question !== undefined) answer(socket, question, printer)
    }
  })
}

function answer(socket: PrinterSocket, question: string, printer: ImitatedPrinter): void {
  const { faults } = printer
  if (faults.has('printer-silent')) return
  if (faults.has('printer-garbage')) {
    socket.write('<html><body>404</body></html>\f')
    return
  }
  const whole = Buffer.from(`@PJL INFO ${question}\r\n${bodyOf(question, printer)}\r\n\f`, 'latin1')
  if (faults.has('printer-hung')) {
    if (socket.bytesWritten === 0) socket.write(whole.subarray(0, 25))
    return
  }
  // As its network card cuts it.
  socket.write(whole.subarray(0, 20))
  socket.write(whole.subarray(20))
}

function bodyOf(question: string, printer: ImitatedPrinter): string {
  switch (question) {
    case 'STATUS': {
      const [, code, display, isOnline] = STATES.find(([fault]) => printer.faults.has(fault)) ?? [
        '',
        10_001,
        'Gotowe',
        true,
      ]
      return `CODE=${code}\r\nDISPLAY="${display}"\r\nONLINE=${isOnline ? 'TRUE' : 'FALSE'}`
    }
    case 'ID':
      return `"${printer.model}"`
    case 'PAGECOUNT':
      return `PAGECOUNT=${41_000 + (printer.serial.length % 10)}`
    default:
      return '"?"'
  }
}
