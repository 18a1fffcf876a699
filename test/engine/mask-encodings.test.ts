import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { Masker } from '../../src/engine/journal/mask.ts'

/** Passwords of people and of generators, with what shells, JSON, XML and URLs trip over, in letters of Poland. */
const letters = fc.constantFrom(
  ...'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789',
  ...'$\'"\\/&<>%+ `!#;:@=?ąęłżó',
)
const password = fc
  .array(letters, { minLength: 6, maxLength: 30 })
  .map((list) => list.join(''))
  .filter((s) => s.trim() === s)
const around = fc.string({ maxLength: 20 })

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')
const backslashed = (text: string): string => text.replace(/[^A-Za-z0-9]/gu, (c) => `\\${c}`)
const entities = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&apos;')
const unicodes = (text: string): string =>
  [...text].map((c) => (c.length === 1 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c)).join('')
const octal = (text: string): string =>
  [...Buffer.from(text)].map((b) => `\\${b.toString(8).padStart(3, '0')}`).join('')
const allPercent = (text: string): string =>
  [...Buffer.from(text)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')
const wrapped = (text: string, columns: number): string => text.replace(new RegExp(`.{${columns}}`, 'g'), '$&\n')

const ENCODINGS: Readonly<Record<string, (secret: string, lead: string) => string>> = {
  'as it is': (s) => s,
  base64: (s) => Buffer.from(s).toString('base64'),
  'base64, second alignment': (s) => Buffer.from(`x${s}`).toString('base64'),
  'base64, third alignment': (s) => Buffer.from(`xy${s}yz`).toString('base64'),
  base64url: (s) => Buffer.from(`>${s}?`).toString('base64url'),
  'base64 of user:password': (s, lead) => Buffer.from(`${lead}:${s}`).toString('base64'),
  'base64 of UTF-16': (s) => utf16(`$p='${s}'`).toString('base64'),
  'base64 in lines': (s) =>
    wrapped(Buffer.from(`${'filler '.repeat(9)}${s}${' filler'.repeat(9)}`).toString('base64'), 76),
  'base64 of JSON': (s) => Buffer.from(JSON.stringify({ password: s })).toString('base64'),
  'base64 in a URL': (s) => encodeURIComponent(Buffer.from(`till:${s}`).toString('base64')),
  'base64 twice': (s) => Buffer.from(Buffer.from(`till:${s}`).toString('base64')).toString('base64'),
  hexadecimal: (s) => Buffer.from(s).toString('hex'),
  'hexadecimal, large': (s) => Buffer.from(s).toString('hex').toUpperCase(),
  'hexadecimal behind a digit': (s) => `a${Buffer.from(s).toString('hex')}`,
  'hexadecimal, apart': (s) =>
    Buffer.from(s)
      .toString('hex')
      .replace(/..(?!$)/g, '$&:'),
  'hexadecimal in lines': (s) => wrapped(Buffer.from(`filler ${s} filler`).toString('hex'), 60),
  'hexadecimal of UTF-16': (s) => utf16(s).toString('hex'),
  percent: encodeURIComponent,
  'percent, small letters': (s) => encodeURIComponent(s).replace(/%../g, (x) => x.toLowerCase()),
  'percent, every byte': allPercent,
  'a form': (s) => new URLSearchParams({ p: s }).toString(),
  JSON: (s) => JSON.stringify(s),
  'JSON in JSON': (s) => JSON.stringify(JSON.stringify({ p: s })),
  'JSON, escaped throughout': unicodes,
  XML: entities,
  'XML, by numbers': (s) => [...s].map((c) => `&#${c.codePointAt(0)};`).join(''),
  'XML, by hexadecimal numbers': (s) => [...s].map((c) => `&#x${c.codePointAt(0)?.toString(16)};`).join(''),
  'JSON in XML': (s) => entities(JSON.stringify(s)),
  'UTF-16': (s) => utf16(s).toString('latin1'),
  'UTF-16 without its zeros': (s) => [...s].join(' '),
  sh: (s) => `'${s.replaceAll("'", `'\\''`)}'`,
  'a trace of busybox': (s) => `'${s.replaceAll("'", `'"'"'`)}'`,
  'printf %q': backslashed,
  octal: octal,
  PowerShell: (s) => `'${s.replaceAll("'", "''")}'`,
  'PowerShell, double quotes': (s) => `"${s.replace(/["`$]/g, '`$&')}"`,
  CSV: (s) => `"${s.replaceAll('"', '""')}"`,
  'read as Latin-1': (s) => Buffer.from(s).toString('latin1'),
}

