import {
  ANSWERING_FAULTS,
  type ImitatedPrinter,
  MECHANISM_FAULTS,
  type PrinterEmulator,
  type PrinterFault,
  type PrinterSocket,
} from './imitated-printer.ts'

/** The faults that a printer of this protocol can show. */
export const ESCPOS_FAULTS: readonly PrinterFault[] = [...MECHANISM_FAULTS, 'paper-low', ...ANSWERING_FAULTS]

const [DLE, EOT, ENQ, ESC, GS] = [0x10, 0x04, 0x05, 0x1b, 0x1d]
/** Commands whose parameters may look like other commands: how many bytes stand behind their two. */
const PARAMETERS: Readonly<Record<string, number>> = {
  [`${ESC},74`]: 1,
  [`${ESC},97`]: 1,
  [`${GS},97`]: 1,
  [`${GS},114`]: 1,
}

/** A receipt printer that speaks ESC/POS: real-time status, automatic status, its name. What is printed goes nowhere. */
export const escposEmulator: PrinterEmulator = (socket, printer) => {
  if (printer.faults.has('printer-busy')) {
    socket.destroy()
    return
  }
  let held = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    held = held.subarray(consume(held, socket, printer))
  })
}

/** Acts on every whole command, and returns how many bytes it is done with. */
function consume(bytes: Buffer, socket: PrinterSocket, printer: ImitatedPrinter): number {
  let at = 0
  while (at < bytes.length) {
    const length = commandLength(bytes.subarray(at))
    if (length === undefined) break
    const answer = answerTo(bytes.subarray(at, at + length), printer)
    if (answer && !printer.faults.has('printer-silent')) say(socket, answer, printer)
    at += length
  }
  return at
}

/** Undefined while more has to come. */
function commandLength(bytes: Buffer): number | undefined {
  const [first, second] = bytes
  const starts = [DLE, ESC, GS].includes(first ?? -1)
  if (!starts) return 1
  if (second === undefined) return undefined
  const isRealTime = first === DLE && (second === EOT || second === ENQ)
  const more = isRealTime || (first === GS && second === 0x49) ? 1 : (PARAMETERS[`${first},${second}`] ?? 0)
  return bytes.length < 2 + more ? undefined : 2 + more
}

function say(socket: PrinterSocket, answer: Buffer, printer: ImitatedPrinter): void {
  if (printer.faults.has('printer-garbage')) socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
  else if (!printer.faults.has('printer-hung')) socket.write(answer)
  else if (socket.bytesWritten === 0) socket.write(answer.subarray(0, 1))
}

function answerTo(command: Buffer, printer: ImitatedPrinter): Buffer | undefined {
  const [first, second, n = 0] = command
  if (first === DLE && second === EOT) return Buffer.of(statusByte(n, printer))
  const isOffline = (statusByte(1, printer) & 0x08) !== 0
  if (first === GS && second === 0x61) return n === 0 ? undefined : automaticStatus(printer)
  // Not in real time: they wait in the buffer until it is online again.
  if (first === GS && second === 0x72 && !isOffline) return Buffer.of(paperLow(printer) ? 0x03 : 0x00)
  if (first === GS && second === 0x49 && !isOffline) return Buffer.from(`_${nameOf(n, printer)}\0`, 'latin1')
  return undefined
}

function nameOf(n: number, { vendor, model, serial }: ImitatedPrinter): string {
  return { 65: '1.00', 66: vendor, 67: model, 68: serial }[n] ?? ''
}

const paperLow = ({ faults }: ImitatedPrinter): boolean => faults.has('paper-low') || faults.has('paper-out')

function bits(...pairs: readonly (readonly [boolean, number])[]): number {
  return pairs.reduce((sum, [is, value]) => (is ? sum | value : sum), 0)
}

function statusByte(n: number, printer: ImitatedPrinter): number {
  const { faults } = printer
  const isError = faults.has('cutter-error') || faults.has('mechanism-error')
  const noPaper = faults.has('paper-out')
  const isOpen = faults.has('cover-open')
  switch (n) {
    case 1:
      return 0x12 | bits([isOpen || noPaper || isError, 0x08], [isError, 0x20])
    case 2:
      return 0x12 | bits([isOpen, 0x04], [noPaper, 0x20], [isError, 0x40])
    case 3:
      return 0x12 | bits([faults.has('cutter-error'), 0x08], [faults.has('mechanism-error'), 0x20])
    default:
      return 0x12 | bits([paperLow(printer), 0x0c], [noPaper, 0x60])
  }
}

function automaticStatus(printer: ImitatedPrinter): Buffer {
  const { faults } = printer
  const isOffline = (statusByte(1, printer) & 0x08) !== 0
  const head = 0x10 | bits([isOffline, 0x08], [faults.has('cover-open'), 0x20])
  const errors = bits([faults.has('cutter-error'), 0x08], [faults.has('mechanism-error'), 0x20])
  return Buffer.of(head, errors, bits([paperLow(printer), 0x03], [faults.has('paper-out'), 0x0c]), 0x0f)
}
