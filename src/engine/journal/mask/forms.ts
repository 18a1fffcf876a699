/** The least that a line, or a value without its white space, must have to be looked for by itself. */
const PART_CHARACTERS = 8

/** Shorter ones would be found by chance. */
const SHORTEST_INTERPRETED = 6

/** Lines such as `-----BEGIN PRIVATE KEY-----`, which are the same in every key. */
const ARMOUR = /^-----/

/**
 * The forms of a value that cannot be told from a text by decoding it: lines of it, without white space, in UTF-16, and
 * what is left of letters where two sides disagree about the character set.
 */
export function formsOf(plain: string): readonly string[] {
  return [...new Set([plain, ...interpreted(plain)].flatMap(formsOfOne))]
}

function formsOfOne(plain: string): readonly string[] {
  const forms = new Set([plain, plain.trim()])
  if (plain.includes('\n')) {
    for (const line of plain.split('\n').map((part) => part.trim())) {
      if (line.length >= PART_CHARACTERS && !ARMOUR.test(line)) forms.add(line)
    }
  }
  const dense = plain.replace(/[\s\p{Cc}]+/gu, '')
  if (dense.length >= PART_CHARACTERS) forms.add(dense)
  for (const form of foreign(plain)) forms.add(form)
  return [...forms].map((form) => Buffer.from(form).toString('latin1')).concat(utf16(plain))
}

/** What a backslash and a letter mean to `printf %b`, and to the `echo` of dash and of bash. */
const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}
/** Each has the same groups: a letter, octal behind a 0, octal, hexadecimal, and a number of Unicode. */
const POSIX = /\\(?:([abfnrtv\\])|0([0-7]{0,3})|([1-7][0-7]{0,2})|(?!)()|(?!)())/g
const FORMAT = /\\(?:([abfnrtv\\])|(?!)()|([0-7]{1,3})|(?!)()|(?!)())/g
const BASH = /\\(?:([abeEfnrtv\\])|0([0-7]{0,3})|([1-7][0-7]{0,2})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4}))/g

/** A value with backslashes after something took them for signs: `printf %b`, `echo`, `printf` itself, `read` without -r. */
function interpreted(plain: string): readonly string[] {
  if (!plain.includes('\\')) return []
  const unread = plain.replace(/\\(.)/gs, '$1')
  const whole = [...[POSIX, FORMAT, BASH].map((signs) => meant(plain, signs)), unread, meant(unread, POSIX)]
  // `\c` ends the output.
  const texts = whole.concat(whole.map((text) => text.split('\\c')[0] ?? ''))
  return texts.filter((text) => text !== plain && text.length >= SHORTEST_INTERPRETED)
}

/** Numbers are bytes, of which several may be one letter. */
function meant(text: string, signs: RegExp): string {
  const bytes = Buffer.from(text).toString('latin1')
  return Buffer.from(bytes.replace(signs, sign), 'latin1').toString('utf8')
}

function sign(...[, letter, zero, octal, hex, unicode]: readonly (string | undefined)[]): string {
  if (letter !== undefined) return LETTERS[letter] ?? letter
  if (unicode !== undefined) return Buffer.from(String.fromCharCode(Number.parseInt(unicode, 16))).toString('latin1')
  const number = hex === undefined ? Number.parseInt(`0${zero ?? octal}`, 8) : Number.parseInt(hex, 16)
  return String.fromCharCode(number & 0xff)
}

function foreign(plain: string): readonly string[] {
  if (/^[\x20-\x7e]*$/.test(plain)) return []
  const misread = Buffer.from(plain).toString('latin1')
  const normal = [plain.normalize('NFC'), plain.normalize('NFD')]
  const plainLetters = plain.replace(/[^\x20-\x7e]/gu, '')
  if (plainLetters.length < PART_CHARACTERS) return [misread, ...normal]
  const lost = ['?', '\ufffd'].map((sign) => plain.replace(/[^\x20-\x7e]/gu, sign))
  return [misread, ...normal, ...lost]
}

/** Little-endian, as Windows has it; and what becomes of that when it is read as UTF-8 or Latin-1. */
function utf16(plain: string): string[] {
  const bytes = Buffer.from(plain, 'utf16le')
  const misread = [bytes.toString('utf8'), bytes.toString('latin1')]
  return [bytes.toString('latin1'), ...misread.map((form) => Buffer.from(form).toString('latin1'))]
}
