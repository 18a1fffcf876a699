import type { Conversation, Turn } from '../line/line.ts'
import { inOneVisit } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import { type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { readyBy, shown } from '../printer/visit.ts'
import { answersIn, encodeQuestion, NAK, TERMINATOR } from './frame.ts'
import { DAISY, DATECS, type StatusTable, understood } from './status.ts'

/**
 * A device repeats its last answer to the number that it got last, and does nothing. So the status is asked for twice, and
 * the second answer is of now; and the numbers are the last that there are (20h to FFh), since drivers of tills count from
 * 20h to 7Fh: a command of theirs must not be taken for a repetition of ours.
 */
const NUMBERS = Object.freeze([0xfe, 0xff] as const)

/** Fiscal printers of Datecs whose status has six bytes. */
export const datecs: LineProtocol = protocolOf('datecs', DATECS)
/** Fiscal printers of Daisy. */
export const daisy: LineProtocol = protocolOf('daisy', DAISY)

function protocolOf(name: string, table: StatusTable): LineProtocol {
  return inOneVisit(name, {
    turns: turnsOf,
    understood: (said, asking) => readingOf(name, { said, asking, table }),
  })
}

function turnsOf(budgetMs: number): readonly Turn[] {
  const timeoutMs = Math.max(1, Math.floor(budgetMs / NUMBERS.length))
  return NUMBERS.map((number) => ({ send: encodeQuestion(number), until: { byte: TERMINATOR }, timeoutMs }))
}

function readingOf(
  protocol: string,
  { said, asking, table }: { readonly said: Conversation; readonly asking: Asking; readonly table: StatusTable },
): PrinterReading {
  const bytes = Buffer.concat(said.replies.map((reply) => reply.bytes))
  const evidence = [{ asked: '4Ah', answered: shown(bytes), at: asking.now().toISOString() }]
  const status = answersIn(bytes).findLast(({ number }) => number === NUMBERS[1])?.status
  if (!status) return notAnswered(protocol, wordsFor(bytes, said.detail), evidence)
  const { conditions, isSure, isReceiptOpen, isFiscal } = understood(status, table)
  const open = isReceiptOpen ? 'yes' : 'no'
  return {
    protocol,
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    ...(isFiscal !== undefined && { fiscal: { fiscal_mode: isFiscal } }),
    guards: { ...UNKNOWN_GUARDS, receipt_open: open, transaction_running: open },
    evidence,
    more: { status: Buffer.from(status).toString('hex') },
  }
}

function wordsFor(bytes: Uint8Array, detail: string): string {
  if (bytes.length === 0) {
    return 'It takes connections and does not answer: it hangs, it speaks another protocol, or another program keeps it.'
  }
  if (bytes.every((byte) => byte === NAK)) return 'It refuses the frame: it may speak another version of the protocol.'
  return `What it answered is no status of this protocol${detail === '' ? '' : ` (${detail})`}.`
}
