import type { Conversation, Turn } from '../line/line.ts'
import { inOneVisit } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import { type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { notAnswered, SILENT } from '../printer/unanswered.ts'
import { evidenceOf, readyBy } from '../printer/visit.ts'
import { QUESTIONS, tsplModel, tsplState } from './codec.ts'

/** All that ever leaves. The state is asked twice: one byte alone may be left of something else. */
const ASKED = Object.freeze(['state', 'model', 'state'] as const)
/** Answers have no length and no end of their own. */
const QUIET_MS = 100

/** Label printers that speak TSPL: TSC and many that imitate it. */
export const tspl: LineProtocol = inOneVisit('tspl', { turns: turnsOf, understood })

function turnsOf(budgetMs: number): readonly Turn[] {
  return ASKED.map((question) => ({
    send: Buffer.from(QUESTIONS[question], 'latin1'),
    until: { quietMs: QUIET_MS },
    timeoutMs: Math.max(1, Math.floor(budgetMs / ASKED.length)),
    // Some that imitate TSPL do not know it.
    ...(question === 'model' && { optional: true as const }),
  }))
}

function understood(said: Conversation, asking: Asking): PrinterReading {
  const words = { state: '<ESC>!?', model: '~!T' }
  const evidence = said.replies.map((reply, at) => evidenceOf(words[ASKED[at] ?? 'state'], reply, asking.now))
  const [first, named, last] = said.replies.map(({ bytes }) => bytes)
  const state = tsplState(first ?? new Uint8Array()) && tsplState(last ?? new Uint8Array())
  if (!state) return notAnswered('tspl', wordsFor(said), evidence)
  const model = tsplModel(named ?? new Uint8Array())
  const { conditions, isPrinting } = state
  const isSure = !conditions.some(({ name }) => name === 'other-error')
  return {
    protocol: 'tspl',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    ...(model !== undefined && { identity: { model } }),
    more: { printing: isPrinting },
    guards: UNKNOWN_GUARDS,
    evidence,
  }
}

function wordsFor({ replies, detail }: Conversation): string {
  if (replies.some(({ bytes }) => bytes.length > 0)) {
    return `What it answered is not the state of a printer in TSPL${detail === '' ? '' : ` (${detail})`}.`
  }
  return SILENT
}
