import { type Framing, framed, NARROW, STATUS, TERMINATOR, WIDE } from '../../devices/datecs/frame.ts'
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

/** Those of the X series have a bit for the cover. */
export const DATECS_X_FAULTS: readonly PrinterFault[] = [...DATECS_FAULTS, 'cover-open']

/** Bits of faults in the status: byte, bit. An error of a command or of the mechanism sets 0.5, too. */
const BITS: Readonly<Partial<Record<PrinterFault, readonly (readonly [number, number])[]>>> = {
  'paper-out': [
    [2, 0],
    [0, 5],
  ],
  'paper-low': [[2, 1]],
  'cover-open': [[0, 6]],
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
const NAK = 0x15
const SYN_MS = 60
/** Fiscal, with its numbers and rates. */
const DATECS_WELL: readonly number[] = [0x80, 0x80, 0x80, 0x80, 0x86, 0x9a]
/** As it was captured on a Daisy FX 1200 without a display. */
const DAISY_WELL: readonly number[] = [0x88, 0x80, 0xc0, 0x80, 0x80, 0xb8]
/** As it was captured on an FP-700X (test of its driver in t-core-one/ErpNet.FP.js). */
const DATECS_X_WELL: readonly number[] = [...DATECS_WELL, 0x80, 0x80]

/** What each printer got last and said to it: to the same number it only says that again. */
const last = new WeakMap<ImitatedPrinter, { readonly number: number; readonly said: Buffer }>()

export const datecsEmulator: PrinterEmulator = emulatorOf(DATECS_WELL, NARROW)
export const datecsXEmulator: PrinterEmulator = emulatorOf(DATECS_X_WELL, WIDE)
export const daisyEmulator: PrinterEmulator = emulatorOf(DAISY_WELL, NARROW)

/** A fiscal printer of Datecs or Daisy: it tells its status, and knows no other command. */
function emulatorOf(well: readonly number[], framing: Framing): PrinterEmulator {
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
        const answer = answerTo(frame, printer, { well, framing })
        if (answer) socket.write(answer)
      }
    })
  }
}

interface Kind {
  readonly well: readonly number[]
  readonly framing: Framing
}

function answerTo(frame: Buffer, printer: ImitatedPrinter, { well, framing }: Kind): Buffer | undefined {
  const { faults } = printer
  if (faults.has('printer-silent') || faults.has('printer-busy')) return undefined
  if (faults.has('printer-garbage')) return Buffer.from('ERR 404\r\n\x03')
  const number = frame[framing.isWide ? 5 : 2] ?? 0
  const question = framed({ number, command: STATUS, content: [0x05] }, framing)
  // A frame of the other series is damaged to it: FP-700X says SYN, and then NAK.
  if (Buffer.compare(frame, question) !== 0) return Buffer.of(SYN, NAK)
  const before = last.get(printer)
  const said = before?.number === number ? before.said : answered(number, statusOf(printer, well), framing)
  last.set(printer, { number, said })
  return faults.has('printer-hung') ? said.subarray(0, 7) : Buffer.concat([Buffer.of(SYN, SYN), said])
}

/** The X series puts an error code, 0, and tabs around the status that is asked for. */
function answered(number: number, status: readonly number[], framing: Framing): Buffer {
  const data = framing.isWide ? [0x30, 0x09, ...status, 0x09] : status
  return Buffer.from(framed({ number, command: STATUS, content: [...data, 0x04, ...status, 0x05] }, framing))
}

function statusOf({ faults }: ImitatedPrinter, well: readonly number[]): number[] {
  const status = [...well]
  for (const [byte, bit] of [...faults].flatMap((fault) => BITS[fault] ?? [])) {
    status[byte] = (status[byte] ?? 0x80) | (1 << bit)
  }
  return status
}
