import { type Change, presentable } from '../core/change.ts'
import type { ContentBytes, ContentCame } from '../core/content.ts'
import { ERROR_CATALOG, type ErrorCode } from '../core/error-catalog.ts'
import type { Failure } from '../core/failure.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { StepOutcome } from '../core/outcome.ts'
import { aimed, deviceFlag, withFlags } from '../core/remedy.ts'
import { lineDifference } from '../difference/line-difference.ts'
import { plainText } from './plain-text.ts'

/** Longer values are cut, with their size behind them. */
const LONGEST_VALUE = 120
/** More lines of one value tell less than its size. */
const MOST_LINES = 20
/** Of a text that differs, as long as not all is asked for. */
const MOST_DIFFERING_LINES = 40
const INDENT = '  '

/** One change as lines: `keys.Server: "old" → "new"`; of texts of several lines, the lines that differ stand below. */
export function describeChange(change: Change, options: { readonly all?: boolean } = {}): string[] {
  const { path, before, after, once, diff } = presentable(change)
  const name = plainText(path)
  if (once) return [after === true || after === null ? name : `${name}: ${describeValue(after)}`]
  const most = options.all ? Number.POSITIVE_INFINITY : MOST_DIFFERING_LINES
  if (isContent(before) || isContent(after)) {
    const lines = diff === undefined ? [] : differingLines(diff.split('\n'), most)
    const note = diff === undefined ? notCompared(before, after) : ''
    return [`${name}: ${describeContent(before, diff)} → ${describeContent(after, diff)}${note}`, ...lines]
  }
  if (!isBlock(before) && !isBlock(after)) return [`${name}: ${describeSide(before)} → ${describeSide(after)}`]
  const texts = [before, after].every((side) => side === null || typeof side === 'string')
  const lines = texts ? lineDifference(before as string | null, after as string | null) : undefined
  return [`${name}:`, ...(lines ? differingLines(lines, most) : [...block('-', before), ...block('+', after)])]
}

/** Unchanged lines have a mark, too: a CI system takes `::set-output` for a command also with spaces before it. */
const MARKS: Readonly<Record<string, string>> = { ' ': '|' }

/** Lines with `-`, `+` and `|` before them. */
function differingLines(lines: readonly string[], most: number): string[] {
  const shown = lines.slice(0, most).map((line) => {
    if (/^[@\u2026\\]/.test(line)) return `${INDENT}${plainText(line)}`
    return `${INDENT}${MARKS[line.slice(0, 1)] ?? line.slice(0, 1)} ${plainText(line.slice(1))}`.trimEnd()
  })
  const more = lines.length - shown.length
  return more > 0 ? [...shown, `${INDENT}… ${more} more lines`] : shown
}

/** A whole file, as a change of it tells: by checksum and size. */
function isContent(value: JsonValue): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && ('sha256' in value || 'size_bytes' in value)
  )
}

function describeContent(value: JsonValue, diff: string | undefined): string {
  if (!isContent(value)) return describeSide(value)
  const { binary, size_bytes, sha256 } = value
  const parts = [
    ...(binary === true ? ['binary'] : []),
    ...(typeof size_bytes === 'number' ? [describeBytes(size_bytes)] : []),
    ...(diff === undefined && typeof sha256 === 'string' ? [`sha256 ${plainText(sha256.slice(0, 12))}…`] : []),
  ]
  return parts.join(', ')
}

