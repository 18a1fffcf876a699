import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canHold, decodeText, encodeText, unknowable } from '../../../src/devices/config/encoding.ts'
import { codecOf } from '../../../src/devices/config/formats.ts'

function edited(bytes: Uint8Array, format: 'plain' | 'xml', key: string, value: string): Uint8Array | string {
  const decoded = decodeText(bytes, format)
  if (!decoded.ok) return decoded.problem.message
  const { text, encoding } = decoded.value
  const made = codecOf(format, undefined).edit(text, { set: new Map([[key, value]]), remove: [] }, canHold(encoding))
  if (!made.ok) return made.problem.message
  const encoded = encodeText(made.value, encoding, text)
  return encoded.ok ? Buffer.from(encoded.value) : encoded.problem.message
}

const xml = (encoding: string, content: Uint8Array | string) =>
  Buffer.concat([
    Buffer.from(`<?xml version="1.0" encoding="${encoding}"?>\n<r><a>`),
    Buffer.from(content),
    Buffer.from('</a></r>\n'),
  ])

describe('a declared encoding of XML', () => {
  test('is the one that is read and written', () => {
    const store = Uint8Array.of(0xcc, 0xe0, 0xe3)
    expect(edited(xml('windows-1251', store), 'xml', 'r/a', 'Маг')).toEqual(xml('windows-1251', store))
    expect(edited(xml('windows-1251', 'x'), 'xml', 'r/a', 'Маг')).toEqual(xml('windows-1251', store))
    expect(edited(xml('ISO-8859-2', 'x'), 'xml', 'r/a', 'Ż')).toEqual(xml('ISO-8859-2', Uint8Array.of(0xaf)))
    expect(edited(xml('iso-8859-1', 'x'), 'xml', 'r/a', '\u0080é')).toEqual(
      xml('iso-8859-1', Uint8Array.of(0x80, 0xe9)),
    )
  })

  test('holds what it lacks as references', () => {
    expect(edited(xml('windows-1251', 'x'), 'xml', 'r/a', '中😀')).toEqual(xml('windows-1251', '&#20013;&#128512;'))
    expect(edited(xml('Shift_JIS', 'x'), 'xml', 'r/a', '中')).toEqual(xml('Shift_JIS', '&#20013;'))
    expect(edited(xml('us-ascii', '<![CDATA[x]]>'), 'xml', 'r/a', 'é')).toEqual(xml('us-ascii', '&#233;'))
  })

  test('that the bytes are not in is refused', () => {
    expect(edited(xml('utf-8', Uint8Array.of(0xcc)), 'xml', 'r/a', 'x')).toMatch(/declares the encoding utf-8, and is/)
    expect(edited(xml('Shift_JIS', Uint8Array.of(0x83, 0x41)), 'xml', 'r/a', 'x')).toMatch(/shift_jis/)
    expect(edited(xml('utf-16', 'x'), 'xml', 'r/a', 'x')).toMatch(/utf-16/)
    const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), xml('windows-1251', 'x')])
    expect(edited(marked, 'xml', 'r/a', 'y')).toMatch(/byte order mark says utf-8/)
  })
})

describe('what is not the text of one encoding is refused', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['UTF-16 without a mark', Buffer.from('a=1\r\n', 'utf16le'), /NULs/],
    ['NULs of a power cut', Buffer.from('a=1\n\0\0\0b=2\n'), /NULs/],
    ['a line of ASCII in UTF-16', utf16('a=1\r\n', 'bc=1\r\n'), /another encoding/],
    ['half a character of UTF-16', utf16('a=1\r\n', 'x'), /byte order mark says/],
    ['lone CRs', Buffer.from('a=1\rb=2\r'), /lone CR/],
    ['CR before CRLF', Buffer.from('a=1\r\r\nb=2\r\r\n'), /lone CR/],
  ]
  test.each(cases)('%s', (_, bytes, message) => expect(edited(bytes, 'plain', 'a', '2')).toMatch(message))
})

function utf16(text: string, ascii: string): Uint8Array {
  return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le'), Buffer.from(ascii)])
}

test('whether a letter stands in an 8-bit code that is not known, nobody can say', () => {
  expect(unknowable('bytes', 'ini', ['a', 1, null, ['b']]).ok).toBe(true)
  for (const wanted of ['ó', ['ó'], { a: 'ó' }]) expect(unknowable('bytes', 'ini', [wanted]).ok).toBe(false)
  expect(unknowable('bytes', 'properties', ['ó']).ok).toBe(true)
  expect(unknowable('utf-8', 'ini', ['ó']).ok).toBe(true)
})

test('bytes that are decoded and encoded again are the same', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
    fc
      .string({ unit: 'grapheme' })
      .map((text) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])),
    fc
      .tuple(fc.constantFrom('windows-1250', 'iso-8859-1', 'koi8-r', 'us-ascii', 'utf-8', 'gbk'), fc.uint8Array())
      .map(([name, content]) => xml(name, content)),
  )
  fc.assert(
    fc.property(bytes, fc.constantFrom('plain', 'properties', 'xml'), (before, format) => {
      const decoded = decodeText(before, format)
      if (!decoded.ok) return
      const { text, encoding } = decoded.value
      const encoded = encodeText(text, encoding, text)
      expect(encoded.ok && Buffer.compare(encoded.value, before)).toBe(0)
    }),
    { numRuns: 500 },
  )
})
