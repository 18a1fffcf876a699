import type { NewSample } from '../../core/sample.ts'
import { TOKENS_SERIES } from '../noviapi/token-book.ts'
import type { PrinterReading } from './reading.ts'

/** A sample of each number that is known. */
export function newSamples(found: Readonly<Record<string, number | undefined>>, at: Date): NewSample[] {
  return Object.entries(found).flatMap(([series, value]) =>
    value === undefined ? [] : [{ series, value, at: at.toISOString() }],
  )
}

/** What later runs must know of this one, lest they take too many. */
export function tokensOf({ tokens_taken: taken }: PrinterReading): Readonly<Record<string, number | undefined>> {
  return { [TOKENS_SERIES]: taken }
}
