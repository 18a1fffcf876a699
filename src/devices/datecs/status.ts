import type { BitRow, StatusTable } from '../printer/status-bits.ts'

const GENERAL_ERROR = [0, 5] as const
const RECEIPTS_OPEN = [
  [2, 3],
  [2, 5],
] as const
const NO_DISPLAY = [0, 3] as const

/** That it did not accept a command, which ours is: then its status is not what it looks like. */
const REFUSALS: readonly BitRow[] = [
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
  fine: [NO_DISPLAY, ...[0, 1, 2, 3, 4, 5, 6].map((bit) => [3, bit] as const), [4, 1], [4, 2], [5, 1], [5, 3], [5, 4]],
  receiptOpen: RECEIPTS_OPEN,
  generalError: GENERAL_ERROR,
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
  fine: [
    [4, 1],
    [4, 2],
    [5, 1],
    [5, 3],
    [5, 4],
  ],
  receiptOpen: RECEIPTS_OPEN,
  generalError: GENERAL_ERROR,
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
  fine: [NO_DISPLAY, [2, 6], [5, 3], [5, 4], [5, 5], [5, 6]],
  receiptOpen: RECEIPTS_OPEN,
  generalError: GENERAL_ERROR,
  errorCode: 3,
}
