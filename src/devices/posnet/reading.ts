import type { JsonObject } from '../../core/json.ts'
import { isoOf, skewSeconds } from '../printer/device-time.ts'
import { fiscalConditions } from '../printer/fiscal-conditions.ts'
import type {
  Answer,
  Condition,
  Evidence,
  FiscalFacts,
  GuardFacts,
  Identity,
  PrinterReading,
} from '../printer/reading.ts'
import { answerOf, readyBy } from '../printer/visit.ts'
import { fieldOf, flagOf, numberOf, type PosnetFrame } from './codec.ts'
import { errorConditions, isTryLater, stateConditions } from './conditions.ts'
import { type Answers, clockOf, factsOf, type Place } from './fiscal-facts.ts'
import type { Question } from './questions.ts'

/** What came of a visit. */
export interface Visited {
  readonly answers: Answers
  readonly evidence: readonly Evidence[]
  readonly place: Place
  /** Between these the questions were answered, in milliseconds since 1970. */
  readonly span: { readonly from: number; readonly to: number }
}

/** Frame error 1: a command that this model does not have. */
const NO_SUCH_COMMAND = 1

/** The reading of a printer that has answered something. */
export function readingOf({ answers, evidence, place, span }: Visited): PrinterReading {
  const sdev = answers.get('!sdev')
  const isQueueMute = (['scomm', 'strns', 'stot'] as const).every((question) => !answers.has(question))
  const isHeld = (numberOf(sdev, 'tl') ?? 0) !== 0 || flagOf(sdev, 'qe') === false
  const busy = [...answers.values()].some(isTryLater) || (isQueueMute && isHeld)
  const fiscal = withClock(factsOf(answers, place), answers, { place, span })
  const conditions = conditionsOf(answers, fiscal, place)
  const isOpen = (isQueueMute && !busy) || conditions.some(({ name }) => name === 'other-error')
  const sells = isOpen ? 'unknown' : mechanismReady(answers)
  return {
    protocol: 'posnet',
    answered: 'yes',
    busy,
    line: 'open',
    ready: readyBy(conditions, sells),
    conditions,
    identity: identityOf(answers),
    counters: countersOf(answers.get('scnt')),
    fiscal,
    guards: guardsOf(answers),
    evidence,
    ...moreOf(answers),
    ...(isQueueMute && !busy ? { detail: 'It tells its state, and answers nothing that goes through its queue.' } : {}),
  }
}

function withClock(
  facts: FiscalFacts,
  answers: Answers,
  { place, span }: Pick<Visited, 'place' | 'span'>,
): FiscalFacts {
  const clock = clockOf(answers)
  if (!clock) return facts
  return {
    ...facts,
    clock: isoOf(clock, place.timeZone),
    clock_read_at: place.now.toISOString(),
    clock_skew_s: skewSeconds(clock, span, place.timeZone),
  }
}

function conditionsOf(answers: Answers, fiscal: FiscalFacts, place: Place): Condition[] {
  const all = [
    ...stateConditions(answers.get('!sprn'), answers.get('!sdev')),
    ...errorConditions(answers),
    ...(flagOf(answers.get('scomm'), 'td') ? [blocked('scomm tdT: it may only be read from now on')] : []),
    ...fiscalConditions(fiscal, place.now, place.timeZone),
  ]
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index)
}

function blocked(evidence: string): Condition {
  return { name: 'device-blocked', evidence }
}

function mechanismReady(answers: Answers): Answer {
  const isReady = numberOf(answers.get('!sprn'), 'pr') === 0 && numberOf(answers.get('!sdev'), 'ds') === 0
  return isReady ? 'yes' : 'unknown'
}

/** Only what was told for certain is `no`: after a reset of its memory, `strns` says 0 for what it does not know. */
function guardsOf(answers: Answers): GuardFacts {
  const [sdev, scomm, strns] = [answers.get('!sdev'), answers.get('scomm'), answers.get('strns')]
  const document = numberOf(scomm, 'ts')
  const holder = numberOf(sdev, 'tl')
  const isOpen = (document ?? 0) !== 0 || numberOf(strns, 'to') === 1 || flagOf(strns, 'fe') === true
  const isClosed = document === 0 && numberOf(strns, 'to') === 0 && flagOf(strns, 'fe') !== true
  const isIdle = holder === 0 && numberOf(sdev, 'ds') === 0 && document === 0
  return {
    receipt_open: answerOf(isOpen, isClosed),
    transaction_running: answerOf(isOpen || (holder ?? 0) !== 0, isClosed && holder === 0),
    shift_open: answerOf(flagOf(scomm, 'tz') === false, flagOf(scomm, 'tz') === true),
    // What goes through its queue is answered when what was before is done; a report holds the resources.
    report_running: answerOf(holder === 3, isIdle),
    transmission_running: transmissionRunning(answers),
  }
}

function transmissionRunning(answers: Answers): Answer {
  const states = (['repositoryeventhubstate', 'repositorywebapistate'] as const).map((question) => {
    const frame = answers.get(question)
    // Models that do not know the repository send nothing to it.
    return frame?.error === NO_SUCH_COMMAND ? false : flagOf(frame, 'ac')
  })
  return answerOf(
    states.some((runs) => runs === true),
    states.every((runs) => runs === false),
  )
}

function identityOf(answers: Answers): Identity {
  const [real, set] = [answers.get('getrealid'), answers.get('sid')]
  const model = fieldOf(real, 'nm') ?? fieldOf(set, 'nm')
  const firmware = fieldOf(real, 'vf') ?? fieldOf(real, 'vr') ?? fieldOf(set, 'vr')
  // The number of `scomm` is the unique one, unless somebody has set another.
  const number = fieldOf(real, 'nu') ?? fieldOf(answers.get('scomm'), 'nu')
  return {
    vendor: 'Posnet',
    ...(model === undefined ? {} : { model }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(number === undefined ? {} : { unique_number: number }),
  }
}

function countersOf(scnt: PosnetFrame | undefined): Record<string, number> {
  return numbers(scnt, { receipts: 'bn', invoices: 'fn', cancelled: 'bc', reports: 'rd', headers: 'hn' })
}

function numbers(frame: PosnetFrame | undefined, names: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, field]) => {
      const value = numberOf(frame, field)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

const MORE: readonly (readonly [Question, Readonly<Record<string, string>>])[] = [
  ['stot', { failed_transmissions: 'tf', emergencies: 'bc' }],
  ['connectionscheduleinfoget', { seconds_between_transmissions: 'eh', seconds_between_inquiries: 'wa' }],
  [
    'eparagonbuffersummaryget',
    { ereceipts_free: 'fr', ereceipts_new: 'ne', ereceipts_failed: 'fi', ereceipts_lost: 'ft' },
  ],
]

function moreOf(answers: Answers): { more?: JsonObject } {
  const more = Object.assign({}, ...MORE.map(([question, names]) => numbers(answers.get(question), names)))
  return Object.keys(more).length > 0 ? { more } : {}
}
