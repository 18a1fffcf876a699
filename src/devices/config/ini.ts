import type { JsonValue } from '../../core/json.ts'
import {
  type ConfigCodec,
  type ConfigEdit,
  lineEndOf,
  type Parsed,
  parsed,
  problem,
  type Splice,
  spliced,
} from './codec.ts'
import { fullName, type IniEntry, type IniFile, iniFile, unquoted } from './ini-file.ts'
import {
  addedLine,
  gathered,
  type LineEntry,
  type LineWriter,
  provenLines,
  textLines,
  textual,
  valueSplices,
  valuesDesired,
} from './lines.ts'

/**
 * INI: `[section]`, `key = value` or `key: value`, comments with `;` or `#` on lines of their own or behind a value
 * and a blank. Keys are named `section.key`: the first dot parts them, a dot in the section is written `\.`, and
 * `.key` is a key before any section. Quotes around a value are style: they are kept, and are not part of the value.
 * A key without `=` has the value null. Keys are compared as they are written, case included.
 */
export const iniCodec: ConfigCodec = {
  normal: (value) => {
    const text = textual(value)
    return Array.isArray(text) ? text.map(bare) : bare(text)
  },
  read(text) {
    const file = iniFile(text)
    if (!file.ok) return file
    const keys = gathered(file.value.entries)
    return parsed({
      keys,
      get: (key) => {
        const name = sectionAndKey(key)
        return name && keys.get(fullName(name.section, name.key))
      },
    })
  },
  edit: (text, edit) => provenLines(iniCodec, text, editIni(text, edit), edit),
}

function bare(value: JsonValue): JsonValue {
  return typeof value === 'string' ? (unquoted(value)?.value ?? value) : value
}

/** `section.key`; undefined when there is no dot that parts them. */
function sectionAndKey(name: string): { readonly section: string; readonly key: string } | undefined {
  const [, section, key] = /^((?:[^\\.]|\\[\s\S])*)\.([\s\S]+)$/.exec(name) ?? []
  return section === undefined || key === undefined ? undefined : { section: section.replace(/\\([\s\S])/g, '$1'), key }
}

function editIni(text: string, edit: ConfigEdit): Parsed<string> {
  let current = text
  for (const [name, desiredValue] of [...edit.set, ...edit.remove.map((key) => [key, [] as string[]] as const)]) {
    const place = sectionAndKey(name)
    if (!place || !validName(place))
      return problem(`"${name}" is not a key of the form section.key (.key before any section)`)
    const values = valuesDesired(name, desiredValue)
    const file = iniFile(current)
    if (!values.ok) return values
    if (!file.ok) return file
    const made = keyEdited(current, file.value, { ...place, name }, values.value)
    if (!made.ok) return made
    current = made.value
  }
  return parsed(current)
}

function validName(name: { readonly section: string; readonly key: string }): boolean {
  return (
    !/[\]\r\n]/.test(name.section) &&
    name.section.trim() === name.section &&
    /^[^\s[;#=:]([^=:\r\n]*[^\s=:])?$/.test(name.key) &&
    !/[ \t][;#]/.test(name.key)
  )
}

interface NamedKey {
  readonly name: string
  readonly section: string
  readonly key: string
}

function keyEdited(text: string, file: IniFile, key: NamedKey, values: readonly (string | null)[]): Parsed<string> {
  const own = file.entries.filter((entry) => entry.key === fullName(key.section, key.key))
  const section = file.sections.findLast((one) => one.name === key.section)
  const plain = values.map((value) => (value === null ? null : (unquoted(value)?.value ?? value)))
  if (own.length === values.length && own.every((entry, at) => entry.value === plain[at])) return parsed(text)
  if (section === undefined && values.length > 0) return sectionAdded(text, file, key, values)
  const place = key.section === '' && section?.place === 0 ? globalPlace(text, file) : (section?.place ?? 0)
  const options = { writer: writerOf(file, key), place, lineEnd: lineEndOf(text) }
  const splices = valueSplices(text, own, values, options)
  return splices.ok ? parsed(spliced(text, splices.value)) : splices
}

/** A new section at the end of the file, an empty line in front of it. */
function sectionAdded(text: string, file: IniFile, key: NamedKey, values: readonly (string | null)[]): Parsed<string> {
  const lineEnd = lineEndOf(text)
  const lines: string[] = [`[${key.section}]`]
  for (const value of values) {
    const line = writerOf(file, key).line(value)
    if (!line.ok) return line
    lines.push(line.value)
  }
  const apart = text === '' || /(^|\n)\r?\n$/.test(text) ? '' : lineEnd
  const splice = addedLine(text, text.length, lines.join(lineEnd), lineEnd)
  return parsed(text + apart + splice.text)
}

/** Keys before any heading go in front of the first heading and the comment that belongs to it. */
function globalPlace(text: string, file: IniFile): number {
  if (file.sections.length === 1) return text.length
  let place = 0
  for (const line of textLines(text)) {
    const body = line.text.trim()
    if (body.startsWith('[')) break
    if (body === '') place = line.end
  }
  return place
}

function writerOf(file: IniFile, key: NamedKey): LineWriter {
  const neighbour = file.entries.findLast((entry) => entry.section === key.section && entry.between !== '')
  const style = neighbour ?? file.entries.findLast((entry) => entry.between !== '')
  const between =
    style === undefined ? ' = ' : /^[ \t]/.test(style.between) ? style.between.trimEnd() : style.between.trim()
  const gap = style === undefined || !/[ \t]$/.test(style.between) ? '' : ' '
  return {
    replaced(entry, value) {
      const own = file.entries.find((one) => one.start === entry.start)
      return replacement(key.name, own, entry, value)
    },
    line(value) {
      if (value === null) return parsed(`${neighbour?.indent ?? ''}${key.key}`)
      const written = writtenValue(key.name, value, '')
      if (!written.ok) return written
      return parsed(
        `${neighbour?.indent ?? ''}${key.key}${style === undefined ? between : between + gap}${written.value}`,
      )
    },
  }
}

function replacement(name: string, own: IniEntry | undefined, entry: LineEntry, value: string | null): Parsed<Splice> {
  if (value === null) {
    return parsed({ start: entry.valueStart - (own?.between.length ?? 0), end: entry.valueEnd, text: '' })
  }
  const written = writtenValue(name, value, own?.quote ?? '')
  if (!written.ok) return written
  return parsed({
    start: entry.valueStart,
    end: entry.valueEnd,
    text: (own?.between === '' ? '=' : '') + written.value,
  })
}

/** In the quotes that the old value had, or in the first that are needed to hold it. */
function writtenValue(name: string, value: string, quote: string): Parsed<string> {
  if (/[\r\n\0]/.test(value)) return problem(`"${name}": the format cannot hold a value of several lines`)
  const plain = unquoted(value)
  const text = plain?.value ?? value
  const style = plain?.quote ?? quote
  if (style !== '' && !text.includes(style)) return parsed(style + text + style)
  const open = text !== '' && !/^[ \t;#]|[ \t]$|[ \t][;#]/.test(text) && unquoted(text) === undefined
  if (open || text === '') return parsed(text)
  const needed = ['"', "'"].find((one) => !text.includes(one))
  if (needed === undefined)
    return problem(`"${name}": a value with both kinds of quotes and blanks or comment signs cannot be held`)
  return parsed(needed + text + needed)
}
