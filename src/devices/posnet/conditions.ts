import type { Condition, ConditionName } from '../printer/reading.ts'
import { flagOf, numberOf, type PosnetFrame } from './codec.ts'
import type { Question } from './questions.ts'

/** States of the mechanism (`sprn`, field `pr`). */
const MECHANISM: Readonly<Record<number, readonly [ConditionName, string]>> = {
  1: ['cover-open', 'the lever is up or the cover open'],
  2: ['mechanism-error', 'the mechanism cannot be reached'],
  3: ['cover-open', 'the cover is open'],
  // Of printers with two rolls (DBC-I-DEV-45 v021).
  4: ['paper-out', 'no paper for the copy'],
  5: ['paper-out', 'no paper'],
  6: ['overheated', 'too hot, too cold, or badly supplied with power'],
  7: ['power-failed-recently', 'the power was gone for a moment'],
  8: ['cutter-error', 'the cutter is stuck'],
  9: ['power-fault', 'the power supply is faulty'],
  10: ['cover-open', 'the cover was opened while cutting'],
}

/** States of the device (`sdev`, field `ds`). */
const DEVICE: Readonly<Record<number, readonly [ConditionName, string]>> = {
  1: ['menu-open', 'somebody is in its menu'],
  2: ['waiting-for-user', 'it waits for a key'],
  3: ['waiting-for-user', 'it waits for somebody to confirm an error'],
}

/** Errors of commands that say more than that the command failed (POT-I-DEV-37, list of errors). */
const ERRORS: Readonly<Record<number, readonly [ConditionName, string]>> = {
  50: ['other-error', 'the printer could not carry it out'],
  51: ['other-error', 'a fault around the fiscal memory'],
  52: ['other-error', 'a fault of its data base'],
  53: ['other-error', 'a fault of the sale'],
  383: ['day-not-closed', 'no daily report was made'],
  387: ['fiscal-memory-full', 'sale blocked, no room in the memory'],
  388: ['fiscal-memory-full', 'blocked, no room in the memory'],
  460: ['clock-wrong', 'the clock failed in fiscal mode'],
  461: ['clock-wrong', 'the clock failed'],
  462: ['clock-skewed', 'the clock could not be set by the server'],
  484: ['licence-expired', 'the time of its authorisation has run out, sale blocked'],
  488: ['licence-expired', 'the subscription has run out, sale blocked'],
  1000: ['unrecoverable-error', 'the fiscal memory has failed'],
  1001: ['unrecoverable-error', 'the fiscal memory is not connected'],
  1002: ['unrecoverable-error', 'the fiscal memory cannot be written'],
  1003: ['unrecoverable-error', 'an unknown fault of the fiscal memory'],
  1004: ['unrecoverable-error', 'wrong check sums in the fiscal memory'],
  1006: ['unrecoverable-error', 'the fiscal memory does not answer'],
  1016: ['not-fiscal', 'it may only be read, and was never made fiscal'],
  1017: ['device-blocked', 'too many resets of the memory'],
  1018: ['fiscal-memory-full', 'no daily report fits any more'],
  1036: ['unrecoverable-error', 'the protected memory does not fit'],
  1037: ['unrecoverable-error', 'the protected memory does not fit'],
  1038: ['unrecoverable-error', 'the protected memory could not be verified'],
  1039: ['protected-memory-full', 'the protected memory is full'],
  1040: ['unrecoverable-error', 'the protected memory does not fit'],
  1041: ['unrecoverable-error', 'the protected memory cannot be reached'],
  1053: ['unrecoverable-error', 'the fiscal memory cannot be read'],
  1069: ['fiscal-memory-full', 'no room in the fiscal memory'],
  1074: ['unrecoverable-error', 'the fiscal memory was exchanged for another'],
  1075: ['unrecoverable-error', 'the fiscal memory was changed'],
  1078: ['unrecoverable-error', 'the fiscal memory is not ready'],
  1210: ['unrecoverable-error', 'the fiscal memory is of another kind of device'],
  2019: ['certificate-expired', 'a certificate is not valid any more'],
  2026: ['clock-wrong', 'the clock failed'],
  2034: ['not-fiscal', 'it is not in fiscal mode'],
  2036: ['device-blocked', 'it may only be read from now on'],
  2098: ['fiscal-memory-full', 'the fiscal memory is full'],
  2704: ['power-fault', 'the battery is too weak'],
  2904: ['protected-memory-full', 'the protected memory is full'],
  2907: ['unrecoverable-error', 'the protected memory cannot be reached'],
  3728: ['certificate-expired', 'a certificate is not valid'],
  3729: ['certificate-expired', 'a certificate is not valid'],
  3730: ['keys-missing', 'a certificate is not valid yet'],
  3733: ['keys-missing', 'sale blocked, keys or certificates are missing'],
  3735: ['keys-missing', 'sale blocked, keys or certificates are missing'],
  3750: ['unrecoverable-error', 'its cryptographic module has failed'],
  3904: ['transmission-failing', 'no connection to the repository'],
  3929: ['keys-missing', 'sale blocked, the shared key is missing'],
}

/** A command that this model, or this interface, does not have; a record that is not there. */
const HARMLESS: readonly number[] = [1, 40, 384, 1028]
/** What says whether it sells. */
const OF_STATE: readonly Question[] = ['scomm', 'strns', 'stot', 'fmrecrd']

/** Error 41: another interface has the resources, as the till has while it sells. 11 and 14: more than it can take now. */
const TRY_LATER: readonly number[] = [11, 14, 41]

export function isTryLater(frame: PosnetFrame | undefined): boolean {
  return frame?.error !== undefined && TRY_LATER.includes(frame.error)
}

/** What the state of the mechanism and of the device say. */
export function stateConditions(sprn: PosnetFrame | undefined, sdev: PosnetFrame | undefined): Condition[] {
  const found = [...stateCondition('!sprn', sprn, 'pr', MECHANISM), ...stateCondition('!sdev', sdev, 'ds', DEVICE)]
  if (flagOf(sdev, 'pe') === true) found.push({ name: 'paper-low', evidence: '!sdev pe: the paper is nearly used up' })
  return found
}

function stateCondition(
  asked: string,
  frame: PosnetFrame | undefined,
  field: string,
  table: typeof MECHANISM,
): Condition[] {
  const state = numberOf(frame, field)
  if (state === undefined || state === 0) return []
  const evidence = `${asked} ${field}${state}`
  const [name, words] = table[state] ?? []
  if (name && words) return [{ name, evidence: `${evidence}: ${words}` }]
  // By the specification it is ready in state 0 alone.
  return [{ name: 'device-blocked', evidence: `${evidence}: a state that is not in the specification`, doubtful: true }]
}

/** What the errors say that questions ended with; one that nothing names leaves open whether it sells. */
export function errorConditions(answers: ReadonlyMap<Question, PosnetFrame>): Condition[] {
  return [...answers].flatMap(([question, frame]) => {
    const { error } = frame
    if (error === undefined) return []
    const [name, words] = ERRORS[error] ?? []
    if (name && words) return [{ name, evidence: `${question} ?${error}: ${words}` }]
    if (!OF_STATE.includes(question) || HARMLESS.includes(error) || isTryLater(frame)) return []
    return [{ name: 'other-error' as const, evidence: `${question} ?${error}, which nothing here names` }]
  })
}
