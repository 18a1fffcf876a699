import type { JsonObject } from '../../core/json.ts'
import { type DeviceTime, isoOf, skewSeconds } from '../printer/device-time.ts'
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
import { answerOf, firstOfEach, readyBy } from '../printer/visit.ts'
import {
  type ExchangeState,
  exchangeState,
  type FullState,
  fullState,
  memoryErrors,
  type ShtrihAnswer,
  type ShtrihState,
  type StorageState,
  shiftState,
  shortState,
  storageState,
  storageValidity,
  unconfirmedDocuments,
} from './codec.ts'
import {
  errorConditions,
  isInUse,
  isPrinting,
  memoryConditions,
  stateConditions,
  storageConditions,
} from './conditions.ts'
import type { Question } from './questions.ts'

/** What came of a visit. */
export interface Visited {
  readonly answers: ReadonlyMap<Question, ShtrihAnswer>
  readonly evidence: readonly Evidence[]
  readonly now: Date
  /** Between these the questions were answered, in milliseconds since 1970. */
  readonly span: { readonly from: number; readonly to: number }
  readonly timeZone: string
}

/** What was understood of the answers. */
interface Facts {
  readonly state: ShtrihState | undefined
  readonly full: FullState | undefined
  readonly storage: StorageState | undefined
  readonly exchange: ExchangeState | undefined
  /** Models with a fiscal memory of the old kind do not know its commands. */
  readonly hasStorage: boolean | undefined
}

const NO_SUCH_COMMAND = 0x37
const PRINTING_PREVIOUS = 0x50
/** It waits for the receipt or the answer of the operator. */
const EXCHANGING = 0x04 | 0x20

/** The reading of a printer that has answered something. */
export function readingOf(visited: Visited): PrinterReading {
  const { answers, evidence, now, timeZone } = visited
  const facts = factsOf(answers)
  const fiscal = fiscalOf(facts, visited)
  const memory = facts.storage ? [] : memoryConditions(understood(answers, '10', memoryErrors) ?? [])
  const conditions = firstOfEach([
    ...(facts.state ? stateConditions(facts.state) : []),
    ...errorConditions(answers),
    ...memory,
    ...(facts.storage ? storageConditions(facts.storage) : []),
    ...fiscalConditions(fiscal, now, timeZone),
  ])
  const isBusy = [...answers.values()].some(({ error }) => error === PRINTING_PREVIOUS)
  return {
    protocol: 'shtrih',
    answered: 'yes',
    busy: isBusy || (facts.state !== undefined && isPrinting(facts.state)),
    line: 'open',
    ready: readyBy(conditions, isSure(facts, conditions) ? 'yes' : 'unknown'),
    conditions,
    identity: identityOf(facts),
    ...(facts.storage ? { counters: { documents: facts.storage.lastDocument } } : {}),
    fiscal,
    guards: guardsOf(facts),
    evidence,
    ...moreOf(facts, answers),
  }
}

/** Its state is known, that of its storage too if it has one, and nothing was said that is not understood. */
function isSure({ state, storage, hasStorage }: Facts, conditions: readonly Condition[]): boolean {
  const isKnown = state !== undefined && (storage !== undefined || hasStorage === false)
  return isKnown && conditions.every(({ name }) => name !== 'other-error')
}

function factsOf(answers: Visited['answers']): Facts {
  const full = understood(answers, '11', fullState)
  const storageError = answers.get('FF01')?.error
  return {
    state: understood(answers, '10', shortState) ?? full,
    full,
    storage: understood(answers, 'FF01', storageState),
    exchange: understood(answers, 'FF39', exchangeState),
    hasStorage: storageError === undefined ? undefined : storageError !== NO_SUCH_COMMAND,
  }
}

function understood<T>(
  answers: Visited['answers'],
  question: Question,
  read: (answer: ShtrihAnswer) => T | undefined,
): T | undefined {
  const answer = answers.get(question)
  return answer?.error === 0 ? read(answer) : undefined
}

