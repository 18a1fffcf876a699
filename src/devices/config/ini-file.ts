import { type Parsed, parsed, problem } from './codec.ts'
import { type LineEntry, type TextLine, textLines } from './lines.ts'

export interface IniEntry extends LineEntry {
  readonly section: string
  readonly indent: string
  /** What stands between key and value, blanks included. */
  readonly between: string
  readonly quote: string
}

interface IniSection {
  readonly name: string
  /** Where a new key goes: behind the last key, or behind the heading. */
  readonly place: number
}

export interface IniFile {
  readonly entries: readonly IniEntry[]
  /** In the order of the file; a name may come twice. The first is what stands before any heading, named ''. */
  readonly sections: readonly IniSection[]
}

/** A value in quotes without them; undefined when it is in none. */
export function unquoted(raw: string): { readonly value: string; readonly quote: string } | undefined {
  const [, quote, value] = /^(["'])([\s\S]*)\1$/.exec(raw) ?? []
  return quote === undefined || value === undefined || value.includes(quote) ? undefined : { value, quote }
}

/** The name of a key with its section in front, as `ConfigReading` lists it. */
export function fullName(section: string, key: string): string {
  return `${section.replace(/[\\.]/g, '\\$&')}.${key}`
}

/** Reads the sections and keys of an INI file with their places. */
export function iniFile(text: string): Parsed<IniFile> {
  const entries: IniEntry[] = []
  const sections: IniSection[] = [{ name: '', place: 0 }]
  for (const line of textLines(text)) {
    const body = line.text.trim()
    if (body === '' || /^[;#]/.test(body)) continue
    if (body.startsWith('[')) {
      const name = headingName(line.text)
      if (name === undefined) return problem('a section heading is not closed', line.number)
      sections.push({ name, place: line.end })
      continue
    }
    const name = sections.at(-1)?.name ?? ''
    if (!grown(entries, line, name)) return problem('a line has no key', line.number)
    sections[sections.length - 1] = { name, place: line.end }
  }
  return parsed({ entries, sections })
}

function headingName(line: string): string | undefined {
  return /^[ \t]*\[([^\]]*)\][ \t]*(?:[;#].*)?$/.exec(line)?.[1]?.trim()
}

/** Adds the entry of a line, or the line to the entry above; false when it is neither. */
function grown(entries: IniEntry[], line: TextLine, section: string): boolean {
  const last = entries.at(-1)
  const next = last && last.end === line.start && last.section === section
  if (next && isContinuation(line, last)) {
    entries[entries.length - 1] = continued(last, line)
    return true
  }
  const entry = entryOf(line, section)
  if (entry) entries.push(entry)
  return entry !== undefined
}

/** A line without `=` or `:`, deeper than the key above it, belongs to its value, as Python's configparser has it. */
function isContinuation(line: TextLine, last: IniEntry): boolean {
  const indent = /^[ \t]*/.exec(line.text)?.[0] ?? ''
  return indent.length > last.indent.length && last.value !== null && !/[=:]/.test(line.text)
}

function continued(last: IniEntry, line: TextLine): IniEntry {
  const text = line.text.trimEnd()
  const value = `${last.quote}${last.value ?? ''}${last.quote}\n${text.trim()}`
  return { ...last, value, quote: '', end: line.end, valueEnd: line.start + text.length }
}

function entryOf(line: TextLine, section: string): IniEntry | undefined {
  const [, indent = '', head = '', between = '', rest = ''] =
    /^([ \t]*)([^=]*?)([ \t]*=[ \t]*)([\s\S]*)$/.exec(line.text) ??
    /^([ \t]*)([^:]*?)([ \t]*:[ \t]*)([\s\S]*)$/.exec(line.text) ??
    /^([ \t]*)([\s\S]*?)()([ \t]+[;#][\s\S]*|[ \t]*)$/.exec(line.text) ??
    []
  if (head === '') return undefined
  const common = { key: fullName(section, head), section, indent, between, start: line.start, end: line.end }
  const valueStart = line.start + indent.length + head.length + between.length
  if (between === '') return { ...common, value: null, quote: '', valueStart, valueEnd: valueStart }
  const raw = withoutComment(rest, /[ \t]$/.test(between))
  const plain = unquoted(raw)
  return {
    ...common,
    value: plain?.value ?? raw,
    quote: plain?.quote ?? '',
    valueStart,
    valueEnd: valueStart + raw.length,
  }
}

/** The value as written: a comment begins at a `;` or `#` behind a blank, not inside quotes. */
function withoutComment(rest: string, blankBefore: boolean): string {
  const quoted = /^(?:"[^"]*"|'[^']*')(?=[ \t]*$|[ \t]+[;#])/.exec(rest)
  if (quoted) return quoted[0]
  if (blankBefore && rest.startsWith(';')) return ''
  return rest.replace(/[ \t]+[;#][\s\S]*$/, '').replace(/[ \t]+$/, '')
}
