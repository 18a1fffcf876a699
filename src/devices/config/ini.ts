import type { JsonValue } from '../../core/json.ts'
import { type ConfigCodec, lineEndOf, type Parsed, parsed, problem, type Splice } from './codec.ts'
import { folded, INI_RULES, type IniDialect, type IniRules } from './ini-dialect.ts'
import { type IniEntry, type IniFile, identity, iniFile } from './ini-file.ts'
import { normalText, writtenValue } from './ini-value.ts'
import { editedByKeys, type KeyEdit } from './key-edits.ts'
import {
  addedLine,
  gathered,
  type LineEntry,
  type LineWriter,
  provenLines,
  SHELL_WORD,
  textLines,
  textual,
  valueSplices,
  valuesDesired,
} from './lines.ts'

/**
 * INI: `[section]`, `key = value` or `key: value`, comments with `;` or `#`. Keys are named `section.key`: the first dot
 * parts them, a dot in the section is written `\.`, and `.key` is a key before any section. A key without `=` has the
 * value null. Programs differ in what they make of the rest: a dialect says which; without one, a key that they read in
 * different ways is refused.
 */
export function iniCodec(dialect: IniDialect | 'any'): ConfigCodec {
  const rules = INI_RULES[dialect]
  const codec: ConfigCodec = {
    normal: (value) => {
      const text = textual(value)
      const bare = (one: JsonValue) => (typeof one === 'string' ? normalText(one, rules) : one)
      return Array.isArray(text) ? text.map(bare) : bare(text)
    },
    read(text) {
      const file = iniFile(text, rules)
      if (!file.ok) return file
      const keys = gathered(file.value.entries.filter((entry) => !entry.hidden))
      return parsed({
        keys,
        get: (key, desired) => {
          const name = sectionAndKey(key)
          const value = name && keys.get(identity(name.section, name.key, rules))
          return rules.resets && desired !== undefined && !isReset(desired) ? sinceReset(value) : value
        },
        notes: (asked) => [...sectionNotes(file.value, rules, asked), ...tornNotes(file.value, rules, asked)],
      })
    },
    edit: (text, edit) =>
      editedByKeys(text, edit, {
        read: (now) => iniFile(now, rules),
        edit: (at) => editedIni(at, rules),
        proven: (made) => provenLines(codec, text, made, edit),
      }),
  }
  return codec
}

/** Whether a value is told with the empty lines by which what was said before is taken back (systemd.unit(5), drop-ins). */
function isReset(value: JsonValue): boolean {
  return value === '' || (Array.isArray(value) && value.includes(''))
}

/** What is left of the values of a key behind the last that takes back all before it. */
function sinceReset(value: JsonValue | undefined): JsonValue | undefined {
  if (value === '') return undefined
  if (!Array.isArray(value)) return value
  const left = value.slice(value.lastIndexOf('') + 1)
  return left.length > 1 ? left : left[0]
}

const TWICE: Readonly<Record<IniRules['twice'], string>> = {
  'all count': 'programs that merge them read all of it; a new key goes into the first',
  'first counts': 'only the first is read, and only the first is changed',
  refused: 'the program refuses that',
}

/** What is to be known of the sections of some keys. */
function sectionNotes(file: IniFile, rules: IniRules, asked: readonly string[]): string[] {
  const names = new Set(asked.map((key) => folded(sectionAndKey(key)?.section ?? '', rules.section)))
  return [...names].flatMap((name) => {
    const times = file.sections.filter((one, at) => at > 0 && folded(one.name, rules.section) === name).length
    return times < 2 ? [] : [`The section [${name}] stands ${times} times: ${TWICE[rules.twice]}.`]
  })
}

/** Why nothing is said to be the value of some keys. */
function tornNotes(file: IniFile, rules: IniRules, asked: readonly string[]): string[] {
  return asked.flatMap((name) => {
    const place = sectionAndKey(name)
    const torn = place && tornOf(file, place, rules)
    return torn === undefined ? [] : [`"${name}" ${torn}.`]
  })
}

