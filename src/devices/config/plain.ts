import type { JsonValue } from '../../core/json.ts'
import { type ConfigCodec, lineEndOf, type Parsed, parsed, problem } from './codec.ts'
import { editedByKeys, type KeyEdit } from './key-edits.ts'
import {
  gathered,
  type LineEntry,
  type LineWriter,
  partsAt,
  provenLines,
  SHELL_WORD,
  textLines,
  textual,
  valueSplices,
  valuesDesired,
  withoutEndBlanks,
} from './lines.ts'

/**
 * `Key=Value` lines with `#` comments, as zabbix_agentd.conf has them: keys may repeat, and what is behind `=` is the
 * value to the end of the line, blanks around it left out. A new key goes behind its commented default if there is one.
 */
export const plainCodec: ConfigCodec = {
  normal: textual,
  read(text) {
    const entries = entriesOf(text)
    if (!entries.ok) return entries
    const keys = gathered(entries.value)
    return parsed({ keys, get: (key) => keys.get(key) })
  },
  edit: (text, edit) =>
    editedByKeys(text, edit, {
      read: entriesOf,
      edit: keyEdited,
      proven: (made) => provenLines(plainCodec, text, made, edit),
    }),
}

function entriesOf(text: string): Parsed<LineEntry[]> {
  const entries: LineEntry[] = []
  for (const line of textLines(text)) {
    if (/^[ \t]*(#|$)/.test(line.text)) continue
    const { indent = '', head: key = '', between = '', rest = '' } = partsAt(line.text, /=/) ?? {}
    if (key === '') return problem('a line is neither a comment nor Key=Value', line.number)
    const value = withoutEndBlanks(rest)
    const valueStart = line.start + indent.length + key.length + between.length
    entries.push({ key, value, start: line.start, end: line.end, valueStart, valueEnd: valueStart + value.length })
  }
  return parsed(entries)
}

function keyEdited(at: {
  readonly text: string
  readonly read: readonly LineEntry[]
  readonly key: string
  readonly value: JsonValue | undefined
}): Parsed<KeyEdit> {
  const { text, read, key, value } = at
  if (!/^[^\s#=]([^=\r\n]*[^\s=])?$/.test(key)) return problem(`"${key}" cannot be a key of this format`)
  const values = valuesDesired(key, value === undefined ? [] : value)
  if (!values.ok) return values
  const other = forShell(read, key, values.value)
  if (other !== undefined) return problem(`"${key}" ${other}`)
  const own = read.filter((entry) => entry.key === key)
  const options = { writer: writerOf(key, read), place: placeOf(text, key), lineEnd: lineEndOf(text) }
  return valueSplices(text, own, values.value, options)
}

/** Why a key would be another for sh, where the file is one for sh: what is behind `=` is the value here, quotes and all. */
function forShell(entries: readonly LineEntry[], key: string, values: readonly (string | null)[]): string | undefined {
  const exported = entries.find((entry) => SHELL_WORD.exec(entry.key)?.[1] === key)
  if (exported) return `is written as "${exported.key}" here: name it so`
  const isQuoted = (value: string | null): boolean => /^(["'])[\s\S]*\1$/.test(value ?? '')
  const isSplit = (value: string | null): boolean => !isQuoted(value) && /[\s"'\\$`;&|<>()]/.test(value ?? '')
  const isNews = (value: string | null): boolean =>
    !entries.some((entry) => entry.key === key && entry.value === value) && isSplit(value)
  if (!values.some(isNews) || !entries.some((entry) => isQuoted(entry.value))) return undefined
  return 'is a value without quotes that sh would split, and values of this file are in quotes: give it with its quotes'
}

function writerOf(key: string, entries: readonly LineEntry[]): LineWriter {
  return {
    replaced(entry, value) {
      const held = holdable(key, value)
      return held.ok ? parsed({ start: entry.valueStart, end: entry.valueEnd, text: held.value }) : held
    },
    line(value) {
      const held = holdable(key, value)
      return held.ok ? parsed(`${key}${spaced(entries) ? ' = ' : '='}${held.value}`) : held
    },
  }
}

function holdable(key: string, value: string | null): Parsed<string> {
  if (value === null) return problem(`"${key}": the format has no null; remove the key instead`)
  if (/[\r\n\0]/.test(value)) return problem(`"${key}": the format cannot hold a value of several lines`)
  if (/^[ \t]|[ \t]$/.test(value)) return problem(`"${key}": the format cannot hold blanks around a value`)
  return parsed(value)
}

/** Whether the file writes `Key = Value`: every value that is not empty stands two places or more behind its key. */
function spaced(entries: readonly LineEntry[]): boolean {
  const filled = entries.filter((entry) => entry.value !== '')
  return filled.length > 0 && filled.every((entry) => entry.valueStart - entry.start - entry.key.length >= 3)
}

/** Behind the last commented default of the key, else at the end. */
function placeOf(text: string, key: string): number {
  const commented = textLines(text).filter((line) => {
    const [signs] = /^[ \t]*#+/.exec(line.text) ?? []
    return signs !== undefined && partsAt(line.text.slice(signs.length), /=/)?.head === key
  })
  return commented.at(-1)?.end ?? text.length
}
