import type { Conversation, Turn } from '../line/line.ts'
import { inOneVisit } from '../printer/line-protocol.ts'
import type { Asking, LineProtocol } from '../printer/protocol.ts'
import type { Condition, PrinterReading } from '../printer/reading.ts'
import { UNKNOWN_GUARDS } from '../printer/reading.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { conditionsOf, evidenceOf, readyBy } from '../printer/visit.ts'
import {
  ANSWER,
  CONDITION_BITS,
  ERROR_BIT,
  OFFLINE_BIT,
  type StatusKind,
  type StatusStream,
  sortStatus,
  statusQuestion,
} from './codec.ts'
import { answersEot, starConditions } from './star.ts'

/** All that ever leaves: four questions that are answered aside from whatever is printed. */
const ASKED: readonly StatusKind[] = Object.freeze(['printer', 'offline', 'error', 'paper'] as const)

/** More noise than a line makes when it is opened, and more than is left of one automatic status: something else speaks. */
const MOST = { noise: 2, headless: 3 } as const
/** One byte that looks like an answer may be chance. */
const FEWEST_ANSWERS = 2

/** Receipt printers: `DLE EOT 1` to `4`, in one short visit. Nothing is switched on, so nothing has to be switched off. */
export const escpos: LineProtocol = inOneVisit('escpos', { turns: turnsOf, understood })

function turnsOf(budgetMs: number): readonly Turn[] {
  return ASKED.map((kind) => ({
    send: statusQuestion(kind),
    until: ANSWER,
    timeoutMs: Math.max(1, Math.floor(budgetMs / ASKED.length)),
  }))
}

function understood(said: Conversation, asking: Asking): PrinterReading {
  const evidence = said.replies.map((reply, at) => evidenceOf(`DLE EOT ${at + 1}`, reply, asking.now))
  const streams = said.replies.map(({ bytes }) => sortStatus(bytes))
  const answers = answersOf(streams)
  const isWhole = answers.size === ASKED.length
  const star = answers.size === 0 ? starReading(said, evidence) : undefined
  if (star) return star
  const isForeign = speaksOtherwise(streams, isWhole)
  if (isForeign || answers.size < FEWEST_ANSWERS) return notAnswered('escpos', wordsFor(said, isForeign), evidence)
  const conditions = conditionsIn(answers)
  const isOnline = ((answers.get('printer') ?? OFFLINE_BIT) & OFFLINE_BIT) === 0
  return {
    protocol: 'escpos',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, isOnline && isWhole ? 'yes' : 'unknown'),
    conditions,
    guards: UNKNOWN_GUARDS,
    evidence,
    more: {
      held: streams.some(({ isHeld }) => isHeld),
      automatic_status: streams.some((one) => one.automatic.length > 0),
    },
    ...(!isWhole && { detail: `It answered ${answers.size} of ${ASKED.length} questions.` }),
  }
}

/** Of a printer that is set to Star's own mode; undefined for any other. */
function starReading({ replies }: Conversation, evidence: PrinterReading['evidence']): PrinterReading | undefined {
  const said = Buffer.concat(replies.map(({ bytes }) => bytes))
  const conditions = starConditions(said)
  if (!conditions) {
    const detail =
      "It answers as Star's printers do in their own mode, and not in ESC/POS: set it to ESC/POS, if its till can."
    return answersEot(said) ? { ...notAnswered('escpos', detail, evidence), answered: 'unknown' } : undefined
  }
  const isSure = !conditions.some(({ name }) => name === 'other-error')
  return {
    protocol: 'escpos',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    identity: { vendor: 'Star' },
    guards: UNKNOWN_GUARDS,
    evidence,
    more: { automatic_status: true },
  }
}

function answersOf(streams: readonly StatusStream[]): ReadonlyMap<StatusKind, number> {
  const found = ASKED.flatMap((kind, at) => {
    const answer = streams[at]?.answers.at(-1)
    return answer === undefined ? [] : [[kind, answer] as const]
  })
  return new Map(found)
}

/** Offline without a cause, and an error without a name, are conditions of their own. */
function conditionsIn(answers: ReadonlyMap<StatusKind, number>): readonly Condition[] {
  const named = [...answers].flatMap(([kind, byte]) => conditionsOf(byte, CONDITION_BITS[kind], shownAs(kind, byte)))
  const unique = named.filter(({ name }, at) => named.findIndex((other) => other.name === name) === at)
  const [printer = 0, cause = 0] = [answers.get('printer'), answers.get('offline')]
  const hasName = ((answers.get('error') ?? 0) & 0x6c) !== 0
  if ((cause & ERROR_BIT) !== 0 && !hasName) {
    unique.push({ name: 'other-error', evidence: `${shownAs('offline', cause)}: an error` })
  }
  if ((printer & OFFLINE_BIT) !== 0 && readyBy(unique, 'yes') === 'yes') {
    unique.push({ name: 'offline', evidence: `${shownAs('printer', printer)}: offline` })
  }
  return unique
}

function shownAs(kind: StatusKind, byte: number): string {
  return `DLE EOT ${ASKED.indexOf(kind) + 1}: 0x${byte.toString(16).padStart(2, '0')}`
}

/** Text has letters that look like answers. Where not all questions were answered, nothing may stand between. */
function speaksOtherwise(streams: readonly StatusStream[], isWhole: boolean): boolean {
  const noise = streams.reduce((sum, stream) => sum + stream.noise, 0)
  if (isWhole) return noise > MOST.noise || streams.some(({ headless }) => headless > MOST.headless)
  return noise > 0 || streams.some(({ headless }) => headless > 0)
}

function wordsFor({ replies, detail }: Conversation, isForeign: boolean): string {
  const first = replies[0]
  if (!first || first.state === 'silent') {
    return 'It takes connections and does not answer: it hangs, it is no ESC/POS printer, or another program keeps it.'
  }
  if (isForeign) return 'What it answered is not ESC/POS.'
  return `It began to answer and stopped: ${detail || 'the rest made no sense'}.`
}
