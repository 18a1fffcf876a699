import { expect, it } from 'vitest'
import { outageState } from '../../src/core/outage.ts'

it.each([
  [999, 'coming'],
  [1_000, 'current'],
  [1_999, 'current'],
  [2_000, 'over'],
] as const)('an outage from 1,000 to 2,000 is at %i %s', (now, state) => {
  expect(outageState({ from: 1_000, until: 2_000 }, now)).toBe(state)
})
