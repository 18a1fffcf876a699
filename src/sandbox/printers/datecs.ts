import { checksum, STATUS, TERMINATOR } from '../../devices/datecs/frame.ts'
import { ANSWERING_FAULTS, type ImitatedPrinter, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'

/** The faults that a printer of this protocol can show. */
export const DATECS_FAULTS: readonly PrinterFault[] = [
  'paper-out',
  'paper-low',
  'mechanism-error',
  'receipt-open',
  'fiscal-memory-full',
  'fiscal-memory-low',
  ...ANSWERING_FAULTS,
]

/** Bits of faults in the six bytes: byte, bit. An error of a command or of the mechanism sets 0.5, too. */
const BITS: Readonly<Partial<Record<PrinterFault, readonly (readonly [number, number])[]>>> = {
  'paper-out': [
    [2, 0],
    [0, 5],
  ],
  'paper-low': [[2, 1]],
  'mechanism-error': [
    [0, 4],
    [0, 5],
  ],
  'receipt-open': [[2, 3]],
  'fiscal-memory-full': [
    [4, 4],
    [4, 5],
  ],
  'fiscal-memory-low': [[4, 3]],
}
const SYN = 0x16
const SYN_MS = 60
/** Fiscal, with its numbers and rates. */
const DATECS_WELL: readonly number[] = [0x80, 0x80, 0x80, 0x80, 0x86, 0x9a]
/** As it was captured on a Daisy FX 1200 without a display. */
const DAISY_WELL: readonly number[] = [0x88, 0x80, 0xc0, 0x80, 0x80, 0xb8]

/** What each printer got last and said to it: to the same number it only says that again. */
const last = new WeakMap<ImitatedPrinter, { readonly number: number; readonly said: Buffer }>()

export const datecsEmulator: PrinterEmulator = emulatorOf(DATECS_WELL)
export const daisyEmulator: PrinterEmulator = emulatorOf(DAISY_WELL)

/** A fiscal printer of Datecs or Daisy: it tells its status, and knows no other command. */
function emulatorOf(well: readonly number[]): PrinterEmulator {
  return (socket, printer) => {
    let waiting: NodeJS.Timeout | undefined
    socket.on('close', () => clearInterval(waiting))
    let held = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk])
      for (let end = held.indexOf(TERMINATOR); end >= 0; end = held.indexOf(TERMINATOR)) {
        const frame = held.subarray(held.subarray(0, end).lastIndexOf(1), end + 1)
        held = held.subarray(end + 1)
        // It asks for patience while it works.
        if (printer.faults.has('printer-busy')) waiting ??= setInterval(() => socket.write(Buffer.of(SYN)), SYN_MS)
        const answer = answerTo(frame, printer, well)
        if (answer) socket.write(answer)
      }
    })
  }
}

function answerTo(frame: Buffer, printer: ImitatedPrinter, well: readonly number[]): Buffer | undefined {
  const { faults } = printer
  if (faults.has('printer-silent') || faults.has('printer-busy')) return undefined
  if (faults.has('printer-garbage')) return Buffer.from('ERR 404\r\n\x03')
  const [, , number = 0, command = 0] = frame
  const before = last.get(printer)
  const said = before?.number === number ? before.said : framed({ number, command }, statusOf(printer, well))
  last.set(printer, { number, said })
  return faults.has('printer-hung') ? said.subarray(0, 7) : Buffer.concat([Buffer.of(SYN, SYN), said])
}

function framed(
  { number, command }: { readonly number: number; readonly command: number },
  status: readonly number[],
): Buffer {
  const data = command === STATUS ? status : []
  const body = [number, command, ...data, 0x04, ...status, 0x05]
  const counted = Buffer.of(0x20 + body.length + 1, ...body)
  return Buffer.concat([Buffer.of(1), counted, Buffer.from(checksum(counted)), Buffer.of(TERMINATOR)])
}

function statusOf({ faults }: ImitatedPrinter, well: readonly number[]): number[] {
  const status = [...well]
  for (const [byte, bit] of [...faults].flatMap((fault) => BITS[fault] ?? [])) {
    status[byte] = (status[byte] ?? 0x80) | (1 << bit)
  }
  return status
}
