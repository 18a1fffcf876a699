import { ANSWERING_FAULTS, type ImitatedPrinter, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'

/** The faults that printers of these languages can show. */
export const LABEL_FAULTS: readonly PrinterFault[] = ['paper-out', 'cover-open', 'mechanism-error', ...ANSWERING_FAULTS]
/** CPCL has no word for a mechanism that does not move. */
export const CPCL_FAULTS = LABEL_FAULTS.filter((fault) => fault !== 'mechanism-error')

const ESC = '\x1b'
/** Of a question. */
const LONGEST = 5

type Bits = readonly (readonly [PrinterFault, number])[]
const TSPL_BITS: Bits = [
  ['cover-open', 0x01],
  ['paper-out', 0x04],
  ['mechanism-error', 0x80],
]
const CPCL_BITS: Bits = [
  ['paper-out', 0x02],
  ['cover-open', 0x04],
]

/** Label printers. Labels that they are sent go nowhere. */
export const tsplEmulator = answering(`${ESC}!\\?|~!T`, (question, { faults, model }) =>
  question === '~!T' ? Buffer.from(`${model}\r`, 'latin1') : byteOf(TSPL_BITS, faults),
)

export const cpclEmulator = answering(`${ESC}[hv]`, (question, { faults, model, serial }) =>
  question === '\x1bv' ? Buffer.from(`${model} V1.0 ${serial}\0`, 'latin1') : byteOf(CPCL_BITS, faults),
)

export const dplEmulator = answering('\x01[Aa]', (question, { faults }) => {
  const says = (...told: PrinterFault[]): string => (told.some((fault) => faults.has(fault)) ? 'Y' : 'N')
  const short = `N${says('paper-out', 'cover-open')}NNNNNN`
  const long = `:N${says('paper-out')}N${says('cover-open')}${says('mechanism-error')}NNN`
  return Buffer.from(`${short}${question === '\x01a' ? long : ''}\r`)
})

export const sbplEmulator = answering('\x05', (_, { faults }) => {
  const told = (['b cover-open', 'c paper-out', 'f mechanism-error'] as const).find((each) =>
    faults.has(each.slice(2) as PrinterFault),
  )
  return Buffer.from(`\x02  ${told?.[0] ?? 'A'}000000\x03`)
})

export const eplEmulator = answering('\\^ee\r\n', (_, { faults }) => {
  const codes = (['07 paper-out', '11 cover-open', '06 mechanism-error'] as const).filter((each) =>
    faults.has(each.slice(3) as PrinterFault),
  )
  return Buffer.from(`${codes.map((each) => each.slice(0, 2)).join(',') || '00'}\r\n`)
})

function byteOf(bits: Bits, faults: ReadonlySet<PrinterFault>): Buffer {
  return Buffer.of(bits.reduce((byte, [fault, bit]) => (faults.has(fault) ? byte | bit : byte), 0))
}

/** Answers each of its questions (a pattern), wherever they stand among other bytes. */
function answering(
  questions: string,
  answerTo: (question: string, printer: ImitatedPrinter) => Buffer,
): PrinterEmulator {
  const each = new RegExp(questions, 'g')
  return (socket, printer) => {
    const { faults } = printer
    if (faults.has('printer-busy')) {
      socket.destroy()
      return
    }
    const answer = (question: string): void => {
      if (faults.has('printer-silent') || (faults.has('printer-hung') && socket.bytesWritten > 0)) return
      socket.write(faults.has('printer-garbage') ? 'Syntax error\r\n' : answerTo(question, printer))
    }
    let held = ''
    socket.on('data', (chunk) => {
      held += chunk.toString('latin1')
      const asked = [...held.matchAll(each)]
      const last = asked.at(-1)
      // A question may come in two parts.
      held = held.slice(last ? last.index + last[0].length : 0).slice(-LONGEST)
      for (const [question] of asked) answer(question)
    })
  }
}
