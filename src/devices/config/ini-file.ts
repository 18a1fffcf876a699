import { type Parsed, parsed, problem } from './codec.ts'
import { folded, type IniRules } from './ini-dialect.ts'
import { gitGoesOn, gitValue, mayStayOpen, readValue, tornReference } from './ini-value.ts'
import {
  endsOpen,
  type LineEntry,
  type LineParts,
  partsAt,
  type TextLine,
  textLines,
  withoutEndBlanks,
} from './lines.ts'

export interface IniEntry extends LineEntry {
  readonly section: string
  /** The key as it is written. */
  readonly name: string
  readonly indent: string
  /** What stands between key and value, blanks included. */
  readonly between: string
  readonly quote: string
  /** Why programs read it in different ways, as the end of a sentence about the key. */
  readonly unclear?: string
  /** Why there is no one value that programs read (which is then null), as the end of a sentence about the key. */
  readonly torn?: string
  /** An entry before it has the same name, and is the one that counts. */
  readonly hidden: boolean
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

/** The name of a key with its section in front, as `ConfigReading` lists it. */
export function fullName(section: string, key: string): string {
  return `${section.replace(/[\\.]/g, '\\$&')}.${key}`
}

/** What a key is known by: names that the program takes for the same have the same one. */
export function identity(section: string, key: string, rules: IniRules): string {
  return fullName(folded(section, rules.section), folded(key, rules.key))
}

/** Reads the sections and keys of an INI file with their places. */
export function iniFile(text: string, rules: IniRules): Parsed<IniFile> {
  const reader = new IniReader(text, rules)
  for (const line of textLines(text)) {
    const wrong = reader.take(line)
    if (wrong !== undefined) return problem(wrong, line.number)
  }
  const entries = rules.values === 'references' ? reader.entries.map(tornReference) : reader.entries
  return parsed({ entries, sections: reader.sections })
}

const CONTINUES = 'ends in a backslash, by which some programs go on in the next line'
const DEEPER = 'is followed by a deeper line, which some programs take for a part of its value'
const BEHIND = 'is behind a line that ends in a backslash, of which some programs take it for a part'
const BELOW = 'is deeper than the key above, of whose value some programs take it for a part'

const BEHIND_HEADING = 'something stands behind a section heading, by which systemd refuses the whole file'

class IniReader {
  readonly entries: IniEntry[] = []
  readonly sections: IniSection[] = [{ name: '', place: 0 }]
  readonly #text: string
  readonly #rules: IniRules
  readonly #keys = new Set<string>()
  readonly #headings = new Set<string>()
  /** The section that is read stood before. */
  #again = false
  /** The line before ends in a backslash that counts. */
  #open = false
  /** Something stands between the last entry and this line. */
  #apart = false
  #afterBlank = false
  /** The last entry can go on: no heading came since. */
  #last: IniEntry | undefined

  constructor(text: string, rules: IniRules) {
    this.#text = text
    this.#rules = rules
  }

  /** Reads the next line; says what is wrong with it. */
  take(line: TextLine): string | undefined {
    const body = line.text.trim()
    const isTaken = this.#open && this.#rules.continues === 'git'
    if (!isTaken && body !== '' && this.#rules.comments.includes(body.charAt(0))) {
      this.#apart = true
      return undefined
    }
    if (this.#open) return this.#goOn(line)
    if (body === '') {
      this.#apart = true
      this.#afterBlank = true
      return undefined
    }
    if (this.#isDeeper(line) && this.#rules.deeper !== 'key') {
      if (this.#rules.deeper === 'value') return this.#goOn(line)
      const plain = !this.#apart && !/[=:]/.test(line.text) && !body.startsWith('[')
      if (plain) return this.#goOn(line)
      this.#doubt(DEEPER)
      if (!body.startsWith('[')) return this.#entry(line, BELOW)
    }
    return body.startsWith('[') ? this.#heading(line) : this.#entry(line)
  }

  #isDeeper(line: TextLine): boolean {
    const indent = /^[ \t]*/.exec(line.text)?.[0] ?? ''
    return this.#last !== undefined && this.#last.value !== null && indent.length > this.#last.indent.length
  }

  /** The line belongs to the value above. */
  #goOn(line: TextLine): undefined {
    const last = this.#last
    if (!last) return undefined
    const text = line.text.trimEnd()
    const valueEnd = line.start + text.length
    if (this.#rules.continues === 'git') return this.#goOnAsGit(last, line)
    if (this.#rules.continues === 'backslash') {
      this.#open = endsOpen(line.text)
      const more = (this.#open ? text.slice(0, -1) : text).trim()
      const before = last.value ?? ''
      const value = before === '' || more === '' ? before + more : `${before} ${more}`
      this.#replaceLast({ ...last, value, end: line.end, valueEnd })
      return undefined
    }
    const value = `${last.quote}${last.value ?? ''}${last.quote}${this.#blankLines(last, line)}\n${text.trim()}`
    this.#replaceLast({ ...last, value, quote: '', end: line.end, valueEnd })
    return undefined
  }

  #goOnAsGit(last: IniEntry, line: TextLine): undefined {
    const rest = this.#text.slice(last.valueStart, line.start + line.text.length)
    this.#open = gitGoesOn(rest)
    const { value, quote, length, torn } = gitValue(rest)
    const { torn: _, ...entry } = last
    const end = { end: line.end, valueEnd: last.valueStart + length }
    this.#replaceLast({
      ...entry,
      ...end,
      quote,
      value: torn === undefined ? value : null,
      ...(torn !== undefined && { torn }),
    })
    return undefined
  }

