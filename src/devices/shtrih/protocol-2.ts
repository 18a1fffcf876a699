import type { Conversation, Turn } from '../line/line.ts'
import type { OpenQuestions } from '../printer/open-questions.ts'
import { answerIn, type ShtrihAnswer } from './codec.ts'
import { encodeFrame, framesIn, START, SYNCHRONIZE } from './frame-2.ts'
import { bodyOf, type Question } from './questions.ts'
import type { Version } from './version.ts'

/** Conversations that brought nothing new. */
const FRUITLESS = 2
/** Bytes that were replaced make a frame longer than it says; the last one ends when nothing more comes. */
const QUIET_MS = 100

/** Numbered frames. The number is asked for first, then once more before the questions, which carry the ones behind it. */
export class Protocol2 implements Version {
  readonly number = 2
  readonly asks = 'number of the frame'
  readonly #open: OpenQuestions<Question, ShtrihAnswer>
  readonly #password: number
  /** That the device has come to. */
  #reached: number | undefined
  #asked: ReadonlyMap<number, Question> = new Map()
  #fruitless = 0
  #isMute = false
  noise: Uint8Array = new Uint8Array()
  detail = ''
  readonly maySpeakAnother = false

  constructor(open: OpenQuestions<Question, ShtrihAnswer>, password: number) {
    this.#open = open
    this.#password = password
  }

  get isHopeless(): boolean {
    return this.#isMute || this.#fruitless > FRUITLESS
  }

  turns(leftMs: number): readonly Turn[] {
    const timeoutMs = Math.ceil(leftMs * 0.5)
    const frame = (send: Uint8Array): readonly Turn[] => [
      { send, until: { byte: START }, timeoutMs },
      // Length, the rest of the length, what it counts, and the checksum.
      { send: new Uint8Array(), until: { lengthAt: 0, more: 3 }, timeoutMs },
    ]
    const reached = this.#reached
    const pending = reached === undefined ? [] : this.#open.pending()
    this.#asked = new Map(pending.map((question, n) => [((reached ?? 0) + 1 + n) % 0x1_0000, question]))
    const asked = [...this.#asked].flatMap(([number, question]) =>
      frame(encodeFrame(number, bodyOf(question, this.#password))),
    )
    const rest: Turn = { send: new Uint8Array(), until: { quietMs: QUIET_MS }, timeoutMs: QUIET_MS, optional: true }
    return [...frame(SYNCHRONIZE), ...asked, rest]
  }

  take({ replies, detail }: Conversation): (readonly [Question, ShtrihAnswer])[] {
    const bytes = Buffer.concat(replies.map((reply) => reply.bytes))
    const frames = framesIn(bytes)
    const number = frames.find(({ data }) => data.length === 0)?.number
    const found = frames.flatMap((frame) => {
      const question = this.#asked.get(frame.number)
      const answer = question && answerIn(question, frame.data)
      return answer ? [[question, answer] as const] : []
    })
    const isNews = found.length > 0 || (this.#reached === undefined && number !== undefined)
    // Somebody else may have asked in between: the next questions go by what it says now.
    this.#reached = frames.at(-1)?.number ?? this.#reached
    this.#isMute = bytes.length === 0
    this.detail = detail
    if (!isNews) this.#fruitless++
    if (frames.length === 0) this.noise = bytes
    return found
  }
}
