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

/** One thing is wrong, and nothing is known of its place. */
export function inputError(code: ErrorCode, summary: string, detail: string): InputError {
  return new InputError([{ code, severity: 'error', summary, detail }])
}

/** What was asked for on the command line, or in a request, makes no sense. */
export function usageError(summary: string, detail: string): InputError {
  return inputError('USAGE_INVALID', summary, detail)
}

/** The first thing that was wrong, for a line that has room for one. */
export function firstSummary({ diagnostics, message }: InputError): string {
  return diagnostics[0]?.summary ?? message
}

/** File by file and line by line; what has no place comes at the end. */
export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted(({ source: a }, { source: b }) => {
    if (!a || !b) return Number(!a) - Number(!b)
    if (a.file !== b.file) return a.file < b.file ? -1 : 1
    return a.line - b.line || a.column - b.column
  })
}

/** Whether the state store is why: it is away, or cannot be used. */
export function isUnusable(error: unknown): error is InputError {
  return error instanceof InputError && error.diagnostics.some(({ code }) => code === 'STATE_UNUSABLE')
}
