import type { Condition, ConditionName } from '../printer/reading.ts'

/** What a bit of the status stands for; `byte.bit` as in the manuals. */
type Row = readonly [byte: number, bit: number, name: ConditionName, words: string]

/** Of one maker. */
export interface StatusTable {
  readonly rows: readonly Row[]
  /** Bits that mean one thing in one family of devices and another in the next: whether it sells is not known then. */
  readonly doubtful: readonly Row[]
  /** Bits that say nothing bad. */
  readonly fine: readonly (readonly [byte: number, bit: number])[]
  /** Of the errors of the fiscal memory (bytes 4 and 5) one is set: open only where none of these is. */
  readonly memoryError?: readonly [byte: number, bit: number]
  /** A byte that is a number, where it is one of errors. */
  readonly errorCode?: number
  /** Whether it works in fiscal mode, where that can be told. */
  readonly fiscal?: readonly [byte: number, bit: number]
}

const GENERAL_ERROR = [0, 5] as const
const RECEIPT_OPEN = [2, 3] as const
const SERVICE_RECEIPT_OPEN = [2, 5] as const
const NO_DISPLAY = [0, 3] as const
const FIRST_OF_MEMORY = 4

/** That it did not accept a command, which ours is: then its status is not what it looks like. */
const REFUSALS: readonly Row[] = [
  [0, 0, 'other-error', 'a command had a wrong form'],
  [0, 1, 'other-error', 'a command was not known'],
  [1, 0, 'other-error', 'a sum became too large'],
  [1, 1, 'other-error', 'a command was not allowed in its mode'],
]

/**
 * FP-550F (manual, page 19), FP-2000 (pages 4 and 5), and the Bulgarian FP-800, FP-2000, FP-650 as ErpNet.FP reads them.
 * Where these agree a bit has a name.
 */
export const DATECS: StatusTable = {
  rows: [
    [0, 2, 'clock-wrong', 'its clock is not set'],
    [0, 4, 'mechanism-error', 'a fault of the printing mechanism'],
    [1, 2, 'ram-reset', 'its memory was cleared'],
    [2, 0, 'paper-out', 'no paper'],
    [2, 1, 'paper-low', 'the paper is nearly at its end'],
    [2, 2, 'protected-memory-full', 'the journal is at its end'],
    [2, 4, 'protected-memory-low', 'the journal is nearly at its end'],
    [4, 3, 'fiscal-memory-low', 'less than 50 reports fit into the fiscal memory'],
    [4, 4, 'fiscal-memory-full', 'the fiscal memory is full'],
    [4, 0, 'unrecoverable-error', 'the fiscal memory could not be written'],
    [5, 0, 'storage-locked', 'the fiscal memory can only be read'],
    [5, 5, 'unrecoverable-error', 'the fiscal memory could not be read'],
  ],
  doubtful: [
    ...REFUSALS,
    [0, 6, 'other-error', 'the cover is open, or the electronic journal has a fault, by the model'],
    [1, 3, 'other-warning', 'the battery of its memory is low, or the clock was reset, by the model'],
    [1, 4, 'other-warning', 'its memory failed, or a refund is open, by the model'],
    [1, 5, 'other-error', 'the cover is open, or a turned service receipt is open, by the model'],
    [1, 6, 'transmission-failing', 'the tax terminal does not answer'],
    [2, 6, 'protected-memory-low', 'the journal is very near its end'],
    [4, 6, 'other-error', 'the print head is too hot, by the model'],
    [5, 2, 'other-warning', 'the last report was not written well'],
    [5, 6, 'not-fiscal', 'it trains'],
  ],
  // Byte 3 are its switches; 4.1, 4.2, 5.1 and 5.4 say that it was set up.
  fine: [
    NO_DISPLAY,
    RECEIPT_OPEN,
    SERVICE_RECEIPT_OPEN,
    ...[0, 1, 2, 3, 4, 5, 6].map((bit) => [3, bit] as const),
    [4, 1],
    [4, 2],
    [5, 1],
    [5, 3],
    [5, 4],
  ],
  fiscal: [5, 3],
  memoryError: [4, 5],
}

/**
 * The X series: manual of FMP-350X, FMP-55X, FP-700X, WP-500X, WP-50X, DP-25X, DP-150X, DP-05C, WP-25X, version 2.08, pages
 * 52 to 54. Bits that it has as "always 0" have no row.
 */
export const DATECS_X: StatusTable = {
  rows: [
    [0, 2, 'clock-wrong', 'its clock is not set'],
    [0, 4, 'mechanism-error', 'a fault of the printing mechanism'],
    [0, 6, 'cover-open', 'the cover is open'],
    [2, 0, 'paper-out', 'no paper'],
    [2, 1, 'paper-low', 'the paper is nearly at its end'],
    [2, 2, 'protected-memory-full', 'the journal is full'],
    [2, 4, 'protected-memory-low', 'the journal is nearly full'],
    [4, 0, 'unrecoverable-error', 'the fiscal memory could not be read or written'],
    [4, 3, 'fiscal-memory-low', 'less than 60 reports fit into the fiscal memory'],
    [4, 4, 'fiscal-memory-full', 'the fiscal memory is full'],
    [4, 6, 'unrecoverable-error', 'the fiscal memory is not there, or damaged'],
  ],
  doubtful: REFUSALS,
  // 4.1, 4.2, 5.1, 5.3 and 5.4 say that it was set up.
  fine: [RECEIPT_OPEN, SERVICE_RECEIPT_OPEN, [4, 1], [4, 2], [5, 1], [5, 3], [5, 4]],
  fiscal: [5, 3],
  memoryError: [4, 5],
}

