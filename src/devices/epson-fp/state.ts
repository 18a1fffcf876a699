import { type Condition, type FiscalFacts, type GuardFacts, UNKNOWN_GUARDS } from '../printer/reading.ts'
import { answerOf } from '../printer/visit.ts'
import type { EpsonAnswer } from './codec.ts'

/** What was understood of an answer. */
export interface EpsonState {
  readonly conditions: readonly Condition[]
  /** Nothing stands in it that leaves open whether it sells. */
  readonly isSure: boolean
  readonly guards: GuardFacts
  readonly facts: FiscalFacts
}

type Digit = Readonly<Record<string, Pick<Condition, 'name'> & { readonly words: string; readonly isOpen?: true }>>

/** The first digit of five (`decodeFpStatus` of fiscalprint.js), and the second. 0 says nothing bad. */
const PRINTER: Digit = {
  '2': { name: 'paper-low', words: 'the paper is nearly at its end' },
  '3': { name: 'paper-out', words: 'offline: no paper, or the cover is open' },
}
const JOURNAL: Digit = {
  '1': { name: 'protected-memory-low', words: 'the journal is nearly full' },
  '2': { name: 'other-error', words: 'the journal has to be formatted', isOpen: true },
  '3': { name: 'other-error', words: 'an earlier journal is in it', isOpen: true },
  '4': { name: 'other-error', words: 'the journal of another printer is in it', isOpen: true },
  '5': { name: 'protected-memory-full', words: 'the journal is full' },
}
/** The fifth: in which of its states it stands. Documents are made in the first, 0. */
const MODE: Digit = {
  '1': { name: 'other-warning', words: 'it stands in its state X, for reports', isOpen: true },
  '2': { name: 'other-warning', words: 'it stands in its state Z, for closing', isOpen: true },
  '3': { name: 'other-warning', words: 'it is being set up', isOpen: true },
}
/** The fourth: whether a document is open. 1: none; 4: none, and the last command to the printer failed; B: a ticket, closed. */
const CLOSED = '14B'
const OPEN = '0235678A'

/** Why a question was refused, where that says what is the matter (guide, "Success, Code and Status"). */
const CODES: Readonly<Record<string, Pick<Condition, 'name'> & { readonly words: string }>> = {
  EPTR_REC_EMPTY: { name: 'paper-out', words: 'no paper, the cover is open, or it is offline' },
}

export function stateOf(answer: EpsonAnswer): EpsonState {
  const { facts } = answer
  const word = facts.get('fpStatus') ?? facts.get('printerStatus') ?? ''
  const [printer = '', journal = '', , document = '', mode = ''] = word
  const read = [
    ...(answer.success ? [] : [refusal(answer)]),
    ...digit(printer, PRINTER, `${word}, printer`),
    ...digit(journal, JOURNAL, `${word}, journal`),
    ...digit(mode, MODE, `${word}, state`),
  ]
  const open = answerOf(document !== '' && OPEN.includes(document), document !== '' && CLOSED.includes(document))
  const registrar = registrarOf(facts)
  return {
    conditions: [...read.map(({ name, evidence }) => ({ name, evidence })), ...registrar.conditions],
    isSure: word.length === 5 && read.every(({ isOpen }) => !isOpen),
    guards: { ...UNKNOWN_GUARDS, receipt_open: open, transaction_running: open },
    facts: registrar.facts,
  }
}

type Read = Condition & { readonly isOpen?: boolean }

function refusal({ code, status }: EpsonAnswer): Read {
  const known = CODES[code]
  const said = `${code} ${status}`.trim()
  return known
    ? { name: known.name, evidence: `${said}: ${known.words}` }
    : { name: 'other-error', evidence: `it refuses the question: ${said}`, isOpen: true }
}

function digit(value: string, table: Digit, where: string): Read[] {
  if (value === '' || value === '0') return []
  const row = table[value]
  if (!row) return [{ name: 'other-warning', evidence: `status ${where}: nothing here knows it`, isOpen: true }]
  return [{ name: row.name, evidence: `status ${where}: ${row.words}`, isOpen: row.isOpen ?? false }]
}

/** What a telematic printer (RT) says of itself as the recorder of what is sold. */
function registrarOf(facts: EpsonAnswer['facts']): Pick<EpsonState, 'conditions' | 'facts'> {
  const main = facts.get('rtMainStatus')
  const count = (name: string): number => Number(/^\d+$/.exec(facts.get(name) ?? '')?.[0] ?? 0)
  const isRecorder = main === '02' ? true : main === '01' ? false : undefined
  const certificates = [
    { name: 'device', valid_until: dayOf(facts.get('rtExpiryCD')) },
    { name: 'tax office', valid_until: dayOf(facts.get('rtExpiryCA')) },
  ].flatMap(({ name, valid_until }) => (valid_until === undefined ? [] : [{ name, valid_until }]))
  const waiting = count('rtFileToSend')
  const told = (name: Condition['name'], evidence: string): Condition => ({ name, evidence })
  return {
    conditions: [
      ...(count('rtFileRejected') > 0
        ? [told('transmission-failing', `rtFileRejected ${count('rtFileRejected')}: refused by the tax office`)]
        : []),
      ...(count('rtOldFileToSend') > 0
        ? [told('documents-unsent', `rtOldFileToSend ${count('rtOldFileToSend')}: they have waited for long`)]
        : []),
      ...(facts.get('rtNoWorkingPeriod') === '1'
        ? [told('report-missing', 'rtNoWorkingPeriod 1: a daily report has to be made')]
        : []),
    ],
    facts: {
      ...(isRecorder !== undefined && { fiscal_mode: isRecorder }),
      ...(waiting > 0 && { unsent: { count: waiting } }),
      ...(certificates.length > 0 && { certificates }),
    },
  }
}

/** `20271231`. */
function dayOf(text = ''): string | undefined {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(text) ?? []
  return year === undefined ? undefined : `${year}-${month}-${day}`
}
