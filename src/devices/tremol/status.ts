import type { StatusTable } from '../printer/status-bits.ts'

/**
 * The seven bytes of Bulgarian devices, by the description (2507141400) and by ErpNet.FP, which agree but for 6.5: unsent for
 * a day, or blocked for it. An FP-28 set 1.0 when its cover was opened.
 */
export const TREMOL: StatusTable = {
  rows: [
    [0, 0, 'storage-locked', 'the fiscal memory can only be read'],
    [0, 1, 'power-failed-recently', 'the power failed while a receipt was open'],
    [0, 2, 'overheated', 'the printer is too hot'],
    [0, 3, 'clock-wrong', 'its clock is not set'],
    [0, 4, 'clock-wrong', 'its clock is wrong'],
    [0, 5, 'ram-reset', 'its memory was cleared'],
    [0, 6, 'clock-wrong', 'its clock has a fault'],
    [1, 0, 'paper-out', 'no paper, or the cover is open'],
    [2, 5, 'protected-memory-low', 'the journal is nearly full'],
    [2, 6, 'protected-memory-full', 'the journal is full'],
    [3, 0, 'unrecoverable-error', 'the fiscal memory is not there'],
    [3, 1, 'unrecoverable-error', 'a fault of the fiscal memory'],
    [3, 2, 'fiscal-memory-full', 'the fiscal memory is full'],
    [3, 3, 'fiscal-memory-low', 'the fiscal memory is nearly full'],
    [5, 1, 'device-blocked', 'it is blocked: three days without the operator of its SIM'],
    [6, 4, 'paper-low', 'the paper is nearly at its end'],
  ],
  doubtful: [
    [1, 1, 'other-error', 'its registers overflow'],
    [5, 0, 'other-error', 'a wrong SIM'],
    [5, 2, 'other-error', 'it has no task from the tax office'],
    [5, 5, 'other-error', 'a wrong SD card'],
    [5, 6, 'other-error', 'it was taken off the register'],
    [6, 0, 'transmission-failing', 'no SIM'],
    [6, 1, 'transmission-failing', 'no modem'],
    [6, 2, 'transmission-failing', 'no operator'],
    [6, 3, 'transmission-failing', 'no service'],
    [6, 5, 'documents-unsent', 'data was not sent for a day, for which some are blocked'],
  ],
  // What is not zeroed was sold since the last report; byte 4 are its switches; 3.4 to 3.6 say that it was set up.
  fine: [
    ...[2, 3, 4, 5, 6].map((bit) => [1, bit] as const),
    [3, 4],
    [3, 5],
    [3, 6],
    ...[0, 1, 2, 4, 5].map((bit) => [4, bit] as const),
  ],
  receiptOpen: [0, 1, 2, 3, 4].map((bit) => [2, bit] as const),
  fiscal: [3, 5],
}
