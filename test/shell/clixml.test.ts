import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeClixmlEscapes, readClixml } from '../../src/shell/clixml.ts'

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../winrm/vectors.json'), 'utf8'))

test.each(vectors.clixml_escapes as [string, string][])('%j is %j', (written, meant) => {
  expect(decodeClixmlEscapes(written)).toBe(meant)
})

const HEAD = '#< CLIXML\r\n'
const objs = (inside: string): string =>
  `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">${inside}</Objs>`
const progress =
  '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T></TN></Obj>'

test('errors are shown, progress is not', () => {
  const text = `${HEAD}${objs(`${progress}<S S="Error">boom &lt;here&gt;_x000D__x000A_</S><S S="warning">no</S><S S="Error">at line 1</S>`)}`
  expect(readClixml(text)).toBe('boom <here>\r\nat line 1')
})

test('the head may come twice, with several documents, among other text', () => {
  const text = `plain\r\n${HEAD}${HEAD}${objs('<S S="Error">one;</S>')}${objs('<S S="Error">two</S>')}\r\ntail`
  expect(readClixml(text)).toBe('plain\r\none;two\r\ntail')
  expect(readClixml(`${HEAD}<Objs Version="1" />`)).toBe('')
})

test('what is cut, or is none, stays as it is', () => {
  expect(readClixml('an ordinary error')).toBe('an ordinary error')
  expect(readClixml(`${HEAD}<Objs><S S="Error">half of it`)).toBe('<Objs><S S="Error">half of it')
})

test('any error comes back as it was, as Windows writes it', () => {
  const unit = (sign: string): string => `_x${sign.charCodeAt(0).toString(16).padStart(4, '0')}_`
  const write = (text: string): string =>
    text
      .replace(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_')
      .replace(/[\p{Cc}\ufffe\uffff]/gu, unit)
      .replace(/[\ud800-\udfff]/g, unit)
      .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('_', 'x', '0', '5', 'F', 'ż', '🎵', '\n') })),
      (error) => {
        expect(readClixml(`${HEAD}${objs(`<S S="Error">${write(error)}</S>`)}`)).toBe(error)
      },
    ),
  )
})
