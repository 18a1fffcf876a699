import type { Change } from '../../core/change.ts'
import { lineDifference } from '../../difference/line-difference.ts'
import type { Masker } from './mask.ts'

/**
 * Changes as they leave: masked, and in the place of whole texts the lines that differ. In this order, since part of a
 * secret (some lines of a key, the beginning of a long line) is not known to be one.
 */
export function shownChanges(changes: readonly Change[], masker: Masker): readonly Change[] {
  return changes.map((change) => {
    const { texts, ...rest } = change
    const shown = maskedFields(rest, masker) as Change
    if (!texts || change.sensitive) return shown
    const lines = lineDifference(masker.value(texts.before), masker.value(texts.after))
    return lines.length === 0 ? shown : { ...shown, diff: lines.join('\n') }
  })
}

/** The object with every value in it masked, under the same names. */
export function maskedFields(object: object, masker: Masker): object {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, masker.value(value)]))
}
