import type { Conversation, Turn, Until } from '../line/line.ts'
import type { OpenQuestions } from '../printer/open-questions.ts'
import { decodeAnswer, type ShtrihAnswer } from './codec.ts'
import { START } from './frame-2.ts'
import { ACK, ENQ, encodeQuestion, NAK, type Question, STX } from './questions.ts'
import type { Version } from './version.ts'

/** Conversations that brought nothing. */
const FRUITLESS = 2

/**
 * ACK (06h) and NAK (15h) have these bits in common, and FFh does not have them: devices put any number of FFh before
 * them, over which the driver of the maker passes too (`readControlByte` in shtrih-m/javapos_shtrih).
 */
const CONTROL: Until = { mask: 0xe4, value: 0x04 }

/** A turn, and of which question it brings the answer. */
interface Step {
  readonly turn: Turn
  readonly answers?: Question
}

/** ENQ, and frames that are acknowledged. */
export class Protocol1 implements Version {
  readonly number = 1
  readonly asks = 'ENQ'
  readonly #open: OpenQuestions<Question, ShtrihAnswer>
  readonly #password: number
  #steps: readonly Step[] = []
  #isStale = false
  #isMute = false
  #fruitless = 0
  noise: Uint8Array = new Uint8Array()
  detail = ''

  constructor(open: OpenQuestions<Question, ShtrihAnswer>, password: number) {
    this.#open = open
    this.#password = password
  }

  get isHopeless(): boolean {
    return this.#isMute || this.#fruitless > FRUITLESS || this.noise.includes(START)
  }

  get maySpeakAnother(): boolean {
    return this.#open.answers.size === 0 && (this.#isMute || this.noise.includes(START))
  }

  /**
   * ENQ is answered with NAK by a printer that waits for a command, and with ACK by one that still has an answer for
   * somebody: that is taken, acknowledged and thrown away. An acknowledgement and the next ENQ leave together.
   */
  turns(leftMs: number): readonly Turn[] {
    const timeoutMs = Math.ceil(leftMs * 0.5)
    const control = (send: readonly number[] | Uint8Array, goOnAt: number): Turn => ({
      send: Uint8Array.from(send),
      until: CONTROL,
      timeoutMs,
      goOnAt: [goOnAt],
    })
    const start: Turn = { send: new Uint8Array(), until: { byte: STX }, timeoutMs }
    const rest: Turn = { send: new Uint8Array(), until: { lengthAt: 0, more: 1 }, timeoutMs }
    const left = { optional: true as const, timeoutMs: Math.ceil(timeoutMs / 4) }
    // One that knows only the second version is silent here; there has to be time left for that.
    const first = this.#open.answers.size === 0 ? { timeoutMs: Math.ceil(leftMs * 0.3) } : {}
    const steps: Step[] = this.#isStale
      ? [
          { turn: control([ENQ], ACK) },
          { turn: { ...start, ...left } },
          { turn: { ...rest, ...left } },
          { turn: control([ACK, ENQ], NAK) },
        ]
      : [{ turn: { ...control([ENQ], NAK), ...first } }]
    this.#open.pending().forEach((question, index) => {
      if (index > 0) steps.push({ turn: control([ACK, ENQ], NAK) })
      const asked = control(encodeQuestion(question, this.#password), ACK)
      steps.push({ turn: asked }, { turn: start }, { turn: rest, answers: question })
    })
    this.#steps = [...steps, { turn: { send: Uint8Array.of(ACK), until: { bytes: 0 }, timeoutMs } }]
    return this.#steps.map(({ turn }) => turn)
  }

  take({ replies, detail }: Conversation): (readonly [Question, ShtrihAnswer])[] {
    const found = replies.flatMap(({ bytes }, index) => {
      const question = this.#steps[index]?.answers
      const answer = question && decodeAnswer(question, Uint8Array.of(STX, ...bytes))
      return answer ? [[question, answer] as const] : []
    })
    const last = replies.findLast(({ bytes }) => bytes.length > 0)?.bytes
    const isEnquiry = this.#steps[replies.length - 1]?.turn.goOnAt?.[0] === NAK
    this.#isMute = last === undefined
    this.#isStale = !this.#isStale && isEnquiry && last?.at(-1) === ACK
    this.detail = detail
    if (found.length === 0) {
      this.#fruitless++
      this.noise = Buffer.concat(replies.map(({ bytes }) => bytes))
    }
    return found
  }
}
