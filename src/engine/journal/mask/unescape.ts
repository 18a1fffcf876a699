import { type View, ViewBuilder } from './view.ts'

/** Puts out the bytes that stand for `bytes[at…]`, and says how many those are; 0 where nothing is escaped. */
type Rule = (bytes: Uint8Array, at: number, put: (byte: number) => void) => number

interface Escape {
  readonly mark: number
  readonly rule: Rule
  /** Base64 and the like come in it altered. */
  readonly carriesEncodings?: boolean
}

const BACKSLASH = 0x5c
const DOUBLE_QUOTE = 0x22
const QUOTE = 0x27

const NAMED: Readonly<Record<string, number>> = { amp: 0x26, lt: 0x3c, gt: 0x3e, quot: 0x22, apos: 0x27 }
const LETTERS: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, b: 8, f: 12, a: 7, v: 11, e: 27, '0': 0 }

/** White space and control characters, among the marks. */
export const SPACE_MARK = 1

/** The ways in which a text is written inside another one, each of which is undone by itself. */
export const ESCAPES: readonly Escape[] = [
  { mark: 2, rule: percent, carriesEncodings: true },
  { mark: 4, rule: form },
  { mark: 8, rule: backslash, carriesEncodings: true },
  { mark: 16, rule: entity, carriesEncodings: true },
  { mark: 32, rule: singleQuotes },
  { mark: 32, rule: joints },
  { mark: 64, rule: doubleQuotes },
  { mark: 128, rule: backtick },
]

const by = (...rules: readonly Rule[]): readonly Escape[] => ESCAPES.filter((way) => rules.includes(way.rule))
const FORMATS = by(percent, backslash, entity)
const QUOTES = by(singleQuotes)

/** What may have been done before: a format in a format of the same kind or another, quotes in a format and the other way. */
export function escapesUnder(way: Escape): readonly (readonly Escape[])[] {
  if (way.rule === form) return [by(percent)]
  return FORMATS.includes(way) ? [[way], FORMATS, QUOTES] : [FORMATS]
}

/** The bits of all of them together, as `MARKS` has them by letter. */
export function marksOf(escapes: readonly Escape[]): number {
  return escapes.reduce((marks, { mark }) => marks | mark, 0)
}

const MARKS = new Uint8Array(256)
for (const [mark, letters] of Object.entries({ 2: '%', 4: '+', 8: '\\', 16: '&', 32: "'", 64: '"', 128: '`' })) {
  for (const letter of letters) MARKS[letter.charCodeAt(0)] = Number(mark)
}
MARKS.fill(SPACE_MARK, 0, 0x21)

/** Which marks there are in a text: bits of `SPACE_MARK` and of `ESCAPES`. */
export function marksIn(bytes: Uint8Array): number {
  let marks = 0
  for (let at = 0; at < bytes.length; at += 1) marks |= MARKS[bytes[at] as number] as number
  return marks
}

/** What a view is without these kinds of escapes; undefined where it has none. */
export function unescaped(view: View, escapes: readonly Escape[]): View | undefined {
  const { bytes } = view
  const wanted = marksOf(escapes)
  let builder: ViewBuilder | undefined
  let begin = 0
  let width = 0
  const plain: number[] = []
  const put = (byte: number): void => void plain.push(byte)
  for (let at = 0; at < bytes.length; at += Math.max(width, 1)) {
    width = 0
    const mark = (MARKS[bytes[at] as number] as number) & wanted
    if (mark > SPACE_MARK) width = escapes.find((way) => way.mark === mark)?.rule(bytes, at, put) ?? 0
    if (width === 0) continue
    builder ??= new ViewBuilder(view)
    builder.copy(begin, at)
    for (const byte of plain) builder.push(byte, at, at + width)
    plain.length = 0
    begin = at + width
  }
  builder?.copy(begin, bytes.length)
  return builder?.view()
}

/** `%C5%82` of URLs (RFC 3986, 2.1). */
function percent(bytes: Uint8Array, at: number, put: (byte: number) => void): number {
  const value = hexNumber(bytes, at + 1, 2)
  if (value === undefined) return 0
  put(value)
  return 3
}

