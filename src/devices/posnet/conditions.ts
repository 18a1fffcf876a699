import type { Condition, ConditionName } from '../printer/reading.ts'
import { flagOf, numberOf, type PosnetFrame } from './codec.ts'

/** States of the mechanism (`sprn`, field `pr`). */
const MECHANISM: Readonly<Record<number, readonly [ConditionName, string]>> = {
  1: ['cover-open', 'the lever is up or the cover open'],
  2: ['mechanism-error', 'the mechanism cannot be reached'],
  3: ['cover-open', 'the cover is open'],
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
  1006: ['unrecoverable-error', 'the fiscal memory does not answer'],
  1017: ['device-blocked', 'too many resets of the memory'],
  1018: ['fiscal-memory-full', 'no daily report fits any more'],
  1039: ['protected-memory-full', 'the protected memory is full'],
  2019: ['certificate-expired', 'a certificate is not valid any more'],
  2098: ['fiscal-memory-full', 'the fiscal memory is full'],
  2904: ['protected-memory-full', 'the protected memory is full'],
  3728: ['certificate-expired', 'a certificate is not valid'],
  3729: ['certificate-expired', 'a certificate is not valid'],
  3733: ['keys-missing', 'sale blocked, keys or certificates are missing'],
  3735: ['keys-missing', 'sale blocked, keys or certificates are missing'],
  3904: ['transmission-failing', 'no connection to the repository'],
}

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
  const [name, words] = table[state] ?? ['other-error', 'a state that is not in the specification']
  return [{ name, evidence: `${asked} ${field}${state}: ${words}` }]
}

/** What the errors say that commands ended with. */
export function errorConditions(frames: Iterable<PosnetFrame>): Condition[] {
  const found: Condition[] = []
  for (const { command, error } of frames) {
    const [name, words] = ERRORS[error ?? 0] ?? []
    if (name && words && !found.some((condition) => condition.name === name))
      found.push({ name, evidence: `${command} ?${error}: ${words}` })
  }
  return found
}
