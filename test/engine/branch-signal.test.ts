import { expect, test } from 'vitest'
import { branchOf } from '../../src/engine/device/branch-signal.ts'

test('a branch ends with its trunk, for the same reason, unless it was cut off', () => {
  const trunk = new AbortController()
  const [one, other, cut] = [branchOf(trunk.signal), branchOf(trunk.signal), branchOf(trunk.signal)]
  cut.release()
  trunk.abort('enough')
  expect([one, other, cut].map(({ signal }) => signal.aborted)).toEqual([true, true, false])
  expect(one.signal.reason).toBe('enough')
})

test('a branch of what has ended has ended', () => {
  expect(branchOf(AbortSignal.abort('over')).signal.reason).toBe('over')
})
