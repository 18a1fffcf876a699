import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldOf, flagOf, framesIn, numberOf } from '../../../src/devices/posnet/codec.ts'
import { crc16 } from '../../../src/devices/posnet/crc.ts'
import { encodeQuestion, encodeRepeat, QUICK, type Question, THOROUGH } from '../../../src/devices/posnet/questions.ts'
import { encodeCp1250 } from '../../../src/devices/printer/cp1250.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A frame of the printer's side. */
function framed(body: string): Buffer {
  const bytes = encodeCp1250(body)
  const checksum = crc16(bytes).toString(16).toUpperCase().padStart(4, '0')
  return Buffer.concat([Buffer.from([2]), bytes, Buffer.from(`#${checksum}`), Buffer.from([3])])
}

describe('Frames of the Posnet protocol', () => {
  it('have the checksum of the specification', () => {
    expect(crc16(Buffer.from('123456789')).toString(16)).toBe('31c3')
    expect(crc16(Buffer.from('trinit\tbm0\t')).toString(16)).toBe('4825')
  })

  it.each<[Question, string]>([
    ['!sprn', '02217370726e09234345454403'],
    ['!sdev', '02217364657609233533393203'],
    ['scomm', '0273636f6d6d09234334324203'],
    ['strns', '027374726e7309234643413803'],
    ['sfsk', '027366736b09233441424503'],
    ['scnt', '0273636e7409234534383403'],
    ['rtcget', '0272746367657409233744363103'],
    ['certinfoget 0', '0263657274696e666f6765740969643009233145313903'],
  ])('ask %s as it is written', (question, frame) => {
    expect(hex(encodeQuestion(question))).toBe(frame)
  })

  it('carry a token, and the answer to it', () => {
    const [asked] = framesIn(encodeQuestion('strns', 7))
    expect(asked).toEqual({ command: 'strns', token: 7, fields: [], text: 'strns @0007' })
    expect(framesIn(encodeRepeat(8765))).toEqual([{ command: 'rpt', token: 8765, fields: [], text: 'rpt @8765' }])
    expect(framesIn(framed('currget\t@8765\tnaPLN\t'))[0]).toMatchObject({ token: 8765, fields: [['na', 'PLN']] })
  })

  it.each([
    ['scomm\t?383', 'scomm', 383],
    ['scomm\t?41\t', 'scomm', 41],
    ['ERR\t@8765\ter13\tcmrpt\t', 'ERR', 13],
    ['ERR\t?5\t', 'ERR', 5],
    ['ERR\t@0001\t?3\tcmscomm\tfdxx\t', 'ERR', 3],
  ])('tell the error of %j', (body, command, error) => {
    expect(framesIn(framed(body))[0]).toMatchObject({ command, error })
  })

  it('read numbers with a comma, and yes and no in all their spellings', () => {
    const [frame] = framesIn(framed('sfsk\tva22,00\tvb7.5\tc1T\tc2N\tc31\tc40\tc5y\tc6x\t'))
    expect([numberOf(frame, 'va'), numberOf(frame, 'vb'), numberOf(frame, 'c1')]).toEqual([22, 7.5, undefined])
    expect(['c1', 'c2', 'c3', 'c4', 'c5', 'c6'].map((name) => flagOf(frame, name))).toEqual([
      true,
      false,
      true,
      false,
      true,
      undefined,
    ])
  })

  it('are read in code page 1250, with the hash and the field that comes twice', () => {
    const [frame] = framesIn(framed('sfsk\tnuŻÓŁW #1\trw2010-02-24;08:20\trw2010-02-24T08:20:00+01:00\t'))
    expect(fieldOf(frame, 'nu')).toBe('ŻÓŁW #1')
    expect(frame?.fields.filter(([name]) => name === 'rw')).toHaveLength(2)
  })

  it('are found whatever stands before, between and behind them, and never made up', () => {
    const body = fc.stringMatching(/^[a-z]{3,12}\t(([a-z]{2}[0-9A-Za-z ,;:.-]{0,12}|@\d{4})\t){0,6}$/)
    const noise = fc.uint8Array({ maxLength: 30 }).map((bytes) => bytes.filter((byte) => byte !== 2 && byte !== 3))
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, body), { maxLength: 5 }), noise, (said, rest) => {
        const stream = Buffer.concat([...said.flatMap(([before, text]) => [before, framed(text)]), rest])
        expect(framesIn(stream).map(({ text }) => text)).toEqual(
          said.map(([, text]) => text.replaceAll('\t', ' ').trim()),
        )
      }),
    )
  })

  it('with one changed bit are none', () => {
    const frame = framed('scomm\tfsT\ttzN\tts0\thrT\tnuABC 123\ttdN\t')
    const same = frame.toString('latin1').toLowerCase()
    for (let bit = 8; bit < (frame.length - 1) * 8; bit++) {
      const changed = Buffer.from(frame)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const inChecksum = bit >> 3 >= frame.length - 5
      // The case of a hexadecimal digit in the checksum says nothing.
      if (inChecksum && changed.toString('latin1').toLowerCase() === same) continue
      expect(framesIn(changed)).toEqual([])
    }
  })

  it('never throw, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        framesIn(bytes)
        framesIn(Buffer.concat([Buffer.from([2]), bytes, Buffer.from([3])]))
      }),
    )
  })
})

describe('What may be sent', () => {
  it.each([
    'sastokeninfoget',
    'trinit',
    'trline',
    'trend',
    'trfvinit',
    'dailyrep',
    'monthlyrep',
    'periodicrepbydates',
    'prncancel',
    '!break',
    'hardprncancel',
    'fiscalize',
    'rtcset',
    'rtcsync',
    'vatset',
    'changekeys',
    'maintenance',
    'firmwareupdateinstall',
    'eparagonbufferdelall',
    'protoswitch',
    'memwrite',
    'hdrset',
    'auth',
    'repositoryeventhubtrigger',
    'certinfoget 7',
    'scomm\tid0',
    'constructor',
    '',
  ])('is not %j', (command) => {
    expect(() => encodeQuestion(command as Question)).toThrow(TypeError)
    expect(THOROUGH).not.toContain(command)
  })

  it('cannot be widened', () => {
    expect(() => (THOROUGH as Question[]).push('trinit' as Question)).toThrow(TypeError)
    expect(() => (QUICK as Question[]).push('trinit' as Question)).toThrow(TypeError)
  })

  it.each([-1, 10_000, 1.5, Number.NaN])('has no token %s', (token) => {
    expect(() => encodeQuestion('scomm', token)).toThrow(TypeError)
  })
})
