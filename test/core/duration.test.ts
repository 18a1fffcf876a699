import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../src/core/duration.ts'

describe('a duration', () => {
  test.each([
    ['90s', 90_000],
    ['2m', 120_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['1h1m1s1ms', 3_661_001],
    ['90d', 7_776_000_000],
    ['1d12h', 129_600_000],
  ])('%s has its milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  test.each(['', '90', 's', '-1s', '1 s', '1w', '1.s', '.5s', '1s ', '1S', '1e3s', '1m 30s', '٣s', '1s\n'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  test('is the sum of its parts', () => {
    const unit = fc.constantFrom(
      ['ms', 1],
      ['s', 1_000],
      ['m', 60_000],
      ['h', 3_600_000],
      ['d', 86_400_000],
    ) as fc.Arbitrary<[string, number]>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(10_000), unit), { minLength: 1, maxLength: 5 }), (parts) => {
        const text = parts.map(([amount, [name]]) => `${amount}${name}`).join('')
        expect(parseDuration(text)).toBe(parts.reduce((sum, [amount, [, size]]) => sum + amount * size, 0))
      }),
    )
  })
})