function fiscalOf({ state, full, storage, exchange, hasStorage }: Facts, visited: Visited): FiscalFacts {
  const { answers, now, span, timeZone } = visited
  const iso = (time: DeviceTime | undefined): string | undefined => time && isoOf(time, timeZone)
  const shift = understood(answers, 'FF40', shiftState)
  const validUntil = iso(understood(answers, 'FF03', storageValidity)?.until)
  const lastDocument = iso(storage?.lastDocumentAt)
  // Reports are documents too: of opening and closing shifts, of registration, of closing the storage.
  const hasSold = shift?.isOpen === true && shift.receipts > 0 && storage !== undefined && isInUse(storage)
  const oldest = exchange && exchange.unsent > 0 ? iso(exchange.firstAt) : undefined
  return known({
    clock: iso(full?.clock),
    clock_read_at: full?.clock && now.toISOString(),
    clock_skew_s: full?.clock && skewSeconds(full.clock, span, timeZone),
    last_receipt_at: hasSold ? lastDocument : undefined,
    last_document_at: lastDocument,
    receipts_since_report: shift?.isOpen === true ? shift.receipts : undefined,
    reports_left: hasStorage === false ? full?.freeRecords : undefined,
    unsent: exchange && { count: exchange.unsent, ...(oldest === undefined ? {} : { oldest_at: oldest }) },
    storage_valid_until: validUntil,
    shift: shiftOf(state, storage?.isShiftOpen ?? shift?.isOpen, shift?.number),
  })
}

/** Mode 3 is an open shift, too: one that is open for more than 24 hours, on which nothing can be sold. */
function shiftOf(
  state: ShtrihState | undefined,
  isOpen: boolean | undefined,
  number: number | undefined,
): FiscalFacts['shift'] {
  const withNumber = number === undefined ? {} : { number }
  if (state?.mode === 3) return { state: 'expired', ...withNumber }
  if (state?.mode === 2 || isOpen === true) return { state: 'open', ...withNumber }
  return state?.mode === 4 || isOpen === false ? { state: 'closed', ...withNumber } : undefined
}

/** Without what is not known. */
function known(facts: { readonly [N in keyof FiscalFacts]: FiscalFacts[N] | undefined }): FiscalFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

function guardsOf({ state, storage, exchange, hasStorage }: Facts): GuardFacts {
  const { mode, submode } = state ?? {}
  const hasDocument = storage === undefined ? undefined : storage.document !== 0
  const isOpen = mode === 8 || (mode ?? 0) >= 13 || hasDocument === true
  const isClosed = mode !== undefined && (hasDocument === false || hasStorage === false)
  const receipt = answerOf(isOpen, isClosed)
  const isReport = mode === 11 || mode === 12 || submode === 4 || storage?.document === 2 || storage?.document === 8
  return {
    receipt_open: receipt,
    transaction_running: answerOf(isOpen || (submode ?? 0) >= 2, receipt === 'no' && (submode ?? 2) < 2),
    shift_open: shiftGuard(mode, storage?.isShiftOpen),
    report_running: answerOf(isReport, receipt === 'no'),
    transmission_running: answerOf(
      exchange !== undefined && (exchange.flags & EXCHANGING) !== 0,
      exchange !== undefined || hasStorage === false,
    ),
  }
}

function shiftGuard(mode: number | undefined, isOpen: boolean | undefined): Answer {
  return answerOf(mode === 2 || mode === 3 || mode === 8 || isOpen === true, mode === 4 || isOpen === false)
}

function identityOf({ full }: Facts): Identity {
  return { vendor: 'Shtrih-M', ...(full ? { firmware: full.firmware, serial: full.serial } : {}) }
}

function moreOf({ state, storage, full }: Facts, answers: Visited['answers']): { more?: JsonObject } {
  const unconfirmed = understood(answers, 'FF3F', unconfirmedDocuments)
  const registrations = understood(answers, 'FF03', storageValidity)?.registrations
  const more = {
    ...(state ? { mode: state.mode, submode: state.submode, flags: state.flags } : {}),
    ...(storage ? { storage: storage.number, storage_phase: storage.phase, storage_warnings: storage.warnings } : {}),
    ...(full ? { last_closed_shift: full.lastShift, ...(full.taxpayer ? { taxpayer: full.taxpayer } : {}) } : {}),
    ...(unconfirmed === undefined ? {} : { unconfirmed_documents: unconfirmed }),
    ...(registrations === undefined ? {} : { registrations_left: registrations }),
  }
  return { more }
}
