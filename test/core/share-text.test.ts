import { expect, it } from 'vitest'
import { percentCut, shareText } from '../../src/core/share-text.ts'

it.each([
  [1, '100.00'],
  [0.99996, '99.996'],
  [0.998996, '99.8996'],
  [0.999, '99.90'],
  [0.985, '98.50'],
  [0.98999, '98.99'],
  [0, '0.00'],
])('a share of %d is told as %s: cut, never rounded up to a promise that was not kept', (share, text) => {
  expect(shareText(share)).toBe(text)
})

it('so many places as are asked for', () => {
  expect([percentCut(0.999, 1), percentCut(0.99996, 2), percentCut(0.5, 0)]).toEqual(['99.9', '99.99', '50'])
})
