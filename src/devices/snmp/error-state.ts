import type { ConditionName } from '../printer/reading.ts'

/** `hrPrinterDetectedErrorState` (RFC 2790): bit 0 is the highest of the first byte. */
export const ERROR_BITS = [
  'lowPaper',
  'noPaper',
  'lowToner',
  'noToner',
  'doorOpen',
  'jammed',
  'offline',
  'serviceRequested',
  'inputTrayMissing',
  'outputTrayMissing',
  'markerSupplyMissing',
  'outputNearFull',
  'outputFull',
  'inputTrayEmpty',
  'overduePreventMaint',
] as const
export type ErrorBit = (typeof ERROR_BITS)[number]

export const BIT_CONDITIONS: Readonly<Record<ErrorBit, ConditionName>> = {
  lowPaper: 'paper-low',
  noPaper: 'paper-out',
  lowToner: 'toner-low',
  noToner: 'toner-empty',
  doorOpen: 'cover-open',
  jammed: 'paper-jam',
  offline: 'offline',
  serviceRequested: 'service-requested',
  inputTrayMissing: 'tray-missing',
  outputTrayMissing: 'tray-missing',
  markerSupplyMissing: 'other-error',
  outputNearFull: 'output-nearly-full',
  outputFull: 'output-full',
  inputTrayEmpty: 'paper-low',
  overduePreventMaint: 'service-requested',
}

/** The bits that are set; the string may be of any length, and empty. */
export function errorBits(bytes: Uint8Array): readonly ErrorBit[] {
  return ERROR_BITS.filter((_, n) => ((bytes[n >> 3] ?? 0) & (0x80 >> (n & 7))) !== 0)
}

/** The same, of the few printers that count from the other end of each byte. */
export function reversedBits(bytes: Uint8Array): readonly ErrorBit[] {
  return ERROR_BITS.filter((_, n) => ((bytes[n >> 3] ?? 0) & (1 << (n & 7))) !== 0)
}
