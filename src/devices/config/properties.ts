import type { JsonValue } from '../../core/json.ts'
import { type ConfigCodec, type ConfigEdit, lineEndOf, type Parsed, parsed, problem, spliced } from './codec.ts'
import { addedLine, type LineEntry, provenLines, textLines, textual } from './lines.ts'

/** Java properties (java.util.Properties.load): the last of several equal keys counts, and is the one that is set. */
export const propertiesCodec: ConfigCodec = {
  normal: textual,
  read(text) {
    const keys = new Map<string, JsonValue>(entriesOf(text).map((entry) => [entry.key, entry.value]))
    return parsed({ keys, get: (key) => keys.get(key) })
  },
  edit: (text, edit) => provenLines(propertiesCodec, text, editProperties(text, edit), edit),
}

/** Logical lines: a line that ends in an odd number of backslashes goes on in the next. */
function entriesOf(text: string): LineEntry[] {
  const entries: LineEntry[] = []
  const lines = textLines(text)
  for (let at = 0; at < lines.length; at++) {
    const first = lines[at]
    if (!first || /^[ \t\f]*([#!]|$)/.test(first.text)) continue
    let last = first
    for (let next = lines[at + 1]; next && continued(last.text); next = lines[at + 1]) {
      last = next
      at++
    }
    const raw = text.slice(first.start, last.start + last.text.length)
    const [head, valueAt] = splitEntry(raw)
    entries.push({
      key: unescaped(head),
      value: unescaped(raw.slice(valueAt)),
      start: first.start,
      end: last.end,
      valueStart: first.start + valueAt,
      valueEnd: first.start + raw.length,
    })
  }
  return entries
}

function continued(line: string): boolean {
  return (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1
}

/** The key as written, and where the value begins: behind blanks and at most one `=` or `:`. */
function splitEntry(raw: string): [string, number] {
  const key = /^[ \t\f]*((?:\\\r?\n[ \t\f]*|\\[\s\S]|[^\\=: \t\f\r\n])*)/.exec(raw)
  const between = /^(?:[ \t\f]|\\\r?\n)*[=:]?(?:[ \t\f]|\\\r?\n)*/.exec(raw.slice(key?.[0].length ?? 0))
  return [key?.[1] ?? '', (key?.[0].length ?? 0) + (between?.[0].length ?? 0)]
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(raw: string): string {
  return raw.replace(/\\(?:\r?\n[ \t\f]*|u([0-9a-fA-F]{4})|([\s\S]?))/g, (whole, hex?: string, char?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    return char === undefined ? '' : whole === '\\' ? '' : (ESCAPES[char] ?? char)
  })
}

/** ASCII only, since older programs read these files as Latin-1 and newer ones as UTF-8. */
function escaped(text: string, pattern: RegExp): string {
  const letters: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' }
  return text.replace(pattern, '\\$&').replace(/[^\x20-\x7e]/g, (char) => {
    if (char !== '\\' && letters[char]) return letters[char]
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

const escapedKey = (key: string) => escaped(key, /[\\ =:#!]/g)
const escapedValue = (value: string) =>
  escaped(value, /\\|^ +/g).replace(/^\\( +)/, (_, blanks: string) => '\\ '.repeat(blanks.length))

function editProperties(text: string, edit: ConfigEdit): Parsed<string> {
  let current = text
  for (const [key, desiredValue] of edit.set) {
    if (key === '') return problem('a key cannot be empty')
    const value = textual(desiredValue)
    if (typeof value !== 'string') return problem(`"${key}": the format holds one text for a key`)
    const entries = entriesOf(current)
    const own = entries.findLast((entry) => entry.key === key)
    if (own?.value === value) continue
    const written = escapedValue(value)
    const splice = own
      ? { start: own.valueStart, end: own.valueEnd, text: separated(current, own) + written }
      : addedLine(
          current,
          current.length,
          escapedKey(key) + separatorOf(current, entries) + written,
          lineEndOf(current),
        )
    current = spliced(openEnded(current, own), [splice])
  }
  for (const key of edit.remove) {
    const own = entriesOf(current).filter((entry) => entry.key === key)
    current = spliced(
      current,
      own.map(({ start, end }) => ({ start, end, text: '' })),
    )
  }
  return parsed(current)
}

/** `key` alone on its line has nothing between itself and a value. */
function separated(text: string, entry: LineEntry): string {
  const head = text.slice(entry.start, entry.valueStart)
  const [, slashes] = /(\\*)[=: \t\f]$/.exec(head) ?? []
  return slashes !== undefined && slashes.length % 2 === 0 ? '' : '='
}

/** A backslash at the very end of the file would join a new line to the last one. */
function openEnded(text: string, own: LineEntry | undefined): string {
  return own === undefined && !text.endsWith('\n') && continued(text) ? text.slice(0, -1) : text
}

function separatorOf(text: string, entries: readonly LineEntry[]): string {
  const last = entries.at(-1)
  const between = last && /[ \t]*[=:][ \t]*$/.exec(text.slice(last.start, last.valueStart))?.[0]
  return between && last.value !== '' ? between : '='
}
