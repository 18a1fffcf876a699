import type { PrinterReading } from './reading.ts'

export type Supply = NonNullable<PrinterReading['supplies']>[number]

/** A container of something that is used up, or a receptacle that is filled: the words of RFC 3805 and PWG 5100.13. */
export interface Container {
  readonly name: string
  readonly receptacle: boolean
  /** -1 other, -2 unknown; else in whatever unit it has. */
  readonly max: number
  /** -1 no restriction, -2 unknown, -3 some remaining. */
  readonly level: number
}

/** Of one that is shown and not judged. */
export function withoutState({ state: _, ...supply }: Supply): Supply {
  return supply
}

const LOW_PERCENT = 5
const EMPTY_PERCENT = 1

/**
 * How full it is. A receptacle is at its end when it is full, so it is `low` from 95 % on; the negative levels of
 * Printer-MIB are no percentages.
 */
export function supplyOf({ name, receptacle, max, level }: Container): Supply {
  if (level === -3) return { name, state: 'ok' }
  // Of an unknown capacity 0 tells nothing: so say printers whose supply is not fitted, or not measured.
  if (level < 0 || max <= 0) return { name }
  const percent = Math.min(100, Math.round((level / max) * 100))
  const left = receptacle ? 100 - percent : percent
  const state = left <= EMPTY_PERCENT ? 'empty' : left <= LOW_PERCENT ? 'low' : 'ok'
  return { name, percent, state }
}
