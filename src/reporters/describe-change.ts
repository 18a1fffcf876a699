import { type Change, presentable } from '../core/change.ts'
import { ERROR_CATALOG, type ErrorCode } from '../core/error-catalog.ts'
import type { Failure } from '../core/failure.ts'
import type { JsonValue } from '../core/json.ts'
import type { StepOutcome } from '../core/outcome.ts'
import { plainText } from './plain-text.ts'

/** Longer values are cut, with their size behind them. */
const LONGEST_VALUE = 120
/** More lines of one value tell less than its size. */
const MOST_LINES = 12
const INDENT = '  '

/** One change as lines: `keys.Server: "old" → "new"`; a text of several lines stands below, indented, one block each. */
export function describeChange(change: Change): string[] {
  const { path, before, after, once } = presentable(change)
  const name = plainText(path)
  if (once) return [after === true || after === null ? name : `${name}: ${describeValue(after)}`]
  if (!isBlock(before) && !isBlock(after)) return [`${name}: ${describeSide(before)} → ${describeSide(after)}`]
  return [`${name}:`, ...block('-', before), ...block('+', after)]
}

/** A value on one line, as JSON without what a terminal would act on, cut where it is long. */
export function describeValue(value: JsonValue): string {
  const text = plainText(typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? 'null'))
  if (text.length <= LONGEST_VALUE) return text
  return `${wholeCharacters(text, LONGEST_VALUE)}… (${describeSize(value)})`
}

/** A failure as lines: code and phase with the message, then what to do about it. */
export function describeFailure(failure: Failure): string[] {
  const lines = failure.message.split(/\r?\n/).map((line) => plainText(line.trimEnd()))
  const [first = '', ...rest] = lines.filter((line) => line !== '')
  return [
    `${failure.code} (${failure.phase}): ${first}`,
    ...rest.slice(0, MOST_LINES).map((line) => `${INDENT}| ${line}`),
    `→ ${adviceOn(failure)}`,
  ]
}

/** The most specific advice there is. */
export function adviceOn(failure: Pick<Failure, 'code' | 'hint'>): string {
  return plainText(failure.hint ?? adviceOf(failure.code))
}

/** What the catalogue says about a code; a newer version may have written one that is not in it. */
export function adviceOf(code: string): string {
  return ERROR_CATALOG[code as ErrorCode]?.advice ?? 'See the documentation of the version that made this run.'
}

/** How a step ended, as lines under its title: changes, failure, reason. Nothing for a step that is as it should be. */
export function describeStep(outcome: StepOutcome): string[] {
  return [
    ...(outcome.changes ?? []).flatMap(describeChange),
    ...(outcome.failure ? describeFailure(outcome.failure) : []),
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
  const shown = lines.slice(0, MOST_LINES).map((line) => {
    const text = plainText(line)
    return text.length <= LONGEST_VALUE ? text : `${wholeCharacters(text, LONGEST_VALUE)}… (${line.length} characters)`
  })
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
