import type { Conversation, Turn } from '../line/line.ts'
import { inOneVisit } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import { type Condition, type GuardFacts, type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { evidenceOf, readyBy } from '../printer/visit.ts'
import {
  ANSWERS,
  type FiscalState,
  fiscalState,
  type PrinterState,
  printerState,
  QUESTIONS,
  type Question,
} from './codec.ts'

/**
 * All that ever leaves: two bytes, which are no part of any command. BEL, CAN and `ESC P` are not among them. The first
 * is asked again, since any text has letters that look like one answer to each.
 */
const ASKED: readonly Question[] = Object.freeze(['dle', 'enq', 'dle'] as const)

/** More than that around one byte is no noise of a line, but something else that speaks. */
const MOST_NOISE = 2

/** Fiscal printers that speak Thermal: DLE and ENQ. Answered at once, even in the middle of a receipt. */
export const thermal: LineProtocol = inOneVisit('thermal', { turns: turnsOf, understood })

function turnsOf(budgetMs: number): readonly Turn[] {
  return ASKED.map((question) => ({
    send: Uint8Array.of(QUESTIONS[question]),
    until: ANSWERS[question],
    timeoutMs: Math.max(1, Math.floor(budgetMs / ASKED.length)),
  }))
}

function understood(said: Conversation, asking: Asking): PrinterReading {
  const [first, second, third] = said.replies
  const evidence = said.replies.map((reply, at) => evidenceOf((ASKED[at] ?? '').toUpperCase(), reply, asking.now))
  const before = printerState(first?.bytes ?? new Uint8Array())
  const fiscal = fiscalState(second?.bytes ?? new Uint8Array())
  const printer = printerState(third?.bytes ?? new Uint8Array())
  const isForeign = said.replies.some(({ bytes }) => bytes.length > 1 + MOST_NOISE)
  if (isForeign || !before || !printer || !fiscal) return notAnswered('thermal', wordsFor(said, isForeign), evidence)
  const conditions = conditionsIn(printer, fiscal)
  return {
    protocol: 'thermal',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, 'yes'),
    conditions,
    fiscal: { fiscal_mode: fiscal.isFiscal },
    guards: guardsOf(fiscal),
    evidence,
    more: { last_command_ok: fiscal.wasCommandOk, last_transaction_ok: fiscal.wasTransactionOk },
  }
}

function conditionsIn(printer: PrinterState, fiscal: FiscalState): readonly Condition[] {
  const evidence = `DLE: 0x${printer.byte.toString(16)}`
  const conditions: Condition[] = []
  if (printer.isBlocked)
    conditions.push({ name: 'paper-out', evidence: `${evidence}: no paper, or the mechanism is open` })
  if (printer.hasError) conditions.push({ name: 'mechanism-error', evidence: `${evidence}: an error of the printer` })
  if (!printer.isOnline && conditions.length === 0)
    conditions.push({ name: 'offline', evidence: `${evidence}: offline` })
  if (!fiscal.isFiscal) {
    const byte = `ENQ: 0x${fiscal.byte.toString(16)}`
    conditions.push({ name: 'not-fiscal', evidence: `${byte}: it works in training mode, not in fiscal mode` })
  }
  return conditions
}

/** ENQ says whether a document is open. What else may run, it does not say. */
function guardsOf({ isInTransaction }: FiscalState): GuardFacts {
  const open = isInTransaction ? 'yes' : 'no'
  return { ...UNKNOWN_GUARDS, receipt_open: open, transaction_running: open }
}

function wordsFor({ replies, detail }: Conversation, isForeign: boolean): string {
  if (isForeign) return 'What it answered is not the Thermal protocol.'
  if ((replies[0]?.state ?? 'silent') === 'silent') {
    return 'It takes connections and does not answer: it hangs, speaks another protocol, or has Thermal switched off.'
  }
  return `It began to answer and stopped: ${detail || 'the rest made no sense'}.`
}
