import { expect, test } from 'vitest'
import type { AdmissionContent, AdmissionStore } from '../../../src/core/admission.ts'
import type { Admission } from '../../../src/engine/admission/admission.ts'
import { compilePolicy } from '../../../src/engine/admission/compile-policy.ts'
import { policyAdmission } from '../../../src/engine/admission/policy-admission.ts'
import { HOUR, MINUTE, policyOf, SHORT, worldOf } from './small-world.ts'

/** What all runs share, in memory. */
function storeInMemory(): AdmissionStore {
  let kept: AdmissionContent = { places: [], waiters: [], breaker: { failures: [] }, holds: [] }
  return {
    fleets: async () => [],
    paused: async () => new Map(),
    read: async () => kept,
    readHeld: async () => ({ ...kept, isHeld: () => true, isLiving: () => true }),
    async transact(_fleet, work) {
      const { result, content } = work({ ...kept, isHeld: () => true, isLiving: () => true })
      kept = content
      return result
    },
  }
}

const FREE: Admission = {
  place: async () => ({
    kind: 'begin',
    permit: {
      lease: {
        token: { keys: [], epoch: 1 },
        lost: new AbortController().signal,
        leftMs: () => 1_000,
        release: async () => undefined,
      },
      fence: { lockName: '', authority: '', run: 'r', attempt: 1, epoch: 1, leftMs: () => 1_000 },
      change: async () => ({ kind: 'begin' }),
      release: async () => undefined,
    },
  }),
}

test('how long a change took is told by a clock that nobody sets', async () => {
  const world = worldOf([{ id: 'A', devices: { pos1: 'till' } }])
  let [wall, elapsed] = [Date.parse('2026-11-25T22:00:00Z'), 0]
  const took: number[] = []
  const admission = policyAdmission(FREE, {
    store: storeInMemory(),
    fleet: 'chain',
    run: 'r',
    by: 'anna',
    policy: compilePolicy(policyOf(), world),
    purpose: 'rollout',
    origin: 'pipeline',
    expectedOf: () => SHORT,
    waves: [['A/pos1']],
    patienceMs: 0,
    waitMs: 0,
    seen: () => undefined,
    clock: { now: () => new Date(wall), elapsed: () => elapsed },
    onChanged: (_device, ms) => took.push(ms),
  })
  const placed = await admission.place({ device: 'A/pos1', attempt: 1 })
  if (placed.kind !== 'begin') throw new Error(placed.failure.message)
  expect((await placed.permit.change([])).kind).toBe('begin')
  elapsed += 3 * MINUTE
  // Its time server sets the clock forward.
  wall += 8 * HOUR
  await placed.permit.release({ state: 'changed' })
  expect(took).toEqual([3 * MINUTE])
})
