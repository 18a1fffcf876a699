import type { Condition, ConditionName } from '../printer/reading.ts'
import type { ShtrihAnswer, ShtrihState, StorageState } from './codec.ts'
import type { Question } from './questions.ts'

const COVER_UP = 1 << 10
const MEMORY_NEARLY_FULL = 1 << 14

type Meanings = Readonly<Record<number, readonly [ConditionName, string]>>

const MODES: Meanings = {
  3: ['day-not-closed', 'the shift is open for more than 24 hours'],
  5: ['device-blocked', 'blocked by a wrong password of the tax inspector'],
  6: ['clock-wrong', 'it waits for its date to be confirmed'],
  7: ['device-blocked', 'it waits for a change of its decimal point'],
  9: ['device-blocked', 'it waits for a technical reset'],
}

/** Paper is judged by the submode alone: what the bits for paper mean differs from model to model. */
const SUBMODES: Meanings = {
  1: ['paper-out', 'no paper'],
  2: ['paper-out', 'the paper ran out while it printed'],
  3: ['waiting-for-user', 'it waits to go on printing'],
}
const LAST_SUBMODE = 5

/** Errors of any command, by the messages of the maker's JavaPOS driver (PrinterError… in shtrih-m/javapos_shtrih). */
const ERRORS: Meanings = {
  78: ['day-not-closed', 'the shift is open for more than 24 hours'],
  79: ['other-warning', 'the password of the operator was refused'],
  88: ['waiting-for-user', 'it waits to go on printing'],
  100: ['unrecoverable-error', 'the fiscal memory is missing'],
  103: ['unrecoverable-error', 'the fiscal memory does not answer'],
  107: ['paper-out', 'no paper'],
  108: ['paper-out', 'no paper for the journal'],
  112: ['fiscal-memory-full', 'the fiscal memory is full'],
  113: ['cutter-error', 'a fault of the cutter'],
  116: ['unrecoverable-error', 'a fault of its memory'],
  117: ['power-fault', 'a fault of the power supply'],
  118: ['mechanism-error', 'the mechanism does not turn'],
  119: ['mechanism-error', 'its sensors say nothing'],
  123: ['unrecoverable-error', 'a fault of its hardware'],
  143: ['not-fiscal', 'it is not registered'],
  192: ['clock-wrong', 'it waits for its date and time to be confirmed'],
  200: ['mechanism-error', 'the mechanism cannot be reached'],
  201: ['overheated', 'the print head is too hot'],
  207: ['clock-wrong', 'its clock was reset'],
}

/** Errors of the fiscal storage itself (FSPrinterError…, and 2Fh to 32h, of the same driver), as FF01h may end with them. */
const STORAGE_ERRORS: Meanings = {
  2: ['storage-locked', 'the fiscal storage is in a wrong state'],
  3: ['unrecoverable-error', 'the fiscal storage has failed'],
  4: ['unrecoverable-error', 'the cryptographic processor of the fiscal storage has failed'],
  5: ['storage-locked', 'the life of the fiscal storage is over'],
  6: ['storage-locked', 'the archive of the fiscal storage is full'],
  18: ['storage-locked', 'the cryptographic processor of the fiscal storage is used up'],
  20: ['storage-locked', 'the fiscal storage has no room left'],
  21: ['storage-locked', 'documents were not delivered for too long'],
  47: ['unrecoverable-error', 'the fiscal storage does not answer'],
  48: ['unrecoverable-error', 'the fiscal storage refuses what it is asked'],
  49: ['unrecoverable-error', 'the fiscal storage answers without sense'],
  50: ['unrecoverable-error', 'what the fiscal storage answers is damaged'],
}

/** That a command is not known, that something is printed, that there is nothing to tell. */
const HARMLESS: readonly number[] = [0x37, 0x50]
const NOTHING_TO_TELL: readonly number[] = [0x01, 0x08]
/** What says whether it sells. */
const OF_STATE: readonly Question[] = ['10', 'FF01', 'FF39', 'FF40']

/** It prints this moment (submodes 4 and 5), hands out data, or tests itself. */
export function isPrinting({ mode, submode }: ShtrihState): boolean {
  return submode === 4 || submode === 5 || mode === 1 || mode === 10
}

