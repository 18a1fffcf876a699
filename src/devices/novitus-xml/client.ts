import type { Conversation, Turn } from '../line/line.ts'
import { inRounds, type Rounds } from '../printer/line-protocol.ts'
import { OpenQuestions } from '../printer/open-questions.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import type { Evidence, PrinterReading } from '../printer/reading.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { shown } from '../printer/visit.ts'
import { type NovitusElement, packetsIn, textOf } from './codec.ts'
import { encodeQuestion, QUICK, type Question, THOROUGH } from './questions.ts'
import { readingOf } from './reading.ts'

/** How many questions are on their way at once. */
const AT_ONCE = 6
/** Asked, and asked again for what was damaged or cut. */
const ROUNDS = 2

/** The XML protocol of Novitus (1.02 for online printers), by its questions alone. */
export const novitusXml: LineProtocol = inRounds('novitus-xml', ROUNDS, (asking) => new Visit(asking))

class Visit implements Rounds {
  readonly #asking: Asking
  readonly #open: OpenQuestions<Question, NovitusElement>
  readonly #evidence: Evidence[] = []
  #noise: Uint8Array = new Uint8Array()
  #detail = ''
  #goesOn = true

  constructor(asking: Asking) {
    this.#asking = asking
    this.#open = new OpenQuestions(asking, asking.thorough ? THOROUGH : QUICK)
  }

  isWorthAsking(): boolean {
    return this.#goesOn && this.#open.pending().length > 0 && this.#open.leftMs() > 0
  }

  /** Questions leave in groups, so that one costs no round trip of its own; then each answer is listened for. */
  turns(): Turn[] {
    const left = this.#open.leftMs()
    const pending = this.#open.pending()
    return pending.map((_question, index) => {
      const isFirst = index % AT_ONCE === 0
      const group = isFirst ? pending.slice(index, index + AT_ONCE) : []
      return {
        send: Buffer.concat(group.map((question) => encodeQuestion(question))),
        until: { ending: '</packet>' },
        timeoutMs: Math.ceil(left * (index === 0 ? 0.5 : 0.15)),
        // A model that does not know a question may say nothing to it: the others are asked all the same.
        ...(index === 0 ? {} : { optional: true as const }),
      }
    })
  }

  /** What was damaged is asked again; what was not answered is left out. */
  take({ replies, detail }: Conversation): void {
    const bytes = Buffer.concat(replies.map((reply) => reply.bytes))
    const { elements, isDamaged } = packetsIn(bytes)
    for (const element of elements) this.#takeElement(element)
    const isCut = replies.some(({ state }) => state === 'cut')
    this.#goesOn = isDamaged || (elements.length > 0 && isCut)
    this.#detail = isDamaged ? 'a checksum was wrong' : detail
    if (elements.length === 0) this.#noise = bytes
  }

  #takeElement(element: NovitusElement): void {
    const question = this.#open.pending().find((candidate) => isAbout(element, candidate))
    // A line that gives back what was sent is no printer.
    if (question === undefined || isQuestion(element, question)) return
    this.#open.answers.set(question, element)
    this.#evidence.push({ asked: question, answered: element.text, at: this.#asking.now().toISOString() })
  }

  reading(): PrinterReading {
    const now = this.#asking.now()
    if (this.#open.answers.size > 0)
      return readingOf({ answers: this.#open.answers, evidence: this.#evidence, now, timeZone: this.#asking.timeZone })
    const what = this.#noise.length === 0 ? 'Nothing was answered' : 'What was answered is no packet of this protocol'
    const answered = shown(this.#noise, 200)
    const evidence = this.#noise.length === 0 ? [] : [{ asked: 'dle', answered, at: now.toISOString() }]
    return notAnswered('novitus-xml', this.#detail === '' ? `${what}.` : `${what}: ${this.#detail}.`, evidence)
  }
}

function isQuestion(element: NovitusElement, question: Question): boolean {
  return packetsIn(encodeQuestion(question)).elements[0]?.text === element.text
}

/** `dle`, `enq` and `error` are elements of their own; the others are told by their action. */
function isAbout(element: NovitusElement, question: Question): boolean {
  const isOfAction = element.name === 'info' || element.name === 'deviceinfo'
  return (isOfAction ? textOf(element, 'action') : element.name) === question
}