/** Daisy's protocol, as two drivers of others read it: ErpNet.FP, and extface for FX 1200, whose captures are our vectors. */
export const DAISY: StatusTable = {
  rows: [
    [0, 2, 'clock-wrong', 'its clock is not set'],
    [0, 4, 'mechanism-error', 'a fault of the printing mechanism'],
    [1, 2, 'ram-reset', 'its memory was cleared'],
    [1, 5, 'cutter-error', 'a fault of the cutter'],
    [2, 0, 'paper-out', 'no paper'],
    [2, 1, 'paper-low', 'the paper is nearly at its end'],
    [2, 2, 'protected-memory-full', 'no paper for the journal'],
    [2, 4, 'protected-memory-low', 'the journal is nearly at its end'],
    [4, 0, 'unrecoverable-error', 'the fiscal memory could not be written'],
    [4, 3, 'fiscal-memory-low', 'less than 50 reports fit into the fiscal memory'],
    [4, 4, 'fiscal-memory-full', 'the fiscal memory is full'],
    [5, 0, 'fiscal-memory-full', 'the fiscal memory overflows'],
  ],
  doubtful: [
    ...REFUSALS,
    [1, 6, 'other-error', 'a password was refused'],
    [4, 1, 'other-error', 'it has no task from the tax office'],
    [4, 2, 'other-error', 'a record of the fiscal memory is wrong'],
    [4, 5, 'other-error', 'a fault of the fiscal memory'],
  ],
  // 2.6 says that it may print, 5.3 to 5.6 that it was set up.
  fine: [NO_DISPLAY, RECEIPT_OPEN, SERVICE_RECEIPT_OPEN, [2, 6], [5, 3], [5, 4], [5, 5], [5, 6]],
  errorCode: 3,
}

export interface Understood {
  readonly conditions: readonly Condition[]
  /** Nothing stands in it that leaves open whether it sells. */
  readonly isSure: boolean
  readonly isReceiptOpen: boolean
  readonly isFiscal: boolean | undefined
}

/** What a status says. */
export function understood(status: Uint8Array, table: StatusTable): Understood {
  const { rows, doubtful, fiscal } = table
  const row = doubtfulMemory(status, table)
  const named = rows.filter(([byte, bit]) => has(status, [byte, bit]))
  const open = [...doubtful.filter(([byte, bit]) => has(status, [byte, bit])), ...row, ...strange(status, table)]
  const hasError = has(status, GENERAL_ERROR)
  const found = [...named, ...open].map(([byte, bit, name, words]) => ({
    name,
    evidence: `status ${byte}.${bit}: ${words}`,
  }))
  const isFiscal = fiscal && has(status, fiscal)
  const code = errorIn(status, table)
  if (code !== 0) found.push({ name: 'other-error', evidence: `status 3: error ${code}` })
  if (hasError && found.length === 0)
    found.push({ name: 'other-error', evidence: 'status 0.5: an error without a name' })
  if (isFiscal === false) found.push({ name: 'not-fiscal', evidence: 'status 5.3: it does not work in fiscal mode' })
  return {
    conditions: found.filter(({ name }, at) => found.findIndex((other) => other.name === name) === at),
    isSure: open.length === 0 && !hasError && code === 0,
    isReceiptOpen: has(status, RECEIPT_OPEN) || has(status, SERVICE_RECEIPT_OPEN),
    isFiscal,
  }
}

function doubtfulMemory(status: Uint8Array, { rows, memoryError }: StatusTable): Row[] {
  const isNamed = rows.some(([byte, bit]) => byte >= FIRST_OF_MEMORY && has(status, [byte, bit]))
  if (!memoryError || isNamed || !has(status, memoryError)) return []
  return [[...memoryError, 'other-error', 'a fault of the fiscal memory']]
}

/** Bits that no table has. */
function strange(status: Uint8Array, { rows, doubtful, fine, memoryError, errorCode }: StatusTable): Row[] {
  const all = [GENERAL_ERROR, ...rows, ...doubtful, ...fine, ...(memoryError ? [memoryError] : [])]
  const known = new Set(all.map(([byte, bit]) => `${byte}.${bit}`))
  return [...status.keys()]
    .filter((byte) => byte !== errorCode)
    .flatMap((byte) => [0, 1, 2, 3, 4, 5, 6].map((bit) => [byte, bit] as const))
    .filter(([byte, bit]) => has(status, [byte, bit]) && !known.has(`${byte}.${bit}`))
    .map(([byte, bit]) => [byte, bit, 'other-warning', 'a bit that nothing here names'])
}

function errorIn(status: Uint8Array, { errorCode }: StatusTable): number {
  return errorCode === undefined ? 0 : (status[errorCode] ?? 0) & 0x7f
}

function has(status: Uint8Array, [byte, bit]: readonly [number, number]): boolean {
  return ((status[byte] ?? 0) & (1 << bit)) !== 0
}
