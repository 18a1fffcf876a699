import type { JsonObject } from '../../core/json.ts'
import { instantsOfIso, isoOf, readDeviceTime } from '../printer/device-time.ts'
import { fiscalConditions } from '../printer/fiscal-conditions.ts'
import type { Condition, Evidence, FiscalFacts, GuardFacts, PrinterReading } from '../printer/reading.ts'
import { answerOf, readyBy } from '../printer/visit.ts'
import { flagOf, type NovitusElement, numberOf, textOf } from './codec.ts'
import type { Question } from './questions.ts'

type Answers = ReadonlyMap<Question, NovitusElement>

/** What came of a visit. */
export interface Visited {
  readonly answers: Answers
  readonly evidence: readonly Evidence[]
  readonly now: Date
  readonly timeZone: string
}

/** The reading of a printer that has answered something. */
export function readingOf({ answers, evidence, now, timeZone }: Visited): PrinterReading {
  const fiscal = factsOf(answers, timeZone)
  const conditions = [...stateConditions(answers), ...fiscalConditions(fiscal, now, timeZone)]
  const dle = answers.get('dle')
  const isWell = flagOf(dle, 'online') && flagOf(dle, 'papererror') === false && flagOf(dle, 'printererror') === false
  // Whether it sells without the card of its protected memory, no text says.
  const isSure = isWell && conditions.every(({ name }) => name !== 'other-error')
  return {
    protocol: 'novitus-xml',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    identity: { vendor: 'Novitus' },
    ...countersOf(answers),
    fiscal,
    guards: guardsOf(answers),
    evidence,
    ...moreOf(answers),
  }
}

function stateConditions(answers: Answers): Condition[] {
  const dle = answers.get('dle')
  const card = textOf(answers.get('sdcard'), 'state')
  const found: Condition[] = []
  const add = (is: boolean, name: Condition['name'], evidence: string): void => {
    if (is) found.push({ name, evidence })
  }
  add(flagOf(dle, 'papererror') === true, 'paper-out', 'dle: papererror="yes"')
  add(flagOf(dle, 'printererror') === true, 'mechanism-error', 'dle: printererror="yes"')
  add(flagOf(dle, 'online') === false, 'offline', 'dle: online="no"')
  add(numberOf(answers.get('printoutinfo'), 'papercount') === 0, 'paper-low', 'printoutinfo: papercount="0"')
  add(card === 'removed' || card === 'error', 'other-error', `the card of the protected memory: state="${card}"`)
  return found
}

function factsOf(answers: Answers, timeZone: string): FiscalFacts {
  const [memory, last] = [answers.get('fiscalmemory'), answers.get('lasttransaction')]
  const [reports, most] = [numberOf(memory, 'reportscount'), numberOf(memory, 'maxreportscount')]
  const free = numberOf(answers.get('sdcard'), 'free')
  return known({
    fiscal_mode: flagOf(answers.get('enq'), 'fiscal') ?? flagOf(answers.get('checkout'), 'isfiscal'),
    last_receipt_at: textOf(last, 'state') === 'close' ? timeOf(last, 'date', timeZone) : undefined,
    last_receipt_number: numberOf(answers.get('checkout'), 'lastreceipt'),
    reports_left: reports === undefined || most === undefined ? undefined : Math.max(0, most - reports),
    ram_resets: numberOf(memory, 'resetcount'),
    protected_memory: free === undefined ? undefined : { free },
    ...sendingOf(answers.get('repository'), timeZone),
  })
}

/** Without what is not known. */
function known(facts: { readonly [N in keyof FiscalFacts]: FiscalFacts[N] | undefined }): FiscalFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

function timeOf(element: NovitusElement | undefined, name: string, timeZone: string): string | undefined {
  const time = readDeviceTime(textOf(element, name))
  return time && isoOf(time, timeZone)
}

/** The last attempt failed if it was later than the last that succeeded. */
function sendingOf(repository: NovitusElement | undefined, timeZone: string): Partial<FiscalFacts> {
  const count = numberOf(repository, 'jpk_send_count')
  const [attempt, ok] = [timeOf(repository, 'date_send', timeZone), timeOf(repository, 'date_send_correct', timeZone)]
  const isLater =
    attempt !== undefined &&
    (ok === undefined || instantsOfIso(attempt, timeZone).earliest > instantsOfIso(ok, timeZone).latest)
  const transmission = {
    ...(ok === undefined ? {} : { last_ok_at: ok }),
    ...(isLater ? { last_failed_at: attempt, last_result: 'failed' } : {}),
    ...(ok !== undefined && !isLater ? { last_result: 'ok' } : {}),
  }
  return {
    ...(count === undefined ? {} : { unsent: { count } }),
    ...(Object.keys(transmission).length > 0 ? { transmission } : {}),
  }
}

/** Questions are answered one after the other: one that is answered outside a transaction waits behind no report. */
function guardsOf(answers: Answers): GuardFacts {
  const inTransaction = flagOf(answers.get('enq'), 'intransaction')
  const receipt = flagOf(answers.get('checkout'), 'receiptopen')
  const isOpen =
    inTransaction === true || receipt === true || textOf(answers.get('lasttransaction'), 'state') === 'open'
  const isClosed = inTransaction === false && receipt === false
  const isIdle = isClosed && !isOpen && flagOf(answers.get('dle'), 'online') === true
  return {
    receipt_open: answerOf(isOpen, isClosed),
    transaction_running: answerOf(isOpen, isClosed),
    shift_open: 'unknown',
    report_running: answerOf(false, isIdle),
    // While documents wait, it may be sending them this moment.
    transmission_running: answerOf(false, numberOf(answers.get('repository'), 'jpk_send_count') === 0),
  }
}

function countersOf(answers: Answers): Pick<PrinterReading, 'counters'> {
  const reports = numberOf(answers.get('fiscalmemory'), 'reportscount')
  const receipts = numberOf(answers.get('checkout'), 'lastreceipt')
  return {
    counters: { ...(reports === undefined ? {} : { reports }), ...(receipts === undefined ? {} : { receipts }) },
  }
}

const MORE: readonly (readonly [name: string, question: Question, attribute: string])[] = [
  ['last_error', 'error', 'value'],
  ['checkout_date', 'checkout', 'date'],
  ['card_state', 'sdcard', 'state'],
  ['card_last_report', 'sdcard', 'lastreport'],
  ['documents_sending', 'repository', 'jpk_actual_send_no'],
]

function moreOf(answers: Answers): { more: JsonObject } {
  const pairs = MORE.map(([name, question, attribute]) => [name, textOf(answers.get(question), attribute)] as const)
  return { more: Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))) }
}
