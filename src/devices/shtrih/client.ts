import { type Result, success } from '../../core/failure.ts'
import type { Line } from '../line/line.ts'
import { OpenQuestions } from '../printer/open-questions.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import type { Evidence, PrinterReading } from '../printer/reading.ts'
import { notAnswered, notReached } from '../printer/unanswered.ts'
import { shown } from '../printer/visit.ts'
import type { ShtrihAnswer } from './codec.ts'
import { Protocol1 } from './protocol-1.ts'
import { Protocol2 } from './protocol-2.ts'
import { QUICK, type Question, THOROUGH } from './questions.ts'
import { readingOf } from './reading.ts'
import type { Version } from './version.ts'

/** Conversations in one visit by one version: asked, a stale answer taken, asked again after something was damaged. */
const ROUNDS = 5
/** Of the administrator, as it leaves the factory. */
const FACTORY_PASSWORD = 30

export interface ShtrihOptions {
  /** Of the operator that asks; it is in no evidence. */
  readonly password?: number | undefined
  /** Only the second version of the protocol is spoken; otherwise it is tried where the first is met with silence. */
  readonly onlySecond?: true
}

/** The protocols of Shtrih-M by their questions alone. */
export function shtrih(options: ShtrihOptions = {}): LineProtocol {
  const name = options.onlySecond ? 'shtrih-2' : 'shtrih'
  return Object.freeze({ name, read: (line: Line, asking: Asking) => new Visit(name, asking, options).read(line) })
}

class Visit {
  readonly #name: string
  readonly #asking: Asking
  readonly #open: OpenQuestions<Question, ShtrihAnswer>
  readonly #evidence: Evidence[] = []
  readonly #versions: readonly Version[]
  #version: Version | undefined

  constructor(name: string, asking: Asking, { password = FACTORY_PASSWORD, onlySecond }: ShtrihOptions) {
    this.#name = name
    this.#asking = asking
    this.#open = new OpenQuestions(asking, asking.thorough ? THOROUGH : QUICK)
    const second = new Protocol2(this.#open, password)
    this.#versions = onlySecond ? [second] : [new Protocol1(this.#open, password), second]
  }

  async read(line: Line): Promise<Result<PrinterReading>> {
    for (const [at, version] of this.#versions.entries()) {
      this.#version = version
      const ended = await this.#converse(line, version, at === 0)
      if (ended) return ended
      // What speaks the one is deaf to the other: neither ENQ nor a frame of the second means anything to it.
      if (!version.maySpeakAnother) break
    }
    return success(this.#reading())
  }

  /** Until all is answered or nothing more is to be had; a result where nobody could be asked. */
  async #converse(line: Line, version: Version, isFirst: boolean): Promise<Result<PrinterReading> | undefined> {
    for (let round = 0; round < ROUNDS && this.#isWorthAsking(version); round++) {
      const said = await line.converse(version.turns(this.#open.leftMs()))
      if (!said.ok) return said
      if (said.value.state !== 'open') {
        return isFirst && round === 0 ? success(notReached(this.#name, said.value)) : undefined
      }
      for (const [question, answer] of version.take(said.value)) this.#keep(question, answer)
    }
    return undefined
  }

  #isWorthAsking(version: Version): boolean {
    return !version.isHopeless && this.#open.pending().length > 0 && this.#open.leftMs() > 0
  }

  #keep(question: Question, answer: ShtrihAnswer): void {
    this.#open.answers.set(question, answer)
    const answered = shown(Buffer.concat([Uint8Array.of(answer.error), answer.data]))
    this.#evidence.push({ asked: `${question}h`, answered, at: this.#asking.now().toISOString() })
  }

  #reading(): PrinterReading {
    const now = this.#asking.now()
    if (this.#open.answers.size === 0) return notAnswered(this.#name, this.#silence(), this.#noiseEvidence(now))
    const read = readingOf({
      answers: this.#open.answers,
      evidence: this.#evidence,
      now,
      span: { from: this.#open.began, to: now.getTime() },
      timeZone: this.#asking.timeZone,
    })
    return { ...read, protocol: this.#name, more: { ...read.more, protocol_version: this.#version?.number ?? 1 } }
  }

  #silence(): string {
    const { noise, detail = '' } = this.#loudest()
    const what = noise.length === 0 ? 'Nothing was answered' : 'What was answered is no frame of this protocol'
    return detail === '' ? `${what}.` : `${what}: ${detail}.`
  }

  #noiseEvidence(now: Date): Evidence[] {
    const { noise, asks } = this.#loudest()
    return noise.length === 0 ? [] : [{ asked: asks, answered: shown(noise, 200), at: now.toISOString() }]
  }

  #loudest(): Version {
    const [first] = this.#versions
    const loud = this.#versions.find(({ noise }) => noise.length > 0) ?? first
    if (!loud) throw new Error('No version of the protocol was spoken.')
    return loud
  }
}
