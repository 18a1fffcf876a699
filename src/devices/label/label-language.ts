import type { Conversation, Turn } from '../line/line.ts'
import { inOneVisit } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import { type Condition, type Identity, type PrinterReading, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { notAnswered, SILENT } from '../printer/unanswered.ts'
import { evidenceOf, readyBy } from '../printer/visit.ts'

/** One question of a language; the answer is read by its place among the others. */
export interface LabelQuestion {
  /** For people: `<ESC>!?`. */
  readonly words: string
  /** A character a byte. */
  readonly send: string
  readonly until: Turn['until']
  /** Not all who speak the language know it. */
  readonly optional?: true
}

/** What a label printer says of itself. */
export interface LabelState {
  readonly conditions: readonly Condition[]
  /** It has not said enough to be called ready. */
  readonly isPartial?: boolean
  readonly identity?: Identity | undefined
  readonly queue?: PrinterReading['queue']
  readonly more?: PrinterReading['more']
}

/** A language of label printers that has questions for its state. */
export interface LabelLanguage {
  /** In inventories. */
  readonly name: string
  /** For people: `TSPL`. */
  readonly title: string
  /** All that ever leaves, in this order. */
  readonly questions: readonly LabelQuestion[]
  /** The answers by place, empty where none came. Undefined where they are none of this language. */
  stateOf(answers: readonly Uint8Array[]): LabelState | undefined
}

/** The protocol of a language. */
export function labelProtocol(language: LabelLanguage): LineProtocol {
  return inOneVisit(language.name, {
    turns: (budgetMs) => turnsOf(language, budgetMs),
    understood: (said, asking) => understood(language, said, asking),
  })
}

function turnsOf({ questions }: LabelLanguage, budgetMs: number): readonly Turn[] {
  const timeoutMs = Math.max(1, Math.floor(budgetMs / questions.length))
  return questions.map(({ send, until, optional }) => ({
    send: Buffer.from(send, 'latin1'),
    until,
    timeoutMs,
    ...(optional && { optional }),
  }))
}

function understood(language: LabelLanguage, said: Conversation, asking: Asking): PrinterReading {
  const { name, title, questions } = language
  const evidence = said.replies.map((reply, at) => evidenceOf(questions[at]?.words ?? '', reply, asking.now))
  const answers = questions.map((_, at) => said.replies[at]?.bytes ?? new Uint8Array())
  const state = language.stateOf(answers)
  if (!state) return notAnswered(name, wordsFor(title, said), evidence)
  return labelReading(name, state, evidence)
}

/** What a label printer that answered is read as. An error without a name leaves open whether it prints. */
export function labelReading(
  protocol: string,
  { conditions, isPartial = false, identity, queue, more }: LabelState,
  evidence: PrinterReading['evidence'],
): PrinterReading {
  const isSure = !isPartial && !conditions.some(({ name }) => name === 'other-error')
  return {
    protocol,
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    ...(identity && { identity }),
    ...(queue && { queue }),
    ...(more && { more }),
    guards: UNKNOWN_GUARDS,
    evidence,
  }
}

function wordsFor(title: string, { replies, detail }: Conversation): string {
  if (replies.every(({ bytes }) => bytes.length === 0)) return SILENT
  return `What it answered is not the state of a printer in ${title}${detail === '' ? '' : ` (${detail})`}.`
}
