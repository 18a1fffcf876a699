import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeAnswer,
  exchangeState,
  fullState,
  shiftState,
  shortState,
  storageState,
  storageValidity,
  unconfirmedDocuments,
} from '../../../src/devices/shtrih/codec.ts'
import { checksum, encodeFrame, framesIn, SYNCHRONIZE } from '../../../src/devices/shtrih/frame-2.ts'
import { encodeQuestion, lrc, QUICK, type Question, THOROUGH } from '../../../src/devices/shtrih/questions.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const hex = (frame: Uint8Array): string =>
  Buffer.from(frame)
    .toString('hex')
    .toUpperCase()
    .replace(/..(?=.)/g, '$& ')

function framed(body: Uint8Array): Buffer {
  const counted = Buffer.concat([Buffer.of(body.length), body])
  return Buffer.concat([Buffer.of(2), counted, Buffer.of(lrc(counted))])
}

describe('Frames of Shtrih-M', () => {
  it.each<[Question, string]>([
    ['10', '02 05 10 1E 00 00 00 0B'],
    ['FF01', '02 06 FF 01 1E 00 00 00 E6'],
    ['FF39', '02 06 FF 39 1E 00 00 00 DE'],
  ])('ask %s as it was captured', (question, frame) => {
    expect(hex(encodeQuestion(question, 30))).toBe(frame)
  })

  it('are read as they were captured', () => {
    const answer = decodeAnswer('10', bytes('02 11 10 00 1E 90 00 02 00 00 33 25 00 00 00 FF FF FF 00 64'))
    expect(answer && { ...shortState(answer), error: answer.error }).toEqual({
      error: 0,
      flags: 0x0090,
      mode: 2,
      submode: 0,
    })
  })

  it('that are damaged, cut, or answer something else, are none', () => {
    const frame = bytes('02 11 10 00 1E 90 00 02 00 00 33 25 00 00 00 FF FF FF 00 64')
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const changed = Buffer.from(frame)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(decodeAnswer('10', changed)).toBeUndefined()
    }
    for (let cut = 0; cut < frame.length; cut++) expect(decodeAnswer('10', frame.subarray(0, cut))).toBeUndefined()
    expect(decodeAnswer('11', frame)).toBeUndefined()
    expect(decodeAnswer('FF01', frame)).toBeUndefined()
  })

  it('come back as they were made', () => {
    const question = fc.constantFrom(...THOROUGH)
    fc.assert(
      fc.property(question, fc.nat(255), fc.uint8Array({ maxLength: 200 }), (asked, error, data) => {
        const command = encodeQuestion(asked, 0).subarray(2, asked.startsWith('FF') ? 4 : 3)
        const answer = decodeAnswer(asked, framed(Buffer.concat([command, Buffer.of(error), data])))
        expect(answer && { error: answer.error, data: [...answer.data] }).toEqual({ error, data: [...data] })
      }),
    )
  })

  it('tell days in two orders: the storage year first, the printer day first', () => {
    const storage = framed(bytes(`FF 01 00 03 00 00 01 00 1A 0B 19 09 1E ${'39 '.repeat(16)} 01 00 00 00`))
    const answer = decodeAnswer('FF01', storage)
    expect(answer && storageState(answer)?.lastDocumentAt?.wall).toBe(Date.UTC(2026, 10, 25, 9, 30))
    const device = Buffer.concat([bytes('11 00'), Buffer.alloc(46)])
    device.set([25, 11, 26, 9, 30, 15], 2 + 23)
    const full = decodeAnswer('11', framed(device))
    expect(full && fullState(full)?.clock?.wall).toBe(Date.UTC(2026, 10, 25, 9, 30, 15))
    const validity = decodeAnswer('FF03', framed(bytes('FF 03 00 1B 02 0C 0A 01')))
    expect(validity && storageValidity(validity)).toEqual({
      until: { wall: Date.UTC(2027, 1, 12), exactToMs: 86_400_000 },
      registrations: 10,
    })
  })

  it('never throw, whatever an answer holds', () => {
    const readers = [
      shortState,
      fullState,
      storageState,
      exchangeState,
      storageValidity,
      unconfirmedDocuments,
      shiftState,
    ]
    fc.assert(
      fc.property(fc.constantFrom(...THOROUGH), fc.uint8Array({ maxLength: 80 }), (question, noise) => {
        decodeAnswer(question, noise)
        for (const read of readers) read({ error: 0, data: Buffer.from(noise) })
      }),
    )
  })
})

describe('What may be sent', () => {
  it.each([
    '80',
    '85',
    '88',
    '8D',
    '40',
    '41',
    'B0',
    'E0',
    '21',
    '22',
    '23',
    '1E',
    '27',
    '16',
    'FF08',
    'FF05',
    'FF0B',
    'FF43',
    'constructor',
    '',
  ])('is not %j', (command) => {
    expect(() => encodeQuestion(command as Question, 30)).toThrow(TypeError)
    expect(THOROUGH).not.toContain(command)
  })

  it('cannot be widened', () => {
    expect(() => (THOROUGH as Question[]).push('41' as Question)).toThrow(TypeError)
    expect(() => (QUICK as Question[]).push('41' as Question)).toThrow(TypeError)
  })

  it.each([-1, 2 ** 32, 1.5, Number.NaN])('has no password %s', (password) => {
    expect(() => encodeQuestion('10', password)).toThrow(TypeError)
  })
})

describe('Frames of protocol 2', () => {
  // Vectors of the maker's own tests: PrinterProtocol_2Test of shtrih-m/javapos_shtrih, duLogParser of shtrih-m.
  it.each([
    ['00 00', 0x1d0f],
    ['03 00 06 00 FC', 0x63ed],
  ])('have the checksum of %s that is published', (counted, crc) => {
    expect(checksum(bytes(counted))).toBe(crc)
  })

  it('ask for the number as it is published', () => {
    expect(hex(SYNCHRONIZE)).toBe('8F 00 00 0F 1D')
    expect(hex(encodeFrame(6, bytes('FC')))).toBe('8F 03 00 06 00 FC ED 63')
  })

  it('hold no 8F and no 9F as they are, and come back as they were made', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.uint8Array({ maxLength: 200 }),
        fc.uint8Array({ maxLength: 20 }),
        (number, data, noise) => {
          const frame = encodeFrame(number, data)
          expect([...frame.subarray(1)]).not.toContain(0x8f)
          const before = noise.filter((byte) => byte !== 0x8f)
          const [read, ...others] = framesIn(Buffer.concat([before, frame]))
          // A length of 0100h is that of a number alone.
          if (data.length === 0xfe) return
          expect(read && { number: read.number, data: [...read.data] }).toEqual({ number, data: [...data] })
          expect(others).toEqual([])
        },
      ),
    )
    expect(hex(encodeFrame(0x9f8f, bytes('8F 9F'))).startsWith('8F 04 00 9F 81 9F 83 9F 81 9F 83')).toBe(true)
  })

  it('that are damaged or cut are none; a bare number is one', () => {
    const frame = Buffer.from(encodeFrame(6, bytes('FC 00 01 02')))
    for (let bit = 8; bit < frame.length * 8; bit++) {
      const changed = Buffer.from(frame)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(framesIn(changed)).toEqual([])
    }
    for (let cut = 0; cut < frame.length; cut++) expect(framesIn(frame.subarray(0, cut))).toEqual([])
    expect(framesIn(bytes('8F 00 01 09 00'))).toEqual([{ number: 9, data: Buffer.alloc(0) }])
  })
})
