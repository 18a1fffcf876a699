import type { Conversation, Turn } from '../line/line.ts'
import { inRounds, type Rounds } from '../printer/line-protocol.ts'
import { OpenQuestions } from '../printer/open-questions.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import type { Evidence, PrinterReading } from '../printer/reading.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { shown } from '../printer/visit.ts'
import { fieldOf, framesIn, numberOf, type PosnetFrame } from './codec.ts'
import { isTryLater } from './conditions.ts'
import { encodeQuestion, encodeRepeat, QUICK, type Question, THOROUGH } from './questions.ts'
import { readingOf } from './reading.ts'

const ETX = 0x03
/** How many questions are on their way at once; the printer has a queue, of no stated length. */
const AT_ONCE = 8
/** Asked, asked for the lost answers again, asked anew. */
const ROUNDS = 3
const NO_SUCH_TOKEN = 13
const MOST_EVIDENCE = 400

/** The Posnet protocol (POT-I-DEV-37), by its questions alone. */
export const posnet: LineProtocol = inRounds('posnet', ROUNDS, (asking) => new Visit(asking))

/** Keeps what was asked and answered, over several conversations. */
class Visit implements Rounds {
  readonly #asking: Asking
  readonly #open: OpenQuestions<Question, PosnetFrame>
  readonly #tokens = new Map<number, Question>()
  /** Of questions that have left: their last token. */
  readonly #asked = new Map<Question, number>()
  readonly #evidence: Evidence[] = []
  readonly #sent = new Set<string>()
  #noise: Uint8Array = new Uint8Array()
  #detail = ''
  #nextToken: number
  #goesOn = true

  constructor(asking: Asking) {
    this.#asking = asking
    this.#open = new OpenQuestions(asking, asking.thorough ? THOROUGH : QUICK)
    // Other numbers than last time, so that no late answer is taken for one of this visit.
    this.#nextToken = Math.floor(this.#open.began / 1_000) % 10_000
  }

  isWorthAsking(): boolean {
    return this.#goesOn && this.#open.pending().length > 0 && this.#open.leftMs() > 0
  }

  /** Questions leave in groups, so that one costs no round trip of its own; then each answer is listened for. */
  turns(): Turn[] {
    const left = this.#open.leftMs()
    const pending = this.#open.pending()
    const turns: Turn[] = []
    for (let at = 0; at < pending.length; at += AT_ONCE) {
      const group = pending.slice(at, at + AT_ONCE)
      group.forEach((_question, index) => {
        const send = index === 0 ? Buffer.concat(group.map((question) => this.#frame(question))) : new Uint8Array()
        turns.push({ send, until: { byte: ETX }, timeoutMs: Math.ceil(left * (index === 0 ? 0.6 : 0.3)) })
      })
    }
    return turns
  }

  /** A question that has left may have been answered: then the answer is still to be had. */
  #frame(question: Question): Uint8Array {
    const asked = this.#asked.get(question)
    if (asked !== undefined) return encodeRepeat(asked)
    const isImmediate = question.startsWith('!')
    const token = this.#nextToken
    this.#nextToken = (this.#nextToken + 1) % 10_000
    if (!isImmediate) this.#asked.set(question, token)
    this.#tokens.set(token, question)
    const frame = encodeQuestion(question, isImmediate ? undefined : token)
    for (const { text } of framesIn(frame)) this.#sent.add(text)
    return frame
  }

  take({ replies, detail }: Conversation): void {
    const bytes = Buffer.concat(replies.map((reply) => reply.bytes))
    const frames = framesIn(bytes)
    for (const frame of frames) this.#takeFrame(frame)
    this.#detail = detail
    if (frames.length === 0) this.#noise = Buffer.concat([this.#noise, bytes])
    // Whoever is busy is left alone at once, and so is one that says nothing at all.
    this.#goesOn = frames.length > 0 && !this.#isBusy()
  }

  #isBusy(): boolean {
    const sdev = this.#open.answers.get('!sdev')
    return (numberOf(sdev, 'tl') ?? 0) !== 0 || [...this.#open.answers.values()].some(isTryLater)
  }

  #takeFrame(frame: PosnetFrame): void {
    const question = this.#questionOf(frame)
    // A line that gives back what was sent is no printer, and one that does it before the answer is one all the same.
    if (question === undefined || this.#sent.has(frame.text)) return
    if (frame.command === 'ERR' && frame.error === NO_SUCH_TOKEN) {
      this.#asked.delete(question)
      return
    }
    this.#open.answers.set(question, frame)
    // Records of reports end with a signature.
    const answered = frame.text.length > MOST_EVIDENCE ? `${frame.text.slice(0, MOST_EVIDENCE)}…` : frame.text
    this.#evidence.push({ asked: question, answered, at: this.#asking.now().toISOString() })
  }

  /** Answers of others, as they may still lie on a serial line, belong to no question of ours. */
  #questionOf(frame: PosnetFrame): Question | undefined {
    const command = frame.command === 'ERR' ? fieldOf(frame, 'cm')?.replace(/^!/, '') : frame.command
    if (frame.token !== undefined) {
      const question = this.#tokens.get(frame.token)
      const isOurs = frame.command === 'ERR' || nameOf(question) === command
      return isOurs && question !== undefined && !this.#open.answers.has(question) ? question : undefined
    }
    return this.#open.pending().find((question) => nameOf(question) === command && agrees(question, frame))
  }

  reading(): PrinterReading {
    const now = this.#asking.now()
    if (this.#open.answers.size === 0) return notAnswered('posnet', this.#silence(), this.#noiseEvidence(now))
    return readingOf({
      answers: this.#open.answers,
      evidence: this.#evidence,
      place: { now, timeZone: this.#asking.timeZone },
      span: { from: this.#open.began, to: now.getTime() },
    })
  }

  #silence(): string {
    const what = this.#noise.length === 0 ? 'Nothing was answered' : 'What was answered is no frame of this protocol'
    return this.#detail === '' ? `${what}.` : `${what}: ${this.#detail}.`
  }

  /** What somebody else asked for may be in it. */
  #noiseEvidence(now: Date): Evidence[] {
    const text = Buffer.from(this.#noise).toString('latin1')
    const answered = /token/i.test(text) ? '(not shown: it may hold a secret)' : shown(this.#noise, 200)
    return this.#noise.length === 0 ? [] : [{ asked: this.#open.questions.join(', '), answered, at: now.toISOString() }]
  }
}

/** `!sprn` is answered as `sprn`, `certinfoget 3` as `certinfoget`. */
function nameOf(question: Question | undefined): string | undefined {
  return question?.replace(/^!/, '').replace(/ \d$/, '')
}

function agrees(question: Question, frame: PosnetFrame): boolean {
  const id = / (\d)$/.exec(question)?.[1]
  return id === undefined || frame.error !== undefined || fieldOf(frame, 'id') === id
}