function tornOf(file: IniFile, place: Place, rules: IniRules): string | undefined {
  const id = identity(place.section, place.key, rules)
  return file.entries.find((entry) => entry.key === id && entry.torn !== undefined)?.torn
}

/** `section.key`; undefined when there is no dot that parts them. */
function sectionAndKey(name: string): Place | undefined {
  const [, section, key] = /^((?:[^\\.]|\\[\s\S])*)\.([\s\S]+)$/.exec(name) ?? []
  return section === undefined || key === undefined ? undefined : { section: section.replace(/\\([\s\S])/g, '$1'), key }
}

function editedIni(
  at: {
    readonly text: string
    readonly read: IniFile
    readonly key: string
    readonly value: JsonValue | undefined
  },
  rules: IniRules,
): Parsed<KeyEdit> {
  const { text, read: file, key: name } = at
  const place = sectionAndKey(name)
  if (!place || !validName(place, rules))
    return problem(`"${name}" is not a key of the form section.key (.key before any section)`)
  const values = valuesDesired(name, at.value === undefined ? [] : at.value)
  if (!values.ok) return values
  const unclear = unclearOf(file, place, rules)
  if (unclear !== undefined) return problem(`"${name}" ${unclear}: say which program reads it, with \`dialect\``)
  const other = notIni(file, place, values.value)
  if (other !== undefined) return problem(`"${name}" ${other}`)
  const torn = values.value.includes(null) ? tornOf(file, place, rules) : undefined
  if (torn !== undefined) return problem(`"${name}" ${torn}`)
  return keyEdited(text, file, { ...place, name, rules }, values.value)
}

/** Why programs differ in what they read of a key. */
function unclearOf(file: IniFile, place: Place, rules: IniRules): string | undefined {
  const id = identity(place.section, place.key, rules)
  const own = file.entries.find((entry) => entry.key === id && entry.unclear !== undefined)
  if (own) return own.unclear
  const near = (a: string, b: string): boolean => a !== b && a.trim().toLowerCase() === b.trim().toLowerCase()
  const section = rules.section === 'unclear' && file.sections.find((one) => near(one.name, place.section))
  if (section) return `is near to the section [${section.name}], which some programs take for the same`
  const key =
    rules.key === 'unclear' &&
    file.entries.find((entry) => entry.section === place.section && near(entry.name, place.key))
  return key ? `is near to "${key.name}", which some programs take for the same` : undefined
}

/** Why a file seems to be none of INI, so that a key of it would be another for its program: sshd_config, files for sh. */
function notIni(file: IniFile, place: Place, values: readonly (string | null)[]): string | undefined {
  const near = file.entries.filter((entry) => entry.section === place.section)
  const bare = near.filter((entry) => entry.between === '' && /\s/.test(entry.name))
  const isAsked = (name: string): boolean => name.toLowerCase() === place.key.toLowerCase()
  if (bare.some((entry) => isAsked(entry.name.split(/\s/)[0] ?? ''))) {
    return 'is written with a blank between key and value here: this is no INI'
  }
  const exported = near.find((entry) => isAsked(SHELL_WORD.exec(entry.name)?.[1] ?? ''))
  if (exported) return `is written as "${exported.name}" here: this is no INI, but a file for sh`
  const isNew = values.length > 0 && !near.some((entry) => isAsked(entry.name))
  return isNew && near.length > 0 && bare.length === near.length
    ? 'would be the only key with a sign here, others have a blank between key and value: this is no INI'
    : undefined
}

/** Why a key is still read in a section from which it is taken away. */
function inheritedOf(file: IniFile, place: Place, rules: IniRules): string | undefined {
  if (rules.inherits === 'nothing' || place.section === 'DEFAULT' || place.section === '') return undefined
  const id = identity('DEFAULT', place.key, rules)
  if (!file.entries.some((entry) => entry.key === id)) return undefined
  return rules.inherits === 'DEFAULT'
    ? 'comes from [DEFAULT], which stands for what all other sections lack: take it away there'
    : 'stands in [DEFAULT], which some programs read in every section: say which program reads it, with `dialect`'
}

