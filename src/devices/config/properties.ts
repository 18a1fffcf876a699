import type { JsonValue } from '../../core/json.ts'
import { type ConfigCodec, lineEndOf, type Parsed, parsed, problem, type Splice } from './codec.ts'
import { editedByKeys, type KeyEdit } from './key-edits.ts'
import { addedLine, endsOpen, type LineEntry, provenLines, textLines, textual } from './lines.ts'

/** Java properties (java.util.Properties.load): the last of several equal keys counts, and is the one that is set. */
export const propertiesCodec: ConfigCodec = {
  normal: textual,
  read(text) {
    const keys = new Map<string, JsonValue>(entriesOf(text).map((entry) => [entry.key, entry.value]))
    return parsed({ keys, get: (key) => keys.get(key) })
  },
  edit: (text, edit) =>
    editedByKeys(text, edit, {
      read: (now) => parsed(entriesOf(now)),
      edit: keyEdited,
      proven: (made) => provenLines(propertiesCodec, text, made, edit),
    }),
}

/** Logical lines: a line that ends in an odd number of backslashes goes on in the next. */
function entriesOf(text: string): LineEntry[] {
  const entries: LineEntry[] = []
  const lines = textLines(text)
  for (let at = 0; at < lines.length; at++) {
    const first = lines[at]
    if (!first || /^[ \t\f]*([#!]|$)/.test(first.text)) continue
    let last = first
    for (let next = lines[at + 1]; next && endsOpen(last.text); next = lines[at + 1]) {
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
// A sign at the start would go with the blank that parts key and value.
const escapedValue = (value: string) =>
  escaped(value, /\\|^[=:]|^ +/g).replace(/^\\( +)/, (_, blanks: string) => '\\ '.repeat(blanks.length))

function keyEdited(at: {
  readonly text: string
  readonly read: readonly LineEntry[]
  readonly key: string
  readonly value: JsonValue | undefined
}): Parsed<KeyEdit> {
  const { text, read, key } = at
  if (at.value === undefined) {
    const own = read.filter((entry) => entry.key === key)
    return parsed({ splices: own.map(({ start, end }) => ({ start, end, text: '' })) })
  }
  if (key === '') return problem('a key cannot be empty')
  const value = textual(at.value)
  if (typeof value !== 'string') return problem(`"${key}": the format holds one text for a key`)
  const own = read.findLast((entry) => entry.key === key)
  if (own?.value === value) return parsed({ splices: [] })
  const written = escapedValue(value)
  if (own) {
    return parsed({ splices: [{ start: own.valueStart, end: own.valueEnd, text: separated(text, own) + written }] })
  }
  const line = escapedKey(key) + separatorOf(text, read) + written
  const added = addedLine(text, text.length, line, lineEndOf(text))
  const closed = closing(text, read)
  return parsed(closed ? { splices: [closed, added] } : { splices: [added], addsLines: true })
}

/** `key` alone on its line has nothing between itself and a value. */
function separated(text: string, entry: LineEntry): string {
  const head = text.slice(entry.start, entry.valueStart)
  const [, slashes] = /(?<!\\)(\\*)[=: \t\f]$/.exec(head) ?? []
  return slashes !== undefined && slashes.length % 2 === 0 ? '' : '='
}

/** A backslash at the end of the last entry would join a new line to it. */
function closing(text: string, entries: readonly LineEntry[]): Splice | undefined {
  const end = text.replace(/\r?\n$/, '').length
  const isOpen = entries.at(-1)?.end === text.length && endsOpen(text.slice(0, end))
  return isOpen ? { start: end - 1, end, text: '' } : undefined
}

function separatorOf(text: string, entries: readonly LineEntry[]): string {
  const last = entries.at(-1)
  const between = last && /(?<![ \t])[ \t]*[=:][ \t]*$/.exec(text.slice(last.start, last.valueStart))?.[0]
  return between && last.value !== '' ? between : '='
}
