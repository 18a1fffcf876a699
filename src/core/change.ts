import type { JsonValue } from './json.ts'
import { MASK } from './secret.ts'

/** One field that differs from what it should be. `null` before: it is not there; `null` after: it goes away. */
export interface Change {
  /** Dotted path inside what the step manages: `state`, `version`, `keys.Server`. */
  readonly path: string
  readonly before: JsonValue
  readonly after: JsonValue
  /** The values are hidden wherever they are shown. */
  readonly sensitive?: boolean
  /** An action, done rather than reached: having been carried out without error is its proof. */
  readonly once?: boolean
  /** Both texts in full, null where there is none: as far as the journal, which keeps `diff` instead. */
  readonly texts?: { readonly before: string | null; readonly after: string | null }
  /** The lines that differ, with `@@`, ` `, `-` or `+` before them; bounded. */
  readonly diff?: string
}

/** The change as it may be shown: sensitive values masked, absence kept visible. */
export function presentable(change: Change): Change {
  if (!change.sensitive) return change
  const { texts: _texts, diff: _diff, ...shown } = change
  return { ...shown, before: change.before === null ? null : MASK, after: change.after === null ? null : MASK }
}
