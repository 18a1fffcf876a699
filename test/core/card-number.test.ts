import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasCardNumber, withoutCardNumbers } from '../../src/core/card-number.ts'

/** A number with the check digit of Luhn, counted by its definition. */
function withCheckDigit(digits: string): string {
  for (let check = 0; check < 10; check += 1) {
    const all = [...`${digits}${check}`].map(Number).reverse()
    const sum = all.reduce(
      (total, digit, at) => total + (at % 2 === 0 ? digit : [...String(2 * digit)].reduce((a, b) => a + Number(b), 0)),
      0,
    )
    if (sum % 10 === 0) return `${digits}${check}`
  }
  throw new Error('there is no check digit')
}

const digits = (min: number, max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((all) => all.join(''))
const card = digits(12, 18).map(withCheckDigit)

/** As it is printed on a card, where it has a length that cards print in pieces. */
function printed(number: string, between: string): string {
  const cuts: Record<number, readonly number[]> = { 16: [4, 8, 12], 15: [4, 10], 14: [4, 10], 19: [4, 8, 12, 16] }
  const at = cuts[number.length] ?? []
  return [0, ...at].map((from, index) => number.slice(from, at[index])).join(between)
}

const words = fc.constantFrom('', 'card ', 'PAN=', 'line 12 ', '2026-11-30: ', ';')

test('the number of a card is found and masked, in one piece or as it is printed, beside other words', () => {
  const law = fc.property(card, fc.constantFrom('', ' ', '-'), words, (number, between, before) => {
    const text = `${before}${printed(number, between)} paid`
    expect(hasCardNumber(text)).toBe(true)
    const masked = withoutCardNumbers(text)
    expect(masked.count).toBe(1)
    expect(masked.text.replaceAll(/\D/g, '')).not.toContain(number)
    expect(hasCardNumber(masked.text)).toBe(false)
  })
  fc.assert(law, { numRuns: 2000 })
})

test('masking finds what looking for it finds, and leaves all other text as it is', () => {
  const piece = fc.oneof(digits(1, 22), card, fc.constantFrom(' ', '-', 'x', '.', '\n'))
  const law = fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const text = pieces.join('')
    const { text: left, count } = withoutCardNumbers(text)
    expect(hasCardNumber(text)).toBe(count > 0)
    if (count === 0) expect(left).toBe(text)
    expect(hasCardNumber(left)).toBe(false)
  })
  fc.assert(law, { numRuns: 3000 })
})

test('numbers of other things are left', () => {
  for (const text of ['4111111111111112', '4111 1111 1111 1112', '2026-11-30 10:11:12', '123456789012', ''])
    expect(withoutCardNumbers(text)).toEqual({ text, count: 0 })
})

test('a number of 16 digits in a run that is too long for one card is found', () => {
  expect(hasCardNumber(`00000${withCheckDigit('411111111111111')}99`)).toBe(true)
})
