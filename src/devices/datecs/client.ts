import { machineLoad } from '../../load/machine-load.ts'
import type { Conversation, Turn } from '../line/line.ts'
import { inRounds, type Rounds } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import { type Evidence, type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { type StatusTable, understood } from '../printer/status-bits.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { readyBy, shown } from '../printer/visit.ts'
import { answersIn, asksToWait, encodeQuestion, type Framing, isRefusal, NARROW, TERMINATOR, WIDE } from './frame.ts'
import { DAISY, DATECS, DATECS_X } from './status.ts'

/**
 * A device repeats its last answer to the number that it got last, and does nothing. So the status is asked for twice, and
 * the second answer is of now; and the numbers are the last that there are (20h to FFh), since drivers of tills count from
 * 20h to 7Fh: a command of theirs must not be taken for a repetition of ours.
 */
const NUMBERS = Object.freeze([0xfe, 0xff] as const)
/** Asked, and asked twice again where a frame came to it damaged. */
const ROUNDS = 3

/** How a series of devices speaks. */
interface Series {
  readonly name: string
  readonly framing: Framing
  readonly table: StatusTable
  /** What may be the matter with one that refuses the frame. */
  readonly refusal: string
}

/** Fiscal printers of Datecs whose status has six bytes. */
export const datecs: LineProtocol = protocolOf({
  name: 'datecs',
  framing: NARROW,
  table: DATECS,
  refusal: 'It refuses the frame, as those of the X series do: they speak "protocol: datecs-x".',
})
/** Fiscal printers of the X series of Datecs. */
export const datecsX: LineProtocol = protocolOf({
  name: 'datecs-x',
  framing: WIDE,
  table: DATECS_X,
  refusal: 'It refuses the frame, as those before the X series do: they speak "protocol: datecs".',
})
/** Fiscal printers of Daisy. */
export const daisy: LineProtocol = protocolOf({
  name: 'daisy',
  framing: NARROW,
  table: DAISY,
  refusal: 'It refuses the frame: it may speak another version of the protocol.',
})

function protocolOf(series: Series): LineProtocol {
  return inRounds(series.name, ROUNDS, (asking) => new Visit(series, asking))
}

class Visit implements Rounds {
  readonly #series: Series
  readonly #asking: Asking
  readonly #beganFairly = machineLoad.elapsed()
  readonly #evidence: Evidence[] = []
  #last: Conversation | undefined
  #bytes: Uint8Array = new Uint8Array()

  constructor(series: Series, asking: Asking) {
    this.#series = series
    this.#asking = asking
  }

  /** Whoever asks to wait is left alone. */
  isWorthAsking(): boolean {
    return this.#last === undefined || (isRefusal(this.#bytes) && this.#leftMs() > 0)
  }

  turns(): readonly Turn[] {
    const timeoutMs = Math.max(1, Math.floor(this.#leftMs() / NUMBERS.length))
    const { framing } = this.#series
    return NUMBERS.map((number) => ({ send: encodeQuestion(number, framing), until: { byte: TERMINATOR }, timeoutMs }))
  }

  take(said: Conversation): void {
    this.#last = said
    this.#bytes = Buffer.concat(said.replies.map(({ bytes }) => bytes))
    this.#evidence.push({ asked: '4Ah', answered: shown(this.#bytes), at: this.#asking.now().toISOString() })
  }

  reading(): PrinterReading {
    const status = answersIn(this.#bytes, this.#series.framing).findLast(({ number }) => number === NUMBERS[1])?.status
    return status ? this.#answered(status) : this.#unanswered()
  }

  #leftMs(): number {
    return this.#asking.budgetMs - (machineLoad.elapsed() - this.#beganFairly)
  }

  #answered(status: Uint8Array): PrinterReading {
    const { conditions, isSure, isReceiptOpen, isFiscal } = understood(status, this.#series.table)
    const open = isReceiptOpen ? 'yes' : 'no'
    return {
      protocol: this.#series.name,
      answered: 'yes',
      busy: false,
      line: 'open',
      ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
      conditions,
      ...(isFiscal !== undefined && { fiscal: { fiscal_mode: isFiscal } }),
      guards: { ...UNKNOWN_GUARDS, receipt_open: open, transaction_running: open },
      evidence: this.#evidence,
      more: { status: Buffer.from(status).toString('hex') },
    }
  }

  /** What it says beside its status proves that it is there, and not that it is sick. */
  #unanswered(): PrinterReading {
    const { name, refusal } = this.#series
    const said = (detail: string): PrinterReading => notAnswered(name, detail, this.#evidence)
    const bytes = this.#bytes
    const { detail = '', ranOut } = this.#last ?? {}
    if (bytes.length === 0) {
      return said(
        'It takes connections and does not answer: it hangs, it speaks another protocol, or another program keeps it.',
      )
    }
    if (asksToWait(bytes)) {
      return {
        ...said('It asks to wait: it prints a report, or is at work otherwise.'),
        answered: 'unknown',
        busy: true,
      }
    }
    if (isRefusal(bytes)) return { ...said(refusal), answered: 'unknown' }
    if (ranOut) return { ...said('It answers too slowly: the time for the whole visit was up.'), answered: 'unknown' }
    return said(`What it answered is no status of this protocol${detail === '' ? '' : ` (${detail})`}.`)
  }
}