function notCompared(before: JsonValue, after: JsonValue): string {
  const sides = [before, after]
  if (sides.includes('***') || sides.some((side) => isContent(side) && side['binary'] === true)) return ''
  return ' (not compared line by line: too large, or only its checksum is known)'
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

/** A failure as lines: code and phase with the message, then what to do about it (left out where asked for). */
export function describeFailure(
  failure: Failure,
  options: { readonly advice?: boolean; readonly flags?: string | undefined; readonly device?: string } = {},
): string[] {
  const lines = failure.message.split(/\r?\n/).map((line) => plainText(line.trimEnd()))
  const [first = '', ...rest] = lines.filter((line) => line !== '')
  return [
    `${failure.code} (${failure.phase}): ${first}`,
    // The mark keeps what a device says from being taken for a command by the log of a CI system.
    ...rest.slice(0, MOST_LINES).map((line) => `${INDENT}| ${line}`),
    ...(options.advice === false ? [] : [`→ ${adviceFor(failure, options)}`]),
  ]
}

/** Commands in it are for this device, where one is named, and no other. */
function adviceFor(failure: Failure, { flags = '', device }: Pick<StepDescription, 'flags' | 'device'>): string {
  const advice = adviceOn(failure)
  return withFlags(device === undefined ? advice : aimed(advice, deviceFlag(device)), flags)
}

/** The most specific advice there is. */
export function adviceOn(failure: Pick<Failure, 'code' | 'hint'>): string {
  return plainText(failure.hint ?? adviceOf(failure.code))
}

/** What the catalogue says about a code; a newer version may have written one that is not in it. */
function adviceOf(code: string): string {
  return ERROR_CATALOG[code as ErrorCode]?.advice ?? 'See the documentation of the version that made this run.'
}

export interface StepDescription {
  readonly advice?: boolean
  /** What commands in advice need to find this fleet. */
  readonly flags?: string | undefined
  /** Whom they are for. */
  readonly device?: string
  /** All lines of texts that differ. */
  readonly all?: boolean
  /** A change of several lines; whoever was shown the same before. */
  readonly seenOn?: (lines: readonly string[]) => string | undefined
}

/** How a step ended, as lines under its title: changes, failure, reason. Nothing for a step that is as it should be. */
export function describeStep(outcome: StepOutcome, options: StepDescription = {}): string[] {
  return [
    ...(outcome.changes ?? []).flatMap((change) => {
      const lines = describeChange(change, options)
      const seenOn = lines.length > 1 ? options.seenOn?.(lines) : undefined
      return seenOn === undefined ? lines : [`${lines[0]} (the same lines as on ${plainText(seenOn)})`]
    }),
    ...(outcome.content ?? []).map(describeCame),
    ...(outcome.failure ? describeFailure(outcome.failure, options) : []),
    ...(outcome.may_be_mended ? ['the changes before it may mend it'] : []),
    ...(outcome.reason === undefined ? [] : [plainText(outcome.reason)]),
  ]
}

/** By which way a file came, and how much of it. */
function describeCame({ bytes, giver, kept_bytes, line_bytes, why, held }: ContentCame): string {
  const given = bytes - kept_bytes - line_bytes
  const parts = [
    ...(kept_bytes > 0 ? [`${describeBytes(kept_bytes)} it had`] : []),
    ...(giver !== undefined && given > 0 ? [`${describeBytes(given)} from ${giver}`] : []),
    ...(line_bytes > 0 ? [`${describeBytes(line_bytes)} over the line of the store`] : []),
    ...(held ? [`${describeBytes(given)} held back, as the line of the store is metered`] : []),
  ]
  return plainText(`the file: ${parts.join(', ')}${why === undefined ? '' : ` (${why})`}`)
}

/** By which ways files go, over a run. */
export function contentText({ line_bytes, neighbour_bytes, kept_bytes, held_bytes }: ContentBytes): string {
  const parts = [
    ...(line_bytes > 0 ? [`${describeBytes(line_bytes)} over lines of stores`] : []),
    ...(neighbour_bytes > 0 ? [`${describeBytes(neighbour_bytes)} from neighbours`] : []),
    ...(kept_bytes > 0 ? [`${describeBytes(kept_bytes)} there already`] : []),
    ...(held_bytes > 0 ? [`${describeBytes(held_bytes)} held back by metered lines`] : []),
  ]
  return `files: ${parts.join(', ')}`
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
  return describeBytes(Buffer.byteLength(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')))
}

function describeBytes(bytes: number): string {
  if (bytes === 1) return '1 byte'
  return bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KiB`
}

/** A cut never leaves half of a surrogate pair. */
function wholeCharacters(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
}
