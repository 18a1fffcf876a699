import type { SourceRange } from '../core/source.ts'
import { LineIndex } from './source-text.ts'
import type { ParsedYaml, ValuePath } from './yaml.ts'

/** A part of a scalar's value, in UTF-16 units. */
interface Part {
  readonly value: string
  readonly offset: number
  readonly length: number
}

/**
 * Where a part of a text stands in its YAML file. Exact for plain scalars, quoted ones without escapes and literal
 * blocks; elsewhere the same characters within the scalar, or its beginning.
 */
export function scalarPlace(parsed: ParsedYaml, path: ValuePath, part: Part & { readonly key?: boolean }): SourceRange {
  const whole = parsed.rangeAt(path, part.key ? 'key' : 'value')
  const scalar = rawScalar(parsed.text, whole)
  const offset = offsetInRaw(scalar.raw, part)
  if (offset === undefined) return { ...whole, ...endOfFirstLine(parsed.text, whole) }
  const start = scalar.start + offset
  const end = Math.min(start + Math.max(1, part.length), scalar.start + scalar.raw.length)
  return scalar.lines.range(whole.file, start, end)
}

function rawScalar(
  text: string,
  range: SourceRange,
): { readonly raw: string; readonly start: number; readonly lines: LineIndex } {
  const lines = new LineIndex(text)
  const start = lines.offset(range.line, range.column)
  return { raw: text.slice(start, lines.offset(range.endLine, range.endColumn)), start, lines }
}

function offsetInRaw(raw: string, part: Part): number | undefined {
  const quote = raw[0] === '"' || raw[0] === "'" ? 1 : 0
  if (raw.startsWith(part.value, quote)) return quote + part.offset
  if (raw.startsWith('|')) return offsetInBlock(raw, part)
  // Folded or escaped: the lines are others than in the value, words are mostly the same.
  const words = part.value.slice(part.offset, part.offset + part.length)
  const found = words.trim() === '' ? -1 : raw.indexOf(words, quote)
  return found < 0 ? undefined : found
}

/** `|` keeps lines as they are, behind an indentation. */
function offsetInBlock(raw: string, part: Part): number | undefined {
  const before = part.value.slice(0, part.offset)
  const lineNumber = before.split('\n').length - 1
  const column = part.offset - (before.lastIndexOf('\n') + 1)
  const rawLines = raw.split('\n')
  const line = part.value.split('\n')[lineNumber] ?? ''
  const rawLine = rawLines[lineNumber + 1]
  if (!rawLine?.replace(/\r$/, '').endsWith(line)) return undefined
  const indentation = rawLine.replace(/\r$/, '').length - line.length
  const linesBefore = rawLines.slice(0, lineNumber + 1).join('\n').length + 1
  return linesBefore + indentation + column
}

function endOfFirstLine(text: string, range: SourceRange): Pick<SourceRange, 'endLine' | 'endColumn'> {
  if (range.endLine === range.line) return { endLine: range.endLine, endColumn: range.endColumn }
  const line = text.split('\n', range.line)[range.line - 1] ?? ''
  return { endLine: range.line, endColumn: line.length + 1 }
}