  /** configparser keeps empty lines within a value, and drops comments. */
  #blankLines(last: IniEntry, line: TextLine): string {
    const between = textLines(this.#text.slice(last.end, line.start))
    return '\n'.repeat(between.filter((one) => one.text.trim() === '').length)
  }

  #replaceLast(entry: IniEntry): void {
    this.entries[this.entries.length - 1] = entry
    this.#last = entry
    this.#apart = false
    this.#afterBlank = false
    this.sections[this.sections.length - 1] = { name: entry.section, place: entry.end }
  }

  #doubt(unclear: string): void {
    if (this.#last) this.#replaceLast({ ...this.#last, unclear })
  }

  #isOpened(line: TextLine, entry: IniEntry): boolean {
    if (this.#rules.continues === 'git') return gitGoesOn(line.text.slice(entry.valueStart - line.start))
    return this.#rules.continues === 'backslash' && endsOpen(line.text)
  }

  #heading(line: TextLine): string | undefined {
    const [, written, behind] = /^[ \t]*\[([^\]]*(?:\]\[[^\]]*)*)\][ \t]*([;#].*)?$/.exec(line.text) ?? []
    if (written === undefined) return 'a section heading is not closed'
    if (!this.#rules.nested && written.includes(']')) return 'something stands behind a section heading'
    if (this.#rules.behindHeading === 'nothing' && behind !== undefined) return BEHIND_HEADING
    const name = this.#rules.blanks === 'kept' ? written : written.trim()
    const known = folded(name, this.#rules.section)
    this.#again = this.#headings.has(known)
    this.#headings.add(known)
    if (this.#again && this.#rules.twice === 'refused') return 'a section stands twice, which configparser refuses'
    this.sections.push({ name, place: line.end })
    this.#last = undefined
    this.#apart = false
    this.#afterBlank = false
    return undefined
  }

  #entry(line: TextLine, because?: string): string | undefined {
    const section = this.sections.at(-1)?.name ?? ''
    const entry = entryOf(line, section, this.#rules)
    if (!entry) return 'a line has no key'
    const again = this.#keys.has(entry.key)
    this.#keys.add(entry.key)
    if (again && this.#rules.twice === 'refused') return 'a key stands twice, which configparser refuses'
    const above = this.#last
    const joined =
      above !== undefined && !this.#afterBlank && this.#rules.continues === 'unclear' && mayStayOpen(above.value ?? '')
    if (joined) this.#doubt(CONTINUES)
    const unclear = because ?? (joined ? BEHIND : undefined)
    this.#open = this.#isOpened(line, entry)
    const hidden = (again || this.#again) && this.#rules.twice === 'first counts'
    const opened =
      this.#open && this.#rules.continues === 'backslash'
        ? { ...entry, value: (entry.value ?? '').replace(/\\$/, '').trim() }
        : entry
    this.entries.push({ ...opened, hidden, ...(unclear !== undefined && { unclear }) })
    this.#last = this.entries.at(-1)
    this.#apart = false
    this.#afterBlank = false
    this.sections[this.sections.length - 1] = { name: section, place: line.end }
    return undefined
  }
}

function entryOf(line: TextLine, section: string, rules: IniRules): IniEntry | undefined {
  const { indent, head, between, rest } = partsAt(line.text, rules.delimiters === '=' ? /=/ : /[=:]/) ?? bare(line.text)
  if (head === '') return undefined
  const key = identity(section, head, rules)
  const common = { key, section, name: head, indent, between, start: line.start, end: line.end, hidden: false }
  const valueStart = line.start + indent.length + head.length + between.length
  if (between === '') return { ...common, value: null, quote: '', valueStart, valueEnd: valueStart }
  const { value, quote, length, unclear, torn } = readValue(rest, /[ \t]$/.test(between), rules)
  return {
    ...common,
    value: torn === undefined ? value : null,
    quote,
    valueStart,
    valueEnd: valueStart + length,
    ...(unclear !== undefined && { unclear }),
    ...(torn !== undefined && { torn }),
  }
}

/** A key alone on its line. */
function bare(text: string): LineParts {
  const [indent = ''] = /^[ \t]*/.exec(text) ?? []
  const head = withoutEndBlanks(text.slice(indent.length).replace(/(?<![ \t])[ \t]+[;#][\s\S]*$/, ''))
  return { indent, head, between: '', rest: '' }
}
