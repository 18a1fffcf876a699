import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerLength } from '../../../src/devices/line/answer-length.ts'
import type { Until } from '../../../src/devices/line/line.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')

describe('When an answer is whole', () => {
  it.each<[Until, string, number | undefined]>([
    [{ bytes: 0 }, '', 0],
    [{ bytes: 1 }, '', undefined],
    [{ bytes: 2 }, '01 02 03', 2],
    [{ byte: 3 }, '02 41 03 02', 3],
    [{ byte: 3 }, '02 41', undefined],
    [{ byte: 0x23, more: 2 }, '41 23 01', undefined],
    [{ byte: 0x23, more: 2 }, '41 23 01 02', 4],
    [{ lengthAt: 1, more: 1 }, '02', undefined],
    [{ lengthAt: 1, more: 1 }, '02 02 10 1e', undefined],
    [{ lengthAt: 1, more: 1 }, '02 02 10 1e 0c', 5],
    [{ mask: 0x93, value: 0x12 }, '14 00 00 0f', undefined],
    [{ mask: 0x93, value: 0x12 }, '14 00 00 0f 16 12', 5],
    [{ ending: '</p>' }, '61 3c 2f 70', undefined],
    [{ ending: '</p>' }, '61 3c 2f 70 3e 62', 5],
    [{ quietMs: 50 }, '61 62', undefined],
  ])('%j at %s: %s', (until, come, length) => {
    expect(answerLength(until, bytes(come))).toBe(length)
  })

  it('never changes its mind when more comes', () => {
    const until = fc.oneof(
      fc.record({ bytes: fc.nat(20) }),
      fc.record({ byte: fc.nat(255), more: fc.nat(4) }),
      fc.record({ lengthAt: fc.nat(3), more: fc.nat(3) }),
      fc.record({ ending: fc.constantFrom('a', 'ab', '</p>') }),
    )
    fc.assert(
      fc.property(until, fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 20 }), (rule, come, more) => {
        const length = answerLength(rule, come)
        if (length !== undefined) expect(answerLength(rule, Buffer.concat([come, more]))).toBe(length)
      }),
    )
  })
})
