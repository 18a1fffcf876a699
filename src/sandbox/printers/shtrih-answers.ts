import { DAY_MS } from '../../core/duration.ts'
import { wallTime } from '../../core/zoned-time.ts'
import type { ImitatedPrinter } from './imitated-printer.ts'
import { dayOf } from './printer-clock.ts'

const NO_SUCH_COMMAND = 0x37
const STORAGE_TIMEOUT = 0x2f
const NO_KNOWN_ERROR = 0xee
const SHIFT_TOO_LONG = 3
const IN_USE = 3
const CLOSED = 7

/** The body of an answer: the command, an error, and what it tells. */
export function shtrihAnswer(body: Buffer, printer: ImitatedPrinter): Buffer {
  const command = body.subarray(0, body[0] === 0xff ? 2 : 1)
  const name = command.toString('hex')
  const error = name === 'ff01' ? storageError(printer) : undefined
  if (error !== undefined) return Buffer.concat([command, Buffer.of(error)])
  const answer = ANSWERS[name]?.(printer)
  return Buffer.concat([command, answer ? Buffer.concat([Buffer.of(0), answer]) : Buffer.of(NO_SUCH_COMMAND)])
}

function storageError({ faults }: ImitatedPrinter): number | undefined {
  if (faults.has('storage-dead')) return STORAGE_TIMEOUT
  return faults.has('unknown-error') ? NO_KNOWN_ERROR : undefined
}

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

interface Parts {
  readonly date: readonly [year: number, month: number, day: number]
  readonly time: readonly [hour: number, minute: number, second: number]
}

function parts(instant: number, { timeZone }: ImitatedPrinter): Parts {
  const is = new Date(wallTime(instant, timeZone))
  return {
    date: [is.getUTCFullYear() - 2000, is.getUTCMonth() + 1, is.getUTCDate()],
    time: [is.getUTCHours(), is.getUTCMinutes(), is.getUTCSeconds()],
  }
}

/** Year, month, day, hour, minute: as the fiscal storage has it. */
function storageTime(instant: number, printer: ImitatedPrinter): Buffer {
  const { date, time } = parts(instant, printer)
  return Buffer.of(...date, ...time.slice(0, 2))
}

/** Flags, mode and submode. */
function state({ faults, ...printer }: ImitatedPrinter): Buffer {
  const isShut = dayOf({ ...printer, faults }).firstSale === undefined
  const shift = faults.has('day-not-closed') ? SHIFT_TOO_LONG : isShut ? 4 : 2
  const mode = faults.has('receipt-open') ? 8 : shift
  const flags = 0x0090 | (faults.has('cover-open') ? 1 << 10 : 0)
  const submode = faults.has('waiting-for-user') ? 3 : faults.has('paper-out') ? 1 : 0
  return Buffer.concat([u16(flags), Buffer.of(mode, submode)])
}

function full(printer: ImitatedPrinter): Buffer {
  const { date, time } = parts(dayOf(printer).clock, printer)
  const serial = printer.faults.has('wrong-identity') ? 99_999_999 : Number(printer.serial.replace(/\D/g, '')) % 1e9
  return Buffer.concat([
    Buffer.of(30, 0x43, 0x31),
    u16(48_210),
    Buffer.of(1, 6, 20, 1),
    u16(4_711),
    state(printer),
    Buffer.of(0, 0x31, 0x30),
    u16(1),
    Buffer.of(1, 6, 20),
    Buffer.of(date[2], date[1], date[0], ...time),
    Buffer.of(0),
    u32(serial),
    u16(731),
    // Of a memory that this model does not have.
    u16(0),
    Buffer.of(1, 15),
    Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  ])
}

function storage(printer: ImitatedPrinter): Buffer {
  const { faults } = printer
  const day = dayOf(printer)
  const isExpiring = faults.has('certificate-expired') || faults.has('certificate-expiring')
  const warnings =
    (isExpiring ? 0x02 : 0) |
    (faults.has('fiscal-memory-low') ? 0x04 : 0) |
    (faults.has('documents-unsent') ? 0x08 : 0) |
    (faults.has('storage-critical') ? 0x80 : 0)
  const phase = faults.has('storage-closed') ? CLOSED : IN_USE
  return Buffer.concat([
    Buffer.of(phase, faults.has('receipt-open') ? 4 : 0, 0, day.firstSale === undefined ? 0 : 1, warnings),
    storageTime(day.lastSale, printer),
    Buffer.from('9999078900012345', 'latin1'),
    u32(81_340),
  ])
}

function exchange(printer: ImitatedPrinter): Buffer {
  const isBehind = printer.faults.has('documents-unsent')
  const since = isBehind ? storageTime(printer.now().getTime() - 4 * DAY_MS, printer) : Buffer.alloc(5)
  return Buffer.concat([
    Buffer.of(isBehind ? 0x02 : 0x01, 0),
    u16(isBehind ? 57 : 0),
    u32(isBehind ? 81_283 : 0),
    since,
  ])
}

function validity(printer: ImitatedPrinter): Buffer {
  const { faults } = printer
  const days = faults.has('certificate-expired') ? -1 : faults.has('certificate-expiring') ? 10 : 400
  return Buffer.of(...parts(printer.now().getTime() + days * DAY_MS, printer).date, 11, 1)
}

const ANSWERS: Readonly<Record<string, (printer: ImitatedPrinter) => Buffer>> = {
  '10': (printer) =>
    Buffer.concat([Buffer.of(30), state(printer), Buffer.of(0, 0x33, 0x25, 0, 0, 0, 0xff, 0xff, 0xff, 0)]),
  '11': full,
  ff01: storage,
  ff03: validity,
  ff39: exchange,
  ff3f: (printer) => u16(printer.faults.has('documents-unsent') ? 57 : 0),
  ff40: (printer) => {
    const isOpen = dayOf(printer).firstSale !== undefined
    // Of a closed shift, the documents of the one before.
    return Buffer.concat([Buffer.of(isOpen ? 1 : 0), u16(732), u16(isOpen ? 28 : 31)])
  },
}
