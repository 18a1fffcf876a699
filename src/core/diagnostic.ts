import type { ErrorCode } from './error-catalog.ts'
import type { SourceRange } from './source.ts'

/** One finding in what the user wrote. Diagnostics accumulate; a load reports all of them at once. */
export interface Diagnostic {
  readonly code: ErrorCode
  readonly severity: 'error' | 'warning'
  /** Short, names the thing: `Unknown profile "till-linx"`. */
  readonly summary: string
  /** One or two full sentences: why it matters, what would be right. */
  readonly detail?: string
  readonly source?: SourceRange
  /** `did you mean "till-linux"?` */
  readonly hint?: string
}

/** Bad input: everything that was wrong with it. Commands print the diagnostics and exit with 2. */
export class InputError extends Error {
  readonly diagnostics: readonly Diagnostic[]
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => d.summary).join('; '))
    this.name = 'InputError'
    this.diagnostics = diagnostics
  }
}

/** What stands in the way is away now, and may be back by itself: a database, a program that tells secrets. */
export class NotNow extends InputError {}

/** The same in the middle of a run: what was done until then stays done, so commands exit with 4 instead. */
export class RunBroken extends InputError {}