/** As HTML forms write a space; together with `%XX` in a second turn. */
function form(_bytes: Uint8Array, _at: number, put: (byte: number) => void): number {
  put(0x20)
  return 1
}

/** JSON, C, Python, `printf %q`, `$'…'` of shells. */
function backslash(bytes: Uint8Array, at: number, put: (byte: number) => void): number {
  const next = bytes[at + 1]
  if (next === undefined) return 0
  const letter = String.fromCharCode(next)
  if (letter === 'u') return unicode(bytes, at, put)
  if (letter === 'x') {
    const value = hexNumber(bytes, at + 2, 2)
    if (value === undefined) return 0
    put(value)
    return 4
  }
  const octal = /^[0-3]?[0-7]{2,3}/.exec(latin1(bytes, at + 1, at + 5))?.[0].slice(0, next === 0x30 ? 4 : 3)
  if (octal !== undefined && octal.length >= 3) {
    put(Number.parseInt(octal, 8) & 0xff)
    return 1 + octal.length
  }
  if (next !== 0x0a) put(LETTERS[letter] ?? next)
  return 2
}

function unicode(bytes: Uint8Array, at: number, put: (byte: number) => void): number {
  const unit = hexNumber(bytes, at + 2, 4)
  if (unit === undefined) return 0
  const isHigh = unit >= 0xd800 && unit < 0xdc00
  const low = isHigh && latin1(bytes, at + 6, at + 8) === '\\u' ? hexNumber(bytes, at + 8, 4) : undefined
  const text = low === undefined ? String.fromCharCode(unit) : String.fromCharCode(unit, low)
  for (const byte of Buffer.from(text)) put(byte)
  return low === undefined ? 6 : 12
}

/** XML and HTML: `&quot;`, `&#39;`, `&#x27;`. */
function entity(bytes: Uint8Array, at: number, put: (byte: number) => void): number {
  const [all, name, decimal, hex] =
    /^&(?:([a-z]{2,4})|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));/.exec(latin1(bytes, at, at + 12)) ?? []
  if (all === undefined) return 0
  const code = name !== undefined ? NAMED[name] : Number.parseInt(decimal ?? hex ?? '', decimal === undefined ? 16 : 10)
  if (code === undefined || code > 0x10ffff) return 0
  for (const byte of Buffer.from(String.fromCodePoint(code))) put(byte)
  return all.length
}

/** A quote inside quotes: `'\\''` and `'"'"'` of sh, a doubled one of PowerShell and SQL. */
function singleQuotes(bytes: Uint8Array, at: number, put: (byte: number) => void): number {
  const next = bytes[at + 1]
  if (next !== QUOTE && next !== BACKSLASH && next !== DOUBLE_QUOTE) return 0
  const [all] = /^'(?:\\''|"'"'|')/.exec(latin1(bytes, at, at + 5)) ?? []
  if (all === undefined) return 0
  put(QUOTE)
  return all.length
}

/** Where shells and coreutils put quoted parts together: `'za'$'\\305\\274''w'`, with the octal numbers in a second turn. */
function joints(bytes: Uint8Array, at: number, put: (byte: number) => void): number {
  const [all] = /^'(?:\\''|\$'|')/.exec(latin1(bytes, at, at + 4)) ?? []
  if (all === undefined) return 0
  if (all.includes('\\')) put(QUOTE)
  return all.length
}

/** CSV, and `cmd`. */
function doubleQuotes(bytes: Uint8Array, at: number, put: (byte: number) => void): number {
  if (bytes[at + 1] !== DOUBLE_QUOTE) return 0
  put(DOUBLE_QUOTE)
  return 2
}

/** Strings of PowerShell in double quotes. */
function backtick(bytes: Uint8Array, at: number, put: (byte: number) => void): number {
  const next = bytes[at + 1]
  if (next === undefined) return 0
  put(LETTERS[String.fromCharCode(next)] ?? next)
  return 2
}

function hexNumber(bytes: Uint8Array, at: number, digits: number): number | undefined {
  const text = latin1(bytes, at, at + digits)
  return text.length === digits && /^[0-9a-fA-F]+$/.test(text) ? Number.parseInt(text, 16) : undefined
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let at = from; at < Math.min(to, bytes.length); at += 1) text += String.fromCharCode(bytes[at] as number)
  return text
}