/** In which of all encodings a text holds a value, by reading it in as many ways. */
function stillHolds(masked: string, secret: string, encoded: string): boolean {
  return masked.includes(secret) || (encoded.length >= 6 && masked.includes(encoded))
}

describe.each(Object.entries(ENCODINGS))('a secret that comes back as %s', (name, encode) => {
  it('is masked, whatever stands around it', () => {
    // Without its zeros, or where the character set is lost, only what is long enough is told from chance.
    const least = name.startsWith('UTF-16') ? 9 : 6
    const secrets = fc.array(
      password.filter((s) => s.replaceAll(' ', '').length >= least),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(secrets, around, around, (values, before, after) => {
        const masker = new Masker()
        for (const value of values) masker.add(new Secret(value))
        for (const secret of values) {
          const encoded = encode(secret, 'till')
          const masked = masker.text(`${before} ${encoded} ${after}`)
          expect(masked).toContain('***')
          expect(stillHolds(masked, secret, encoded)).toBe(false)
        }
      }),
      { numRuns: 60, seed: 20_251 },
    )
  })
})

describe('a secret that was cut', () => {
  it('is masked up to the sign that says so, and behind it', () => {
    const masker = new Masker()
    masker.add(new Secret('correct-horse-battery'))
    expect(masker.text('log: correct-hor…')).toBe('log: ***…')
    expect(masker.text('…rse-battery and more')).toBe('…*** and more')
    expect(masker.text(`It ended with exit code 1: …ttery\nmore`)).toBe('It ended with exit code 1: …***\nmore')
  })

  it('is masked where a line or a long output ends before it does', () => {
    const masker = new Masker()
    masker.add(new Secret('correct-horse-battery'))
    expect(masker.text('root 1 login --password correct-horse-bat\nroot 2 sh')).toBe(
      'root 1 login --password ***\nroot 2 sh',
    )
    expect(masker.text(`${'x'.repeat(1_100)} correct`)).toBe(`${'x'.repeat(1_100)} ***`)
  })

  it('is not taken for a word that happens to begin like it', () => {
    const masker = new Masker()
    masker.add(new Secret('Warszawa-2024-kasa'))
    expect(masker.text('The store is in Warszawa')).toBe('The store is in Warszawa')
  })
})

describe('a short secret', () => {
  it('is masked where it stands alone, and does not eat what is around', () => {
    const masker = new Masker()
    masker.add(new Secret('abc'))
    masker.add(new Secret('1234'))
    expect(masker.value({ a: 'abc', b: 'abcd', c: 1234, d: 12345, e: 'pin 1234.' })).toEqual({
      a: '***',
      b: 'abcd',
      c: '***',
      d: 12345,
      e: 'pin ***.',
    })
  })
})

describe('what is no secret', () => {
  const masker = new Masker()
  for (let i = 0; i < 20_000; i += 1) masker.add(new Secret(`p${(i * 7919).toString(36)}-Z${i}`))

  it.each([
    'Debian GNU/Linux 12 (bookworm)',
    '/etc/zabbix/zabbix_agent2.d/store.conf',
    'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    '{"C:\\\\Program Files\\\\Till": "it\'s 100% \\"fine\\"", "x": "&lt;a&gt;"}',
    'zażółć gęślą jaźń …\n\t- ąę\u0000',
    'Q29tbWl0IHRoaXMgcGxlYXNlOiBub3RoaW5nIHRvIHNlZQ==',
  ])('is what it was: %s', (text) => expect(masker.text(text)).toBe(text))
})
