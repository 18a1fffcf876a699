import { type Parsed, parsed, problem } from './codec.ts'
import type { IniRules } from './ini-dialect.ts'
import { endsOpen, withoutEndBlanks } from './lines.ts'

/** What a program makes of the text behind the sign. */
interface IniValue {
  readonly value: string
  /** The quotes around it that are style. */
  readonly quote: string
  /** How much of the text is the value as it is written. */
  readonly length: number
  /** Why programs read it in different ways, as the end of a sentence about the key. */
  readonly unclear?: string
  /** Why there is no one value that programs read, likewise. */
  readonly torn?: string
}

const TAIL = 'has a comment sign behind its value, which some programs take for a part of the value'
const SIGN = 'has a comment sign in its value, where some programs begin a comment'
const QUOTES = 'has quotes, which some programs take for a part of the value'
const PERCENT = 'has a % in its value, by which some programs refer to other keys'
const BACKSLASH = 'has a backslash in its value, which some programs take together with what follows'
const UNQUOTED_SIGN = 'has a comment sign in its value and no quotes, so that some programs read a part of it'
const LONE_PERCENT = 'has a % that is neither doubled nor a reference, which configparser refuses'
const NOT_OF_GIT = 'has quotes that are not closed or a backslash that git does not know, so that git refuses the file'

