import type { Condition, ConditionName } from '../printer/reading.ts'
import type { DeviceState, ShtrihAnswer, StorageState } from './codec.ts'
import type { Question } from './questions.ts'

const COVER_UP = 1 << 10
const MEMORY_NEARLY_FULL = 1 << 14

type Meanings = Readonly<Record<number, readonly [ConditionName, string]>>

const MODES: Meanings = {
  3: ['day-not-closed', 'the shift is open for more than 24 hours'],
  5: ['device-blocked', 'blocked by a wrong password of the tax inspector'],
  6: ['clock-wrong', 'it waits for its date to be confirmed'],
  9: ['device-blocked', 'it waits for a technical reset'],
}

/** Paper is judged by the submode alone: what the bits for paper mean differs from model to model. */
const SUBMODES: Meanings = {
  1: ['paper-out', 'no paper'],
  2: ['paper-out', 'the paper ran out while it printed'],
  3: ['waiting-for-user', 'it waits to go on printing'],
}

const ERRORS: Meanings = {
  78: ['day-not-closed', 'the shift is open for more than 24 hours'],
  79: ['other-warning', 'the password of the operator was refused'],
  88: ['waiting-for-user', 'it waits to go on printing'],
  107: ['paper-out', 'no paper'],
}

/** It prints this moment (submodes 4 and 5), hands out data, or tests itself. */
export function isPrinting({ mode, submode }: DeviceState): boolean {
  return submode === 4 || submode === 5 || mode === 1 || mode === 10
}

/** What the mode, the submode and the flags of 10h and 11h say. */
export function stateConditions({ flags, mode, submode }: DeviceState): Condition[] {
  const found = [...meaning(SUBMODES, submode, 'submode'), ...meaning(MODES, mode, 'mode')]
  const evidence = `flags 0x${flags.toString(16).padStart(4, '0')}`
  if ((flags & COVER_UP) !== 0) found.push({ name: 'cover-open', evidence: `${evidence}: the cover is up` })
  if ((flags & MEMORY_NEARLY_FULL) !== 0)
    found.push({ name: 'fiscal-memory-low', evidence: `${evidence}: the journal is nearly full` })
  return found
}

/** What the errors say that questions ended with; one that a model does not know says nothing. */
export function errorConditions(answers: ReadonlyMap<Question, ShtrihAnswer>): Condition[] {
  return [...answers].flatMap(([question, { error }]) => {
    const [name, words] = ERRORS[error] ?? []
    return name && words ? [{ name, evidence: `${question}h: error ${error.toString(16)}h: ${words}` }] : []
  })
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
]

/** What the fiscal storage says of itself (FF01h). */
export function storageConditions({ phase, warnings }: StorageState): Condition[] {
  const found = WARNINGS.filter(([mask]) => (warnings & mask) !== 0).map(([, name, words]) => ({
    name,
    evidence: `fiscal storage, warnings 0x${warnings.toString(16).padStart(2, '0')}: ${words}`,
  }))
  if (phase === 1) return [...found, { name: 'not-fiscal', evidence: 'the fiscal storage is not registered yet' }]
  const isClosed = phase === 7 || phase === 15
  return isClosed ? [...found, { name: 'storage-locked', evidence: 'the fiscal storage was closed for good' }] : found
}
