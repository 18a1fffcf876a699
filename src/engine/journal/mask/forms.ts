/** The least that a line, or a value without its white space, must have to be looked for by itself. */
const PART_CHARACTERS = 8

/** Lines such as `-----BEGIN PRIVATE KEY-----`, which are the same in every key. */
const ARMOUR = /^-----/

/**
 * The forms of a value that cannot be told from a text by decoding it: lines of it, without white space, in UTF-16, and
 * what is left of letters where two sides disagree about the character set.
 */
export function formsOf(plain: string): readonly string[] {
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
