import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeInteger, decodeOid, encodeInteger, encodeOid } from '../../../src/devices/snmp/ber.ts'
import {
  decodeQuestion,
  decodeResponse,
  encodeQuestion,
  encodeResponse,
  QUESTIONS,
  type SnmpQuestion,
} from '../../../src/devices/snmp/codec.ts'
import { errorBits, reversedBits } from '../../../src/devices/snmp/error-state.ts'

const oid = fc
  .tuple(fc.nat(2), fc.nat(39), fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 12 }))
  .map(([first, second, rest]) => [first, second, ...rest].join('.'))
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const variable = fc.record({
  oid,
  value: fc.oneof(
    int32,
    fc.uint8Array({ maxLength: 300 }),
    oid.map((text) => ({ oid: text })),
    fc.constant(null),
  ),
})

describe('the codec of SNMP', () => {
  it('writes what net-snmp writes', () => {
    // snmpget -v2c -c public with request id 1 for sysDescr.0, as captured.
    const question = {
      version: 'v2c',
      community: 'public',
      operation: 'get',
      requestId: 1,
      oids: ['1.3.6.1.2.1.1.1.0'],
    } as const
    expect(encodeQuestion(question).toString('hex')).toBe(
      '302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500',
    )
  })

  it('reads what it wrote', () => {
    fc.assert(fc.property(int32, (value) => void expect(decodeInteger(encodeInteger(value).subarray(2))).toBe(value)))
    fc.assert(fc.property(oid, (name) => void expect(decodeOid(encodeOid(name).subarray(2))).toBe(name)))
    fc.assert(
      fc.property(fc.array(variable, { maxLength: 6 }), int32, (variables, requestId) => {
        const response = {
          version: 'v1',
          community: 'shop',
          requestId,
          errorStatus: 2,
          errorIndex: 1,
          variables,
        } as const
        expect(decodeResponse(encodeResponse(response))).toEqual(response)
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom('get', 'get-next'), fc.array(oid, { maxLength: 4 }), (operation, oids) => {
        const question: SnmpQuestion = { version: 'v2c', community: 'x', operation, requestId: 7, oids }
        expect(decodeQuestion(encodeQuestion(question))).toEqual(question)
      }),
    )
  })

  it('never falls over what is no response, or is cut', () => {
    const response = { version: 'v2c', community: 'x', requestId: 1, errorStatus: 0, errorIndex: 0 } as const
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void decodeResponse(noise)),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.array(variable, { minLength: 1, maxLength: 3 }), fc.nat(), (variables, cut) => {
        const bytes = encodeResponse({ ...response, variables })
        expect(decodeResponse(bytes.subarray(0, cut % bytes.length))).toBeUndefined()
      }),
    )
  })

  it('reads counters of 64 bits, and negative numbers', () => {
    expect(decodeInteger(Buffer.from('00ffffffffffffffff', 'hex'))).toBe(2 ** 64)
    expect(decodeInteger(Buffer.from('fd', 'hex'))).toBe(-3)
  })

  it('has no word for a Set', () => {
    expect(Object.values(QUESTIONS)).toEqual([0xa0, 0xa1, 0xa5])
    expect(Object.isFrozen(QUESTIONS)).toBe(true)
    expect(() => Object.assign(QUESTIONS, { set: 0xa3 })).toThrow(TypeError)
    const question = { version: 'v2c', community: 'x', operation: 'set' as 'get', requestId: 1, oids: [] } as const
    expect(() => encodeQuestion(question)).toThrow(/not on the list/)
  })
})

describe('the error state of a printer', () => {
  it.each([
    ['', [], []],
    ['00', [], []],
    ['40', ['noPaper'], ['offline']],
    ['02', ['offline'], ['noPaper']],
    ['0600', ['jammed', 'offline'], ['noPaper', 'lowToner']],
    ['4004', ['noPaper', 'inputTrayEmpty'], ['offline', 'markerSupplyMissing']],
    ['ffffff', expect.arrayContaining(['lowPaper', 'overduePreventMaint']), expect.anything()],
  ])('0x%s', (hex, bits, reversed) => {
    const bytes = Buffer.from(hex, 'hex')
    expect(errorBits(bytes)).toEqual(bits)
    expect(reversedBits(bytes)).toEqual(reversed)
  })
})
