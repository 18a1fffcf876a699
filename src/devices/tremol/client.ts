import type { Conversation, Turn } from '../line/line.ts'
import { inRounds, type Rounds } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import { type Condition, type Evidence, type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { understood } from '../printer/status-bits.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { evidenceOf, firstOfEach, readyBy } from '../printer/visit.ts'
import { END, framed, POLL, type Polled, polled, STATUS, statusIn, wantsAgain } from './codec.ts'
import { TREMOL } from './status.ts'

/**
 * A number has to differ from the one before it. Drivers of tills count through all that there are: one whose next number
 * is the last of ours may be taken for a repetition. So numbers are spent in thorough visits only.
 */
const NUMBERS = Object.freeze([0x9e, 0x9f] as const)
/** The short answer has no end of its own. */
const QUIET_MS = 100
const LEAST_MS = 3 * QUIET_MS
const ROUNDS = 2
const POLLED: readonly string[] = Object.freeze(['09h', '09h'])

/** Fiscal devices of Tremol in Bulgaria: the short question, twice; in a thorough visit the status, too. */
export const tremol: LineProtocol = inRounds('tremol', ROUNDS, (asking) => new Visit(asking))

class Visit implements Rounds {
  readonly #asking: Asking
  readonly #evidence: Evidence[] = []
  #last: Conversation | undefined

  constructor(asking: Asking) {
    this.#asking = asking
  }

  /** Once more where it wanted a frame again. */
  isWorthAsking(): boolean {
    return this.#last === undefined || this.#last.replies.slice(POLLED.length).some(({ bytes }) => wantsAgain(bytes))
  }

  turns(): readonly Turn[] {
    const { budgetMs, thorough } = this.#asking
    const asked = POLLED.length + (thorough ? NUMBERS.length : 0)
    // Shorter than the quiet behind it, no answer would be whole.
    const timeoutMs = Math.max(LEAST_MS, Math.floor(budgetMs / ROUNDS / asked))
    const polls = POLLED.map(() => ({ send: Uint8Array.of(POLL), until: { quietMs: QUIET_MS }, timeoutMs }))
    const frames = NUMBERS.map((number) => ({ send: framed(number, STATUS), until: { byte: END }, timeoutMs }))
    return thorough ? [...polls, ...frames] : polls
  }

  take(said: Conversation): void {
    this.#last = said
    const asked = [...POLLED, ...NUMBERS.map((number) => `status ${number.toString(16)}h`)]
    const { now } = this.#asking
    this.#evidence.push(...said.replies.map((reply, at) => evidenceOf(asked[at] ?? '', reply, now)))
  }

  reading(): PrinterReading {
    const replies = this.#last?.replies ?? []
    const [first, last] = replies.slice(0, POLLED.length).map(({ bytes }) => polled(bytes))
    if (!first || !last) return this.#silent()
    if (last.refusal === 'password') return this.#unknown('It wants a password of whoever connects to it.')
    if (last.refusal === 'other-connection')
      return { ...this.#unknown('Another program is connected to it.'), busy: true }
    const [, number] = NUMBERS
    const status = statusIn(Buffer.concat(replies.slice(POLLED.length).map(({ bytes }) => bytes)), number)
    return this.#answered(last, status)
  }

  #answered(said: Polled, status: Uint8Array | undefined): PrinterReading {
    const read = status && understood(status, TREMOL)
    const conditions = firstOfEach([...polledConditions(said), ...(read?.conditions ?? [])])
    const lacksStatus = this.#asking.thorough && !read
    const isSure = !said.isBusy && !said.lacksDisplay && !lacksStatus && (read?.isSure ?? true)
    const open = read && (read.isReceiptOpen ? 'yes' : 'no')
    return {
      protocol: 'tremol',
      answered: 'yes',
      busy: said.isBusy && conditions.length === 0,
      line: 'open',
      ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
      conditions,
      ...(read?.isFiscal !== undefined && { fiscal: { fiscal_mode: read.isFiscal } }),
      guards: open ? { ...UNKNOWN_GUARDS, receipt_open: open, transaction_running: open } : UNKNOWN_GUARDS,
      evidence: this.#evidence,
      ...(lacksStatus && { detail: 'It answers the short question, and not the one for its status.' }),
      ...(status && { more: { status: Buffer.from(status).toString('hex') } }),
    }
  }

  #unknown(detail: string): PrinterReading {
    return { ...notAnswered('tremol', detail, this.#evidence), answered: 'unknown' }
  }

  #silent(): PrinterReading {
    const { replies = [], detail = '', ranOut } = this.#last ?? {}
    if (ranOut) return this.#unknown('It answers too slowly: the time for the whole visit was up.')
    const isSilent = replies.every(({ bytes }) => bytes.length === 0)
    const words = isSilent
      ? 'It takes connections and does not answer: it hangs, it speaks another protocol, or another program keeps it.'
      : `What it answered is no answer of this protocol${detail === '' ? '' : ` (${detail})`}.`
    return notAnswered('tremol', words, this.#evidence)
  }
}

function polledConditions(said: Polled): readonly Condition[] {
  const told = (name: Condition['name'], words: string): Condition => ({ name, evidence: `09h: ${words}` })
  return [
    ...(said.isOutOfPaper ? [told('paper-out', 'no paper, or the cover is open')] : []),
    ...(said.isOverheated ? [told('overheated', 'the printer is too hot')] : []),
    ...(said.lacksDisplay ? [told('other-error', 'its display is missing')] : []),
  ]
}
