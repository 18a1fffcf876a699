import { structuredPatch } from 'diff'
import { type Change, presentable } from '../core/change.ts'
import { ERROR_CATALOG, type ErrorCode } from '../core/error-catalog.ts'
import type { Failure } from '../core/failure.ts'
import type { JsonValue } from '../core/json.ts'
import type { StepOutcome } from '../core/outcome.ts'
import { plainText } from './plain-text.ts'

/** Longer values are cut, with their size behind them. */
const LONGEST_VALUE = 120
/** More lines of one value tell less than its size. */
const MOST_LINES = 20
/** Unchanged lines around a difference. */
const CONTEXT_LINES = 2
/** Texts that differ by more edits than this are shown one after the other. */
const MOST_EDITS = 400
const INDENT = '  '

/** One change as lines: `keys.Server: "old" → "new"`; of texts of several lines, the lines that differ stand below. */
export function describeChange(change: Change): string[] {
  const { path, before, after, once } = presentable(change)
  const name = plainText(path)
  if (once) return [after === true || after === null ? name : `${name}: ${describeValue(after)}`]
  if (!isBlock(before) && !isBlock(after)) return [`${name}: ${describeSide(before)} → ${describeSide(after)}`]
  return [`${name}:`, ...(differingLines(before, after) ?? [...block('-', before), ...block('+', after)])]
}

/** Unchanged lines have a mark, too: a CI system takes `::set-output` for a command also with spaces before it. */
const MARKS: Readonly<Record<string, string>> = { ' ': '|' }

/** Lines of two texts with `-`, `+` and `|` before them, or nothing when the two have too little in common. */
function differingLines(before: JsonValue, after: JsonValue): string[] | undefined {
  if (typeof before !== 'string' || typeof after !== 'string') return undefined
  const patch = structuredPatch('', '', before, after, '', '', { context: CONTEXT_LINES, maxEditLength: MOST_EDITS })
  if (patch === undefined || patch.hunks.length === 0) return undefined
  const all = patch.hunks.flatMap(({ lines }, index) => (index === 0 ? lines : ['…', ...lines]))
  // That neither text ends in a line end is no difference.
  const lines = before.endsWith('\n') === after.endsWith('\n') ? all.filter((line) => !line.startsWith('\\')) : all
  const shown = lines
    .slice(0, MOST_LINES)
    .map((line) => `${INDENT}${MARKS[line.slice(0, 1)] ?? line.slice(0, 1)} ${clipped(line.slice(1))}`.trimEnd())
  const more = lines.length - shown.length
  return more > 0 ? [...shown, `${INDENT}… ${more} more lines`] : shown
}

function clipped(line: string): string {
  const text = plainText(line)
  return text.length <= LONGEST_VALUE ? text : `${wholeCharacters(text, LONGEST_VALUE)}… (${line.length} characters)`
}

/** A value on one line, as JSON without what a terminal would act on, cut where it is long. */
export function describeValue(value: JsonValue): string {
  const text = plainText(typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? 'null'))
  if (text.length <= LONGEST_VALUE) return text
  return `${wholeCharacters(text, LONGEST_VALUE)}… (${describeSize(value)})`
}

/** A failure as lines: code and phase with the message, then (unless told otherwise) what to do about it. */
export function describeFailure(failure: Failure, options: { readonly advice?: boolean } = {}): string[] {
  const lines = failure.message.split(/\r?\n/).map((line) => plainText(line.trimEnd()))
  const [first = '', ...rest] = lines.filter((line) => line !== '')
  return [
    `${failure.code} (${failure.phase}): ${first}`,
    // The mark keeps what a device says from being taken for a command by the log of a CI system.
    ...rest.slice(0, MOST_LINES).map((line) => `${INDENT}| ${line}`),
    ...(options.advice === false ? [] : [`→ ${adviceOn(failure)}`]),
  ]
}

/** The most specific advice there is. */
export function adviceOn(failure: Pick<Failure, 'code' | 'hint'>): string {
  return plainText(failure.hint ?? adviceOf(failure.code))
}

/** What the catalogue says about a code; a newer version may have written one that is not in it. */
function adviceOf(code: string): string {
  return ERROR_CATALOG[code as ErrorCode]?.advice ?? 'See the documentation of the version that made this run.'
}

/** How a step ended, as lines under its title: changes, failure, reason. Nothing for a step that is as it should be. */
export function describeStep(outcome: StepOutcome, options: { readonly advice?: boolean } = {}): string[] {
  return [
    ...(outcome.changes ?? []).flatMap(describeChange),
    ...(outcome.failure ? describeFailure(outcome.failure, options) : []),
    ...(outcome.may_be_mended ? ['the changes before it may mend it'] : []),
    ...(outcome.reason === undefined ? [] : [plainText(outcome.reason)]),
  ]
}

/** Raw facts of a failure, one a line. */
export function describeEvidence(failure: Failure): string[] {
  return Object.entries(failure.evidence ?? {}).flatMap(([name, value]) =>
    isBlock(value) ? [`${plainText(name)}:`, ...block('|', value)] : [`${plainText(name)}: ${describeValue(value)}`],
  )
}

function describeSide(value: JsonValue): string {
  return value === null ? '(absent)' : describeValue(value)
}

function isBlock(value: JsonValue): value is string {
  return typeof value === 'string' && value.trimEnd().includes('\n')
}

function block(mark: string, value: JsonValue): string[] {
  if (!isBlock(value)) return [`${INDENT}${mark} ${describeSide(value)}`]
  const lines = value.replace(/\n$/, '').split('\n')
  const shown = lines.slice(0, MOST_LINES).map(clipped)
  const more = lines.length - shown.length
  return [...shown, ...(more > 0 ? [`… ${more} more lines (${describeSize(value)})`] : [])].map((line) =>
    `${INDENT}${mark} ${line}`.trimEnd(),
  )
}

function describeSize(value: JsonValue): string {
  const bytes = Buffer.byteLength(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
  return bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KiB`
}

/** A cut never leaves half of a surrogate pair. */
function wholeCharacters(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
}
