import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMessage, encodeMessage, type IppMessage, TAG } from '../../../src/devices/ipp/codec.ts'
import { fieldsOf } from '../../../src/devices/ipp/octet-fields.ts'
import { encodeQuestion, QUESTIONS } from '../../../src/devices/ipp/questions.ts'
import { conditionOf } from '../../../src/devices/ipp/reasons.ts'
import { supplyOf } from '../../../src/devices/printer/supply.ts'

const text = fc.string({ maxLength: 20, unit: 'grapheme' })
const value = fc.oneof(
  fc.record({ tag: fc.constantFrom(TAG.integer, TAG.enum), value: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }),
  fc.record({ tag: fc.constant(TAG.boolean), value: fc.boolean() }),
  fc.record({ tag: fc.constantFrom(TAG.text, TAG.name, TAG.keyword, TAG.uri), value: text }),
  fc.record({ tag: fc.constantFrom(TAG.octets, 0x31, 0x34), value: fc.uint8Array({ maxLength: 20 }) }),
  fc.record({ tag: fc.constantFrom(0x10, 0x12, 0x13), value: fc.constant(null) }),
)
const attribute = fc.record({
  name: fc.stringMatching(/^[a-z][a-z-]{0,12}$/),
  values: fc.array(value, { minLength: 1, maxLength: 3 }),
})
const message: fc.Arbitrary<IppMessage> = fc.record({
  version: fc.tuple(fc.nat(255), fc.nat(255)),
  code: fc.nat(0xffff),
  requestId: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  groups: fc.array(fc.record({ tag: fc.constantFrom(1, 2, 4, 5), attributes: fc.array(attribute, { maxLength: 4 }) }), {
    maxLength: 3,
  }),
})

describe('the codec of IPP', () => {
  it('reads what it wrote', () => {
    fc.assert(fc.property(message, (one) => void expect(decodeMessage(encodeMessage(one))).toEqual(one)))
  })

  it('takes no part of a message for a whole one, and never throws', () => {
    fc.assert(
      fc.property(message, fc.nat(), (one, cut) => {
        const bytes = encodeMessage(one)
        expect(decodeMessage(bytes.subarray(0, cut % bytes.length))).toBeUndefined()
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => void decodeMessage(noise)),
      { numRuns: 1000 },
    )
  })

  it('writes the example of RFC 8010, A.1 as far as it goes', () => {
    const bytes = encodeQuestion('Get-Jobs', {
      uri: 'ipp://printer.example.com/ipp/print/pinetree',
      version: [1, 1],
      jobs: { which: 'completed', limit: 50 },
    })
    const head = `0101000a0000000101470012${Buffer.from('attributes-charset').toString('hex')}0005`
    expect(bytes.toString('hex').startsWith(`${head}${Buffer.from('utf-8').toString('hex')}`)).toBe(true)
    expect(bytes.at(-1)).toBe(3)
  })

  it('knows two operations, both of which only read', () => {
    const operations = Object.values(QUESTIONS).map(({ operation }) => operation)
    expect(operations).toEqual([0x000b, 0x000a])
    expect(Object.isFrozen(QUESTIONS)).toBe(true)
    expect(() => Object.assign(QUESTIONS, { 'Cancel-Job': { operation: 8, wanted: [] } })).toThrow(TypeError)
    expect(() => encodeQuestion('Cancel-Job' as 'Get-Jobs', { uri: '', version: [2, 0] })).toThrow(TypeError)
  })
})

describe('reasons of a printer', () => {
  it.each([
    ['none', undefined],
    ['media-jam-error', 'paper-jam'],
    ['media-jam', 'paper-jam'],
    ['media-empty-warning', 'paper-low'],
    ['media-empty', 'paper-out'],
    ['toner-low-report', undefined],
    ['toner-low', 'toner-low'],
    ['cover-open-error', 'cover-open'],
    ['cover-open-report', 'cover-open'],
    ['media-empty-report', 'paper-low'],
    ['connecting-to-device', undefined],
    ['connecting-to-device-error', 'offline'],
    ['offline-report', 'offline'],
    ['cups-waiting-for-job-completed', undefined],
    ['com.vendor.strange', 'other-error'],
    ['com.vendor.strange-warning', 'other-warning'],
    ['com.vendor.strange-report', undefined],
    ['marker-waste-full-error', 'waste-full'],
    ['marker-supply-missing-error', 'toner-empty'],
    ['hibernate', undefined],
    ['standby-warning', undefined],
    ['printer-ready-to-print', undefined],
    ['cover-closed', undefined],
    ['interpreter-power-saver', undefined],
    ['subunit-unrecoverable-failure', 'other-error'],
  ])('takes "%s" for %s', (reason, name) => {
    expect(conditionOf(reason)?.name).toBe(name)
    if (name !== undefined) expect(conditionOf(reason)?.evidence).toBe(`printer-state-reasons: ${reason}`)
  })
})

describe('supplies', () => {
  const black = { name: 'black', receptacle: false, max: 2000, level: 1500 }
  it('are percentages of what there can be', () => {
    expect(supplyOf(black)).toEqual({ name: 'black', percent: 75, state: 'ok' })
    expect(supplyOf({ ...black, level: 100 })).toEqual({ name: 'black', percent: 5, state: 'low' })
    expect(supplyOf({ ...black, level: 0 })).toEqual({ name: 'black', percent: 0, state: 'empty' })
  })

  it('are the other way round for what is filled', () => {
    const waste = { name: 'waste', receptacle: true, max: 100, level: 25 }
    expect(supplyOf(waste)).toEqual({ name: 'waste', percent: 25, state: 'ok' })
    expect(supplyOf({ ...waste, level: 97 })).toMatchObject({ state: 'low' })
    expect(supplyOf({ ...waste, level: 0 })).toMatchObject({ state: 'ok' })
  })

  it('have levels that are no percentages', () => {
    expect(supplyOf({ ...black, level: -3 })).toEqual({ name: 'black', state: 'ok' })
    expect(supplyOf({ ...black, max: -2, level: -3 })).toEqual({ name: 'black', state: 'ok' })
    expect(supplyOf({ ...black, level: -2 })).toEqual({ name: 'black' })
    expect(supplyOf({ ...black, level: -1 })).toEqual({ name: 'black' })
    expect(supplyOf({ ...black, max: -2 })).toEqual({ name: 'black' })
  })

  it('stand in octets, whatever these hold', () => {
    const octets = 'index=2;class=supplyThatIsConsumed;type=toner;name=a=b;'
    expect(fieldsOf(octets).get('name')).toBe('a=b')
    fc.assert(fc.property(fc.string(), (octet) => void fieldsOf(octet)))
  })
})