/** Reads what stands behind the sign. `blankBefore`: and a blank behind it. */
export function readValue(rest: string, blankBefore: boolean, rules: IniRules): IniValue {
  if (rules.values === 'git') return gitValue(rest)
  if (rules.values === 'mysql') return mysqlValue(rest)
  const whole = withoutEndBlanks(rest)
  const bare = rules.tails === 'value' ? whole : withoutComment(rest, blankBefore)
  const plain = rules.quotes === 'style' ? unquoted(bare) : undefined
  const value = { value: plain?.value ?? bare, quote: plain?.quote ?? '', length: bare.length }
  if (rules.values === 'unclear') {
    const unclear = bare === whole ? doubtOf(whole) : TAIL
    return unclear === undefined ? value : { ...value, unclear }
  }
  return rules.values === 'signs' && !plain && /[;#]/.test(bare) ? { ...value, torn: UNQUOTED_SIGN } : value
}

/** In what programs differ that read a value. */
function doubtOf(value: string): string | undefined {
  if (/[;#]/.test(value)) return SIGN
  if (/"|^'/.test(value)) return QUOTES
  if (value.includes('%')) return PERCENT
  return /\\./.test(value) && !isWindowsPath(value) ? BACKSLASH : undefined
}

/** The value as written: a comment begins at a `;` or `#` behind a blank, not inside quotes. */
function withoutComment(rest: string, blankBefore: boolean): string {
  const quoted = /^(?:"[^"]*"|'[^']*')(?=[ \t]*$|[ \t]+[;#])/.exec(rest)
  if (quoted) return quoted[0]
  if (blankBefore && rest.startsWith(';')) return ''
  return withoutEndBlanks(rest.replace(/(?<![ \t])[ \t]+[;#][\s\S]*$/, ''))
}

/** A value in quotes without them; undefined when it is in none. */
function unquoted(raw: string): { readonly value: string; readonly quote: string } | undefined {
  const [, quote, value] = /^(["'])([\s\S]*)\1$/.exec(raw) ?? []
  return quote === undefined || value === undefined || value.includes(quote) ? undefined : { value, quote }
}

const OF_GIT: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b', '"': '"', '\\': '\\' }

/** git-config(1): quotes may begin anywhere in a value, and a comment at any sign outside of them; a backslash takes the line end with it. */
const GIT_QUOTED = String.raw`"(?:\\(?:[ntb"\\]|\r?\n)|[^"\\])*`
const GIT_PIECES = String.raw`^(?:${GIT_QUOTED}"|\\(?:[ntb"\\]|\r?\n)|[^"\\;#])*`
const GIT_VALUE = new RegExp(GIT_PIECES)
const GIT_OPEN = new RegExp(String.raw`${GIT_PIECES}(?:${GIT_QUOTED})?\\$`)

/** Whether git goes on in the next line: a backslash at the end that stands in no comment. */
export function gitGoesOn(rest: string): boolean {
  return GIT_OPEN.test(rest)
}

export function gitValue(rest: string): IniValue {
  const matched = GIT_VALUE.exec(rest)?.[0] ?? ''
  if (/^[^;#]/.test(rest.slice(matched.length))) return { value: '', quote: '', length: rest.length, torn: NOT_OF_GIT }
  const raw = withoutEndBlanks(matched)
  const value = raw.replace(/\\(\r?\n|.)|"/g, (_, char?: string) => OF_GIT[char ?? ''] ?? '')
  return { value, quote: raw.startsWith('"') ? '"' : '', length: replacedLength(rest, raw) }
}

/** What follows a sign that touches the value was hardly meant as a comment, and goes with the value. */
function replacedLength(rest: string, raw: string): number {
  const isTouched = /^[;#]/.test(rest.slice(raw.length)) && !/["']$/.test(raw)
  return isTouched ? withoutEndBlanks(rest).length : raw.length
}

const OF_MYSQL: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', s: ' ' }

/** A `#` outside quotes begins a comment; quotes count only around the whole; a backslash that is not known stays. */
function mysqlValue(rest: string): IniValue {
  const raw = withoutEndBlanks(rest.slice(0, mysqlComment(rest)))
  const [, quote = '', inner = raw] = /^(["'])([\s\S]*)\1$/.exec(raw) ?? []
  const value = inner.replace(/\\([ntrbs"'\\])/g, (_, char: string) => OF_MYSQL[char] ?? char)
  return { value, quote, length: replacedLength(rest, raw) }
}

function mysqlComment(rest: string): number {
  let quote = ''
  for (let at = 0; at < rest.length; at++) {
    const char = rest.charAt(at)
    if (quote === '' && char === '#') return at
    if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = ''
    else if (quote !== '' && char === '\\') at++
  }
  return rest.length
}

/** What configparser takes: `%%`, and references as `%(name)s`. */
const REFERENCES = /^(?:[^%]|%%|%\([^)]*\)s)*$/

/** An entry that configparser would refuse to give out has no value. */
export function tornReference<T extends { readonly value: string | null }>(entry: T): T {
  const isWhole = entry.value === null || REFERENCES.test(entry.value)
  return isWhole ? entry : { ...entry, value: null, torn: LONE_PERCENT }
}

/** Whether a program could take a value for one that goes on in the next line; a path of Windows never does. */
export function mayStayOpen(value: string): boolean {
  return endsOpen(value) && !isWindowsPath(value)
}

function isWindowsPath(value: string): boolean {
  return /^(?:[A-Za-z]:\\|\\\\)/.test(value)
}

/** A desired value as it is read back: quotes that are style left out, and each `%` doubled where one would be refused. */
export function normalText(value: string, rules: IniRules): string {
  if (rules.values === 'references') return REFERENCES.test(value) ? value : value.replaceAll('%', '%%')
  return rules.quotes === 'style' ? (unquoted(value)?.value ?? value) : value
}

/** What is written for a value: in the quotes that the old one had, or in the first that are needed to hold it. */
export function writtenValue(key: { readonly name: string; readonly rules: IniRules }, value: string, quote = '') {
  const { name, rules } = key
  if (/[\r\n\0]/.test(value)) return problem(`"${name}": a value of several lines is not written`)
  if (rules.values === 'unclear') return agreedValue(name, value)
  const text = normalText(value, rules)
  if (rules.values === 'git' || rules.values === 'mysql') return parsed(escapedValue(text, quote))
  if (rules.quotes === 'value') return parsed(text)
  return quotedValue(key, text, unquoted(value)?.quote ?? quote)
}

/** Without a dialect: what all read in the same way. */
function agreedValue(name: string, value: string): Parsed<string> {
  if (mayStayOpen(value)) return problem(`"${name}": ${OPEN}`)
  const doubt = doubtOf(value)
  if (doubt !== undefined) return problem(`"${name}" ${doubt}: say which program reads it, with \`dialect\``)
  if (/^[ \t]|[ \t]$/.test(value)) return problem(`"${name}": blanks around a value need quotes, and ${QUOTED_BY}`)
  return parsed(value)
}

const OPEN = 'by a backslash at its end some programs go on in the next line; say which, with `dialect`'
const QUOTED_BY = 'some programs take these for a part of it: say which reads it, with `dialect`'

/** git and MySQL read the same of a value in double quotes. MySQL takes some bytes of letters at the end for blanks. */
function escapedValue(text: string, quote: string): string {
  const isPlain = !/["'\\;#\t]|^[^!-~]|[^!-~]$/.test(text)
  return isPlain && quote === '' ? text : `"${text.replace(/["\\]/g, '\\$&').replaceAll('\t', '\\t')}"`
}

function quotedValue(
  { name, rules }: { readonly name: string; readonly rules: IniRules },
  text: string,
  style: string,
) {
  if (rules.continues === 'unclear' && mayStayOpen(text)) return problem(`"${name}": ${OPEN}`)
  const isSigns = rules.values === 'signs'
  const holds = (quote: string): boolean => !text.includes(quote) && !(isSigns && quote === '"' && text.includes('${'))
  if (style !== '' && holds(style)) return parsed(style + text + style)
  const needsQuotes = isSigns && PHP_SIGNS.test(text) && !PHP_LEVELS.test(text)
  if (!/^[ \t]|[ \t]$/.test(text) && !needsQuotes && unquoted(text) === undefined) return parsed(text)
  const needed = ['"', "'"].find(holds)
  if (needed === undefined)
    return problem(
      `"${name}": a value with both kinds of quotes and blanks, comment signs or signs of PHP cannot be held`,
    )
  return parsed(needed + text + needed)
}

/** Without quotes PHP reckons with these, or refuses the whole file (parse_ini_file, "Notes"); `${x}` is taken for a variable in double quotes, too. */
const PHP_SIGNS = /[;#|&~!()^"'=]|\$\{/
/** Levels of errors are meant to be reckoned with: `E_ALL & ~E_NOTICE`. */
const PHP_LEVELS = /^(?:[~!()|&^ \t]|E_[A-Z_]+)+$/
