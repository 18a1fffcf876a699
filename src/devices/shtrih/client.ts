import { type Result, success } from '../../core/failure.ts'
import type { Conversation, Line, Reply, Turn } from '../line/line.ts'
import { OpenQuestions } from '../printer/open-questions.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import { type Evidence, type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { notAnswered, notReached } from '../printer/unanswered.ts'
import { shown } from '../printer/visit.ts'
import { decodeAnswer, type ShtrihAnswer } from './codec.ts'
import { ACK, ENQ, encodeQuestion, NAK, QUICK, type Question, STX, THOROUGH } from './questions.ts'
import { readingOf } from './reading.ts'

/** Conversations in one visit: asked, a stale answer taken, asked again after something was damaged. */
const ROUNDS = 5
/** Conversations that brought nothing. */
const FRUITLESS = 2
/** Frames of protocol 2 begin with it; there is no specification to go by. */
const PROTOCOL_2 = 0x8f
/** Of the administrator, as it leaves the factory. */
const FACTORY_PASSWORD = 30

/**
 * The protocol of Shtrih-M, its first version, by its questions alone.
 * @param password of the operator that asks; it is in no evidence
 */
export function shtrih(password: number = FACTORY_PASSWORD): LineProtocol {
  return Object.freeze({ name: 'shtrih', read: (line: Line, asking: Asking) => read(line, asking, password) })
}

async function read(line: Line, asking: Asking, password: number): Promise<Result<PrinterReading>> {
  const visit = new Visit(asking, password)
  for (let round = 0; round < ROUNDS && visit.isWorthAsking(); round++) {
    const steps = visit.steps()
    const said = await line.converse(steps.map(({ turn }) => turn))
    if (!said.ok) return said
    if (said.value.state !== 'open') {
      if (round === 0) return success(notReached('shtrih', said.value))
      break
    }
    visit.take(steps, said.value)
  }
  return success(visit.reading())
}

/** A turn, and of which question it brings the answer. */
interface Step {
  readonly turn: Turn
  readonly answers?: Question
}

class Visit {
  readonly #asking: Asking
  readonly #password: number
  readonly #open: OpenQuestions<Question, ShtrihAnswer>
  readonly #evidence: Evidence[] = []
  #noise: Uint8Array = new Uint8Array()
  #detail = ''
  #isStale = false
  #isProtocol2 = false
  #isMute = false
  #fruitless = 0

  constructor(asking: Asking, password: number) {
    this.#asking = asking
    this.#password = password
    this.#open = new OpenQuestions(asking, asking.thorough ? THOROUGH : QUICK)
  }

  isWorthAsking(): boolean {
    const isHopeless = this.#isMute || this.#isProtocol2 || this.#fruitless > FRUITLESS
    return !isHopeless && this.#open.pending().length > 0 && this.#open.leftMs() > 0
  }

  /**
   * ENQ is answered with NAK by a printer that waits for a command, and with ACK by one that still has an answer for
   * somebody: that is taken, acknowledged and thrown away. An acknowledgement and the next ENQ leave together.
   */
  steps(): Step[] {
    const timeoutMs = Math.ceil(this.#open.leftMs() * 0.5)
    const step = (send: readonly number[] | Uint8Array, until: Turn['until'], goOnAt?: number): Step => ({
      turn: { send: Uint8Array.from(send), until, timeoutMs, ...(goOnAt === undefined ? {} : { goOnAt: [goOnAt] }) },
    })
    const answer = step([], { lengthAt: 1, more: 1 }, STX)
    const steps = this.#isStale
      ? [
          step([ENQ], { bytes: 1 }, ACK),
          { turn: { ...answer.turn, optional: true as const } },
          step([ACK, ENQ], { bytes: 1 }, NAK),
        ]
      : [step([ENQ], { bytes: 1 }, NAK)]
    this.#open.pending().forEach((question, index) => {
      if (index > 0) steps.push(step([ACK, ENQ], { bytes: 1 }, NAK))
      steps.push(step(encodeQuestion(question, this.#password), { bytes: 1 }, ACK), { ...answer, answers: question })
    })
    return [...steps, step([ACK], { bytes: 0 })]
  }

  take(steps: readonly Step[], { replies, detail }: Conversation): void {
    const before = this.#open.answers.size
    replies.forEach((reply, index) => {
      const question = steps[index]?.answers
      if (question !== undefined) this.#takeAnswer(question, reply)
    })
    const last = replies.findLast(({ bytes }) => bytes.length > 0)?.bytes
    const isEnquiry = steps[replies.length - 1]?.turn.goOnAt?.[0] === NAK
    this.#isMute = last === undefined
    this.#isStale = !this.#isStale && isEnquiry && last?.[0] === ACK
    this.#isProtocol2 = replies[0]?.bytes[0] === PROTOCOL_2
    this.#detail = detail
    if (this.#open.answers.size > before) return
    this.#fruitless++
    this.#noise = Buffer.concat(replies.map(({ bytes }) => bytes))
  }

  #takeAnswer(question: Question, reply: Reply): void {
    const answer = decodeAnswer(question, reply.bytes)
    if (!answer) return
    this.#open.answers.set(question, answer)
    this.#evidence.push({
      asked: `${question}h`,
      answered: shown(Buffer.concat([Uint8Array.of(answer.error), answer.data])),
      at: this.#asking.now().toISOString(),
    })
  }

  reading(): PrinterReading {
    const now = this.#asking.now()
    if (this.#isProtocol2) return this.#unsupported(now)
    if (this.#open.answers.size === 0) return notAnswered('shtrih', this.#silence(), this.#noiseEvidence(now))
    return readingOf({
      answers: this.#open.answers,
      evidence: this.#evidence,
      now,
      span: { from: this.#open.began, to: now.getTime() },
      timeZone: this.#asking.timeZone,
    })
  }

  #unsupported(now: Date): PrinterReading {
    return {
      protocol: 'shtrih',
      answered: 'unknown',
      busy: false,
      line: 'open',
      ready: 'unknown',
      conditions: [],
      guards: UNKNOWN_GUARDS,
      evidence: this.#noiseEvidence(now),
      more: { unsupported: 'protocol 2' },
      detail:
        'It speaks protocol 2 of Shtrih-M, which is not supported. Set it to protocol 1, or check it by its till.',
    }
  }

  #silence(): string {
    const what = this.#noise.length === 0 ? 'Nothing was answered' : 'What was answered is no frame of this protocol'
    return this.#detail === '' ? `${what}.` : `${what}: ${this.#detail}.`
  }

  #noiseEvidence(now: Date): Evidence[] {
    if (this.#noise.length === 0) return []
    return [{ asked: 'ENQ', answered: shown(this.#noise, 200), at: now.toISOString() }]
  }
}
