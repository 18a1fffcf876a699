import { structuredPatch } from 'diff'

/** Unchanged lines around a difference. */
const CONTEXT_LINES = 2
/** Texts that differ by more edits than this are told one after the other. */
const MOST_EDITS = 1000
/** What is more is only counted. */
const MOST_LINES = 200
const LONGEST_LINE = 160

/** One text in place of another as lines: `@@ -3,2 +3,2 @@`, then ` `, `-` or `+` before each. null: there is none. */
export function lineDifference(before: string | null, after: string | null): string[] {
  const ends = onlyLineEnds(before ?? '', after ?? '')
  if (ends !== undefined) return [ends]
  const [old, now] = withoutCarriageReturns(before ?? '', after ?? '')
  const lines = hunks(old, now) ?? [...marked('-', old), ...marked('+', now)]
  const shown = lines.slice(0, MOST_LINES).map(clipped)
  const more = lines.length - shown.length
  return more > 0 ? [...shown, `… ${more} more lines`] : shown
}

function hunks(before: string, after: string): string[] | undefined {
  const patch = structuredPatch('', '', before, after, '', '', { context: CONTEXT_LINES, maxEditLength: MOST_EDITS })
  if (patch === undefined) return undefined
  const all = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ])
  // That neither text ends in a line end is no difference.
  return before.endsWith('\n') === after.endsWith('\n') ? all.filter((line) => !line.startsWith('\\')) : all
}

function marked(mark: string, text: string): string[] {
  return text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `${mark}${line}`)
}

const WINDOWS_LINES = /^(?:[^\r\n]*\r\n)*[^\r\n]*$/

/** Where every line of both ends as on Windows, that is said of none. */
function withoutCarriageReturns(before: string, after: string): [string, string] {
  const all = [before, after]
  const isWindows = all.some((text) => text.includes('\r\n')) && all.every((text) => WINDOWS_LINES.test(text))
  return isWindows ? [before.replaceAll('\r\n', '\n'), after.replaceAll('\r\n', '\n')] : [before, after]
}

function onlyLineEnds(before: string, after: string): string | undefined {
  if (before === after || before.replaceAll('\r\n', '\n') !== after.replaceAll('\r\n', '\n')) return undefined
  return `… only the line ends differ: ${lineEnds(before)} → ${lineEnds(after)}`
}

function lineEnds(text: string): string {
  if (!text.includes('\r\n')) return 'LF'
  return /(^|[^\r])\n/.test(text) ? 'CRLF and LF' : 'CRLF'
}

/** A cut never leaves half of a surrogate pair. */
function clipped(line: string): string {
  if (line.length <= LONGEST_LINE) return line
  return `${line.slice(0, LONGEST_LINE).replace(/[\ud800-\udbff]$/, '')}… (${line.length - 1} characters)`
}