/** What the mode, the submode and the flags of 10h and 11h say. */
export function stateConditions({ flags, mode, submode }: ShtrihState): Condition[] {
  const found = [...meaning(SUBMODES, submode, 'submode'), ...meaning(MODES, mode, 'mode')]
  if (submode > LAST_SUBMODE)
    found.push({ name: 'other-error', evidence: `submode ${submode}, which nothing here names` })
  const evidence = `flags 0x${flags.toString(16).padStart(4, '0')}`
  // Some models have no such bit (`flags_actual` of pyshtrih; CapCoverSensor of the maker's driver).
  if ((flags & COVER_UP) !== 0)
    found.push({ name: 'cover-open', evidence: `${evidence}: the cover is up`, doubtful: true })
  if ((flags & MEMORY_NEARLY_FULL) !== 0)
    found.push({ name: 'fiscal-memory-low', evidence: `${evidence}: the journal is nearly full` })
  return found
}

type Answers = ReadonlyMap<Question, ShtrihAnswer>

/** What the errors say that questions ended with; a question that a model does not know says nothing. */
export function errorConditions(answers: Answers): Condition[] {
  return [...answers].flatMap(([question, { error }]) => {
    const said = `${question}h: error ${error.toString(16).padStart(2, '0')}h`
    const [name, words] = (question === 'FF01' ? STORAGE_ERRORS[error] : undefined) ?? ERRORS[error] ?? []
    if (name && words) return [{ name, evidence: `${said}: ${words}` }]
    return leavesOpen(question, error) ? [{ name: 'other-error', evidence: `${said}, which nothing here names` }] : []
  })
}

/** An error that says nothing that is known, of a question that says whether it sells. */
function leavesOpen(question: Question, error: number): boolean {
  if (error === 0 || !OF_STATE.includes(question) || HARMLESS.includes(error)) return false
  return question === '10' || question === 'FF01' || !NOTHING_TO_TELL.includes(error)
}

/** The errors of a fiscal memory of the old kind, which models without fiscal storage have. */
export function memoryConditions([memory = 0, journal = 0]: readonly number[]): Condition[] {
  const said = (error: number): string => `error ${error.toString(16).padStart(2, '0')}h`
  return [
    ...(memory === 0 ? [] : [{ name: 'other-error' as const, evidence: `10h: ${said(memory)} of the fiscal memory` }]),
    ...(journal === 0 ? [] : [{ name: 'other-error' as const, evidence: `10h: ${said(journal)} of the journal` }]),
  ]
}

function meaning(table: Meanings, value: number, what: string): Condition[] {
  const [name, words] = table[value] ?? []
  return name && words ? [{ name, evidence: `${what} ${value}: ${words}` }] : []
}

const WARNINGS: readonly (readonly [mask: number, name: ConditionName, words: string])[] = [
  [0x01, 'storage-expiring', 'it has to be exchanged within 3 days'],
  [0x02, 'storage-expiring', 'it has to be exchanged within 30 days'],
  [0x04, 'fiscal-memory-low', 'it is full to 90 %'],
  [0x08, 'documents-unsent', 'the operator has not answered for too long'],
  [0x10, 'transmission-failing', 'the operator refused a document for what is in it'],
  [0x20, 'transmission-failing', 'the operator wants the device to be set up'],
  [0x40, 'transmission-failing', 'the operator has lost its licence'],
  [0x80, 'storage-locked', 'a critical error'],
]
const PREPARED = 1
const IN_USE = 3
const CLOSED: readonly number[] = [7, 15]

/** What the fiscal storage says of itself (FF01h); the bits as in the specification of fiscal storages (FS_ALERT_…). */
export function storageConditions({ phase, warnings }: StorageState): Condition[] {
  const found = WARNINGS.filter(([mask]) => (warnings & mask) !== 0).map(([, name, words]) => ({
    name,
    evidence: `fiscal storage, warnings 0x${warnings.toString(16).padStart(2, '0')}: ${words}`,
  }))
  if (phase === IN_USE) return found
  const evidence = `the fiscal storage is in phase ${phase}`
  if (CLOSED.includes(phase)) return [...found, { name: 'storage-locked', evidence: `${evidence}: closed for good` }]
  const words = phase === PREPARED ? 'not registered yet' : 'not in use'
  return [...found, { name: 'not-fiscal', evidence: `${evidence}: ${words}` }]
}

/** Receipts are made in this phase alone. */
export function isInUse({ phase }: StorageState): boolean {
  return phase === IN_USE
}
