import type { Condition, ConditionName } from '../printer/reading.ts'

/*
 * PJL status codes. The classes, and that 15xxy ends in what is the matter with the bin, are HP's (PCL/PJL reference,
 * page 7-34 and appendix D; addendum, tables 15 and 32). Single codes are HP's as its own driver for Linux reads them
 * (PJL_STATUS_MAP in base/status.py of hplip), and those that others list for HP and Brother (40000, 40019, 40079).
 */

interface Meaning {
  /** None for what is in order. */
  readonly name?: ConditionName
  readonly words: string
  /** Whether it prints, if it is online: by what the class says, or the code. */
  readonly prints: boolean
}

type Row = readonly [from: number, to: number, prints: boolean, words: string, name?: ConditionName]

/** The first row that holds a code counts: single codes stand before their class. */
const CODES: readonly Row[] = [
  [10_000, 10_001, true, 'ready'],
  [10_002, 10_002, false, 'offline', 'offline'],
  [10_003, 10_005, true, 'warms up or tests itself'],
  [10_006, 10_006, true, 'toner low', 'toner-low'],
  [10_007, 10_007, true, 'a job is cancelled'],
  [10_010, 10_010, true, 'its buffer for status overflowed', 'other-warning'],
  [10_013, 10_023, true, 'at work'],
  [10_024, 10_024, true, 'it has a page that was not ended', 'other-warning'],
  [10_026, 10_026, true, 'at work'],
  [10_027, 10_027, false, 'the paper path has to be cleared', 'paper-jam'],
  [10_028, 10_032, true, 'at work'],
  [10_034, 10_036, true, 'at work'],
  [10_200, 10_203, true, 'toner low', 'toner-low'],
  [10_204, 10_208, true, 'a drum is to be ordered', 'supply-low'],
  [10_209, 10_212, true, 'a cartridge is low', 'toner-low'],
  [10_213, 10_217, true, 'a kit is to be ordered', 'service-requested'],
  [10_218, 10_218, true, 'supplies are to be ordered', 'supply-low'],
  // Low in one family of printers, to be replaced at once in another; ONLINE says whether it still prints.
  [10_300, 10_303, true, 'toner low, or to be replaced', 'toner-low'],
  [10_304, 10_308, true, 'a drum is to be replaced', 'supply-low'],
  [10_309, 10_312, true, 'a cartridge is to be replaced', 'toner-low'],
  [10_313, 10_317, true, 'a kit is to be replaced', 'service-requested'],
  [10_318, 10_318, true, 'supplies are to be replaced', 'supply-low'],
  [10_400, 10_401, true, 'a supply of another maker, or a new one'],
  [10_402, 10_402, true, 'a supply asks for attention', 'service-requested'],
  [10_403, 10_403, true, 'a supply is in order'],
  [11_000, 11_999, true, 'a tray is empty, another one is not', 'paper-low'],
  [12_000, 12_999, true, 'a tray is open or moves, another one feeds', 'other-warning'],
  [30_119, 30_119, false, 'paper jam', 'paper-jam'],
  [30_000, 30_999, true, 'a message that goes by itself', 'other-warning'],
  [32_000, 32_999, true, 'a fault of its file system', 'other-warning'],
  [35_000, 35_999, true, 'somebody may have to see to it; it goes on printing', 'service-requested'],
  [40_000, 40_000, true, 'asleep'],
  [40_019, 40_019, false, 'an output bin is full', 'output-full'],
  [40_021, 40_021, false, 'a cover is open', 'cover-open'],
  [40_022, 40_022, false, 'paper jam', 'paper-jam'],
  [40_038, 40_038, true, 'toner low, to be confirmed at the printer', 'toner-low'],
  [40_079, 40_079, false, 'taken offline at the printer', 'offline'],
  [40_093, 40_093, false, 'paper jam in the duplex unit', 'paper-jam'],
  [40_119, 40_119, false, 'paper was not fed', 'paper-jam'],
  [40_600, 40_600, false, 'no toner', 'toner-empty'],
  [40_000, 40_999, false, 'it waits for somebody', 'waiting-for-user'],
  [41_000, 41_999, false, 'paper is missing', 'paper-out'],
  [42_000, 42_999, false, 'paper jam', 'paper-jam'],
  [43_000, 43_999, false, 'a fault of an external tray or bin', 'service-requested'],
  [44_000, 44_999, false, 'paper jam', 'paper-jam'],
  [50_000, 50_999, false, 'a fault of its hardware', 'unrecoverable-error'],
  [55_000, 55_999, false, 'a fault of its languages', 'other-error'],
]

/** `15xxy`: bin, and what is the matter with it. The printer goes offline when a bin is full that it needs. */
const BIN_FULL = 1
const BIN_BROKEN = 3

/** Undefined for what no document names, and for what says nothing of the printer (2xxxx are words of ours). */
function meaningOf(code: number, isOnline: boolean | undefined): Meaning | undefined {
  if (code >= 15_000 && code <= 15_999) return binMeaning(code % 10, isOnline === true)
  const row = CODES.find(([from, to]) => code >= from && code <= to)
  if (!row) return undefined
  const [, , prints, words, name] = row
  return { prints, words, ...(name && { name }) }
}

function binMeaning(state: number, isOnline: boolean): Meaning {
  if (state === BIN_FULL) {
    const words = 'an output bin is full'
    return isOnline
      ? { prints: true, words, name: 'output-nearly-full' }
      : { prints: false, words, name: 'output-full' }
  }
  const words = state === BIN_BROKEN ? 'an output bin is broken' : 'an output bin is open'
  return { prints: isOnline, words, name: state === BIN_BROKEN ? 'service-requested' : 'other-warning' }
}

/** The condition that a code stands for; undefined for one that is none, or that is not known. */
export function conditionOf(code: number, isOnline?: boolean): Condition | undefined {
  const { name, words } = meaningOf(code, isOnline) ?? {}
  return name && { name, evidence: `@PJL INFO STATUS: CODE=${code}: ${words}` }
}

/** It prints by this code, or is getting ready to: never by one that is not known. */
export function isWell(code: number, isOnline?: boolean): boolean {
  return meaningOf(code, isOnline)?.prints === true
}

/** Whether any document names it. */
export function isKnown(code: number): boolean {
  return (code >= 20_000 && code <= 29_999) || meaningOf(code, undefined) !== undefined
}
