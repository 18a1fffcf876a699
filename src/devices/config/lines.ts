import type { JsonValue } from '../../core/json.ts'
import { type ConfigCodec, type ConfigEdit, type Parsed, parsed, problem, type Splice, sameValue } from './codec.ts'
import type { KeyEdit } from './key-edits.ts'

/** One `key = value` of a line-based format, with its place: `[start, end)` is its lines with their line ends. */
export interface LineEntry {
  readonly key: string
  readonly value: string | null
  readonly start: number
  readonly end: number
  readonly valueStart: number
  readonly valueEnd: number
}

export interface TextLine {
  /** Without its line end. */
  readonly text: string
  readonly start: number
  /** Behind its line end. */
  readonly end: number
  readonly number: number
}

/** The lines of a text; `\n` and `\r\n` end one. */
export function textLines(text: string): TextLine[] {
  const lines: TextLine[] = []
  for (let start = 0; start < text.length; ) {
    const at = text.indexOf('\n', start)
    const end = at < 0 ? text.length : at + 1
    const line = text.slice(start, at < 0 ? end : at)
    lines.push({ text: line.endsWith('\r') ? line.slice(0, -1) : line, start, end, number: lines.length + 1 })
    start = end
  }
  return lines
}

/** A text without the blanks at its end. */
export function withoutEndBlanks(text: string): string {
  return text.replace(/(?<![ \t])[ \t]+$/, '')
}

/** What stands before and behind the sign of a line, and the sign itself with the blanks around it. */
export interface LineParts {
  readonly indent: string
  readonly head: string
  readonly between: string
  readonly rest: string
}

/** A line at the first sign that `finds` finds; undefined where there is none. */
export function partsAt(text: string, finds: RegExp): LineParts | undefined {
  const at = text.search(finds)
  if (at < 0) return undefined
  const before = text.slice(0, at)
  const [indent = ''] = /^[ \t]*/.exec(before) ?? []
  const head = withoutEndBlanks(before.slice(indent.length))
  const [blanks = ''] = /^[ \t]*/.exec(text.slice(at + 1)) ?? []
  const behind = at + 1 + blanks.length
  return { indent, head, between: text.slice(indent.length + head.length, behind), rest: text.slice(behind) }
}

/** Whether a text ends in a backslash that is not taken back by another. */
export function endsOpen(text: string): boolean {
  let at = text.length
  while (at > 0 && text[at - 1] === '\\') at--
  return (text.length - at) % 2 === 1
}

/** A splice that adds a line in front of the line at `offset`; a missing line end at the end of the file stays missing. */
export function addedLine(text: string, offset: number, line: string, lineEnd: string): Splice {
  const bare = offset === text.length && text !== '' && !text.endsWith('\n')
  return { start: offset, end: offset, text: bare ? lineEnd + line : line + lineEnd }
}

/** How a shell is told to set a variable. */
export const SHELL_WORD = /^(?:export|declare|typeset|readonly|local)\s+(?:-\S+\s+)*(\S+)$/

/** Keys with their values; what repeats has a list. */
export function gathered(entries: readonly LineEntry[]): Map<string, JsonValue> {
  const all = new Map<string, (string | null)[]>()
  for (const { key, value } of entries) {
    const known = all.get(key)
    if (known) known.push(value)
    else all.set(key, [value])
  }
  return new Map([...all].map(([key, values]) => [key, values.length === 1 ? (values[0] ?? null) : values]))
}

/** How one format writes a value in the place of another, and a line of its own. */
export interface LineWriter {
  replaced(entry: LineEntry, value: string | null): Parsed<Splice>
  line(value: string | null): Parsed<string>
}

/**
 * Makes the entries of one key hold these values: the first ones in place, those that are too many are removed, those
 * that are missing are added behind the last one (or at `place` when there is none).
 */
export function valueSplices(
  text: string,
  entries: readonly LineEntry[],
  values: readonly (string | null)[],
  options: { readonly writer: LineWriter; readonly place: number; readonly lineEnd: string },
): Parsed<KeyEdit> {
  const splices: Splice[] = []
  const last = entries.at(-1)
  for (const [index, value] of values.entries()) {
    const entry = entries[index]
    if (entry && entry.value === value) continue
    if (entry) {
      const made = options.writer.replaced(entry, value)
      if (!made.ok) return made
      splices.push(made.value)
      continue
    }
    const line = options.writer.line(value)
    if (!line.ok) return line
    splices.push(addedLine(text, last?.end ?? options.place, line.value, options.lineEnd))
  }
  for (const entry of entries.slice(values.length)) splices.push({ start: entry.start, end: entry.end, text: '' })
  return parsed({ splices, addsLines: splices.every(({ start, end }) => start === end) })
}

/** Text formats hold text: numbers and truth values as they are written, lists item by item. */
export function textual(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.length === 1 ? textual(value[0] ?? null) : value.map(textual)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
}

/** The values that a key shall have, each on a line of its own. */
export function valuesDesired(key: string, value: JsonValue): Parsed<(string | null)[]> {
  const list = Array.isArray(value) ? value.map(textual) : [textual(value)]
  const values: (string | null)[] = []
  for (const item of list) {
    if (item !== null && typeof item !== 'string') return problem(`"${key}": the format holds text and lists of text`)
    values.push(item)
  }
  return parsed(values)
}

/**
 * Holds an edited text against the law of every edit: the keys that were asked for have their values, all others have
 * the ones they had. A text that breaks it is refused rather than written.
 */
export function provenLines(
  codec: Pick<ConfigCodec, 'read' | 'normal'>,
  before: string,
  made: Parsed<string>,
  edit: ConfigEdit,
): Parsed<string> {
  if (!made.ok || made.value === before) return made
  const old = codec.read(before)
  const now = codec.read(made.value)
  if (!old.ok) return old
  if (!now.ok) return problem('the edit would leave a file that cannot be read')
  for (const [key, value] of edit.set) {
    const desiredValue = Array.isArray(value) && value.length === 0 ? undefined : codec.normal(value)
    if (!edit.remove.includes(key) && !sameValue(now.value.get(key, desiredValue), desiredValue)) {
      return problem(`"${key}": the format cannot hold this value`)
    }
  }
  const asked = [...edit.set.keys(), ...edit.remove]
  const theirs = asked.filter((key) => old.value.get(key) !== undefined).length
  const ours = asked.filter((key) => now.value.get(key) !== undefined).length
  const kept = [...old.value.keys].filter(([key, value]) => sameValue(now.value.keys.get(key), value)).length
  const lost = old.value.keys.size - kept > theirs || now.value.keys.size - kept > Math.max(ours, theirs)
  return lost ? problem('the edit would change other keys as well') : made
}
