import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flagOf, numberOf, packetsIn, textOf } from '../../../src/devices/novitus-xml/codec.ts'
import {
  checksumOf,
  encodeQuestion,
  MAX_BYTES,
  QUICK,
  type Question,
  THOROUGH,
} from '../../../src/devices/novitus-xml/questions.ts'
import { encodeCp1250 } from '../../../src/devices/printer/cp1250.ts'

function packet(inner: string): Buffer {
  const bytes = encodeCp1250(inner)
  return Buffer.concat([Buffer.from(`<packet crc="${checksumOf(bytes)}">`), bytes, Buffer.from('</packet>')])
}

describe('Packets of the XML protocol of Novitus', () => {
  it.each([
    ['\r\n  <info action="transaction"/>\r\n', 'BB1E3EC8'],
    ['\r\n  <informacja akcja="transakcja"/>\r\n', '67D858E7'],
    ['<dle/>', '4259D34E'],
  ])('%j has the checksum %s', (inner, checksum) => {
    expect(checksumOf(inner)).toBe(checksum)
  })

  it('count the white space', () => {
    expect(checksumOf('<info action="transaction"/>')).not.toBe('BB1E3EC8')
    const right = '<packet crc="bb1e3ec8">\r\n  <info action="transaction"/>\r\n</packet>'
    const wrong = '<packet crc="bb1e3ec8"><info action="transaction"/></packet>'
    expect(packetsIn(Buffer.from(right))).toMatchObject({ elements: [{ name: 'info' }], isDamaged: false })
    expect(packetsIn(Buffer.from(wrong))).toEqual({ elements: [], isDamaged: true })
  })

  it('ask as it is written', () => {
    expect(Buffer.from(encodeQuestion('dle')).toString()).toBe('<packet crc="4259D34E"><dle/></packet>')
    for (const question of THOROUGH) {
      const bytes = encodeQuestion(question)
      expect(bytes.length).toBeLessThan(MAX_BYTES)
      expect(packetsIn(bytes)).toMatchObject({ elements: [{}], isDamaged: false })
    }
  })

  it('without a checksum are taken, with one that has lost its zeros too', () => {
    const inner = '<enq fiscal="yes" a=""/>'
    const short = `<packet crc="${Number.parseInt(checksumOf(inner), 16).toString(16)}">${inner}</packet>`
    for (const text of [`<packet>${inner}</packet>`, short])
      expect(packetsIn(Buffer.from(text)).elements.map(({ name }) => name)).toEqual(['enq'])
    expect(packetsIn(Buffer.from(`<packet crc="zz">${inner}</packet>`)).isDamaged).toBe(true)
  })

  it('are read in code page 1250, with yes, no, numbers and what was not filled in', () => {
    const inner =
      '<info action="checkout" name="ŻÓŁW" receiptopen="no" isfiscal="yes" lastreceipt="12" date="?" x="1,5"/>'
    const [element] = packetsIn(packet(inner)).elements
    expect(textOf(element, 'name')).toBe('ŻÓŁW')
    expect([flagOf(element, 'receiptopen'), flagOf(element, 'isfiscal'), flagOf(element, 'name')]).toEqual([
      false,
      true,
      undefined,
    ])
    expect([numberOf(element, 'lastreceipt'), numberOf(element, 'x'), numberOf(element, 'name')]).toEqual([
      12,
      1.5,
      undefined,
    ])
    expect(textOf(element, 'date')).toBeUndefined()
  })

  it('with what is not well-formed are read as far as they are', () => {
    const [element] = packetsIn(packet('<info action="checkout" name="A&B" receiptopen="no"><ptu>23%</info>')).elements
    expect(flagOf(element, 'receiptopen')).toBe(false)
  })

  it('that are too long are none', () => {
    expect(packetsIn(packet(`<info action="${'a'.repeat(MAX_BYTES)}"/>`)).elements).toEqual([])
  })

  it('are found whatever stands before, between and behind them', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/)
    const noise = fc.uint8Array({ maxLength: 30 }).map((bytes) => bytes.filter((byte) => byte !== 0x3c))
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, name), { maxLength: 5 }), noise, (said, rest) => {
        const stream = Buffer.concat([...said.flatMap(([before, text]) => [before, packet(`<${text}/>`)]), rest])
        expect(packetsIn(stream).elements.map(({ name: found }) => found)).toEqual(said.map(([, text]) => text))
      }),
    )
  })

  it('never throw, whatever comes, cut anywhere', () => {
    const soup = fc
      .array(
        fc.constantFrom(
          '<packet',
          ' crc="',
          '"',
          '>',
          '<',
          '/>',
          '</packet>',
          '&',
          '<!DOCTYPE a [',
          '<![CDATA[',
          'a',
          '=',
        ),
      )
      .map((parts) => Buffer.from(parts.join('')))
    fc.assert(
      fc.property(fc.oneof(soup, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        packetsIn(bytes)
        packetsIn(Buffer.concat([Buffer.from('<packet>'), bytes, Buffer.from('</packet>')]))
      }),
    )
  })
})

describe('What may be sent', () => {
  it.each([
    'receipt',
    'invoice',
    'item',
    'report',
    'control',
    'error set',
    'taxrates',
    'nonfiscalprintout',
    'info transaction',
    'configuration',
    'constructor',
    '',
  ])('is not %j', (command) => {
    expect(() => encodeQuestion(command as Question)).toThrow(TypeError)
    expect(THOROUGH).not.toContain(command)
  })

  it('cannot be widened', () => {
    expect(() => (THOROUGH as Question[]).push('receipt' as Question)).toThrow(TypeError)
    expect(() => (QUICK as Question[]).push('receipt' as Question)).toThrow(TypeError)
  })
})