interface Place {
  readonly section: string
  readonly key: string
}

function validName(name: Place, rules: IniRules): boolean {
  const start = rules.comments.includes('#') ? /^[^\s[;#=:]/ : /^[^\s[;=]/
  return (
    (rules.nested ? /^(?:[^\]\r\n]|\]\[)*$/ : /^[^\]\r\n]*$/).test(name.section) &&
    name.section.trim() === name.section &&
    start.test(name.key) &&
    !/[\r\n]|\s$/.test(name.key) &&
    !(rules.delimiters === '=' ? /=/ : /[=:]/).test(name.key) &&
    (rules.tails === 'value' || !/[ \t][;#]/.test(name.key))
  )
}

interface NamedKey {
  readonly name: string
  readonly section: string
  readonly key: string
  readonly rules: IniRules
}

function keyEdited(text: string, file: IniFile, key: NamedKey, values: readonly (string | null)[]): Parsed<KeyEdit> {
  const { rules } = key
  const inherited = values.length === 0 ? inheritedOf(file, key, rules) : undefined
  if (inherited !== undefined) return problem(`"${key.name}" ${inherited}`)
  const all = file.entries.filter((entry) => entry.key === identity(key.section, key.key, rules))
  const resetAt = rules.resets && !values.includes('') ? all.findLastIndex((entry) => entry.value === '') : -1
  const own = values.length === 0 ? all : all.slice(resetAt + 1).filter((entry) => !entry.hidden)
  const wanted = folded(key.section, rules.section)
  const section = file.sections.find((one) => folded(one.name, rules.section) === wanted)
  const plain = values.map((value) => (value === null ? null : normalText(value, rules)))
  if (rules.twice !== 'all count' && values.length > 1)
    return problem(`"${key.name}": the dialect has one value for a key`)
  if (own.length === values.length && own.every((entry, at) => entry.value === plain[at]))
    return parsed({ splices: [] })
  if (section === undefined && values.length > 0) return sectionAdded(text, file, key, values)
  const end = key.section === '' && section?.place === 0 ? globalPlace(text, file) : (section?.place ?? 0)
  const place = all[resetAt]?.end ?? end
  const options = { writer: writerOf(file, key), place, lineEnd: lineEndOf(text) }
  return valueSplices(text, own, values, options)
}

/** A new section at the end of the file, an empty line in front of it. */
function sectionAdded(text: string, file: IniFile, key: NamedKey, values: readonly (string | null)[]): Parsed<KeyEdit> {
  const lineEnd = lineEndOf(text)
  const lines: string[] = [`[${key.section}]`]
  for (const value of values) {
    const line = writerOf(file, key).line(value)
    if (!line.ok) return line
    lines.push(line.value)
  }
  const apart = text === '' || /(^|\n)\r?\n$/.test(text) ? '' : lineEnd
  const splice = addedLine(text, text.length, lines.join(lineEnd), lineEnd)
  return parsed({ splices: [{ ...splice, text: apart + splice.text }] })
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
      return replacement(key, own, entry, value)
    },
    line(value) {
      if (value === null) return parsed(`${neighbour?.indent ?? ''}${key.key}`)
      const written = writtenValue(key, value)
      if (!written.ok) return written
      return parsed(
        `${neighbour?.indent ?? ''}${key.key}${style === undefined ? between : between + gap}${written.value}`,
      )
    },
  }
}

function replacement(key: NamedKey, own: IniEntry | undefined, entry: LineEntry, value: string | null): Parsed<Splice> {
  if (value === null) {
    return parsed({ start: entry.valueStart - (own?.between.length ?? 0), end: entry.valueEnd, text: '' })
  }
  const written = writtenValue(key, value, own?.quote ?? '')
  if (!written.ok) return written
  return parsed({
    start: entry.valueStart,
    end: entry.valueEnd,
    text: (own?.between === '' ? '=' : '') + written.value,
  })
}
