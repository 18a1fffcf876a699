import { framesIn, type PosnetFrame } from '../../devices/posnet/codec.ts'
import { crc16 } from '../../devices/posnet/crc.ts'
import { encodeCp1250 } from '../../devices/printer/cp1250.ts'
import type { ImitatedPrinter, PrinterEmulator, PrinterFault, PrinterSocket } from './imitated-printer.ts'
import { posnetAnswer } from './posnet-answers.ts'

/** The faults that a printer of this protocol can show. */
export const POSNET_FAULTS: readonly PrinterFault[] = [
  'paper-out',
  'paper-low',
  'cover-open',
  'cutter-error',
  'mechanism-error',
  'printer-busy',
  'printer-silent',
  'printer-garbage',
  'printer-hung',
  'receipt-open',
  'no-receipts',
  'certificate-expired',
  'certificate-expiring',
  'licence-expired',
  'documents-unsent',
  'transmission-failing',
  'fiscal-memory-full',
  'protected-memory-full',
  'day-not-closed',
  'clock-wrong',
  'inspection-due',
  'storage-dead',
  'waiting-for-user',
  'unknown-error',
  'wrong-identity',
]

const ETX = 0x03
/** So many answers are kept for `rpt`. */
const KEPT = 32

/** A Posnet Online printer: answers questions, and knows no command that would print or change anything. */
export const posnetEmulator: PrinterEmulator = (socket, printer) => {
  const kept = new Map<number, string>()
  let held = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    for (let end = held.indexOf(ETX); end >= 0; end = held.indexOf(ETX)) {
      const [asked] = framesIn(held.subarray(0, end + 1))
      held = held.subarray(end + 1)
      if (printer.faults.has('printer-silent')) continue
      say(socket, printer, asked ? answered(asked, kept, printer) : 'ERR\t?5\t')
    }
  })
}

function answered(asked: PosnetFrame, kept: Map<number, string>, printer: ImitatedPrinter): string {
  const token = asked.token === undefined ? '' : `@${String(asked.token).padStart(4, '0')}\t`
  if (asked.command === 'rpt') return kept.get(asked.token ?? -1) ?? `ERR\t${token}er13\tcmrpt\t`
  const answer = body(asked, token, printer)
  if (asked.token !== undefined) kept.set(asked.token, answer)
  const oldest = kept.keys().next().value
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
  return answer
}

function body(asked: PosnetFrame, token: string, printer: ImitatedPrinter): string {
  const isImmediate = asked.text.startsWith('!')
  if (printer.faults.has('printer-busy') && !isImmediate) return `${asked.command}\t${token}?41`
  const fields = posnetAnswer(asked, printer)
  if (fields === undefined) return `ERR\t${token}?1\tcm${asked.command}\t`
  return typeof fields === 'number' ? `${asked.command}\t${token}?${fields}` : `${asked.command}\t${token}${fields}`
}

function say(socket: PrinterSocket, { faults }: ImitatedPrinter, text: string): void {
  if (faults.has('printer-garbage')) {
    socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    return
  }
  const bytes = encodeCp1250(text)
  const checksum = crc16(bytes).toString(16).toUpperCase().padStart(4, '0')
  const frame = Buffer.concat([Buffer.of(0x02), bytes, Buffer.from(`#${checksum}`), Buffer.of(ETX)])
  if (!faults.has('printer-hung')) socket.write(frame)
  else if (socket.bytesWritten === 0) socket.write(frame.subarray(0, frame.length >> 1))
}
