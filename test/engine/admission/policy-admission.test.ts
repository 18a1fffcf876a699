import { describe, expect, test } from 'vitest'
import type { AdmissionContent, AdmissionStore } from '../../../src/core/admission.ts'
import type { Guard } from '../../../src/core/guard.ts'
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

describe('a guard', () => {
  const NOW = Date.parse('2026-11-25T22:00:00Z')
  const GUARD: Guard = {
    ...{ name: 'receipt', says: 'a receipt is open', ask: 'device', lookAgainMs: MINUTE },
    ...{ test: { kind: 'command', command: 'true' } as never },
  }
  const free = { guard: 'receipt', says: 'free' } as const
  const busy = { guard: 'receipt', says: 'busy', detail: 'anna' } as const

  function shop(waitMs: number) {
    const world = worldOf([{ id: 'A', devices: { pos1: 'till', pos2: 'till' } }])
    const store = storeInMemory()
    const time = { now: NOW }
    const { rollout } = policyOf()
    const admission = policyAdmission(FREE, {
      ...{
        store,
        fleet: 'chain',
        run: 'r',
        by: 'anna',
        purpose: 'rollout',
        origin: 'pipeline',
        patienceMs: waitMs,
        waitMs,
      },
      policy: compilePolicy(policyOf({ rollout: { ...rollout, guards: [GUARD] } }), world),
      expectedOf: () => SHORT,
      waves: [['A/pos1', 'A/pos2']],
      seen: () => undefined,
      clock: { now: () => new Date(time.now), elapsed: () => time.now },
    })
    const placed = async () => {
      const answer = await admission.place({ device: 'A/pos1', attempt: 1 })
      if (answer.kind !== 'begin') throw new Error(answer.failure.message)
      return answer.permit
    }
    return { admission, placed, time, phases: async () => (await store.read('chain')).places.map(({ phase }) => phase) }
  }

  test('holds a device back that is in use, and that could not be told or was not asked', async () => {
    const permit = await shop(HOUR).placed()
    expect(await permit.change([free])).toEqual({ kind: 'begin' })
    const answers = [
      await permit.change([busy]),
      await permit.change([{ guard: 'receipt', says: 'unknown' }]),
      await permit.change([]),
    ]
    expect(answers.map((answer) => answer.kind === 'wait' && answer.failure.code)).toEqual([
      'GUARD_CLOSED',
      'GUARD_UNKNOWN',
      'GUARD_UNKNOWN',
    ])
    expect(answers[0]).toMatchObject({ until: NOW + MINUTE })
  })

  test('is looked at again for as long as the run waits, from when it held the device back first', async () => {
    const { placed, time } = shop(5 * MINUTE)
    const permit = await placed()
    for (const minute of [0, 2, 4]) {
      time.now = NOW + minute * MINUTE
      expect(await permit.change([busy])).toMatchObject({ kind: 'wait', until: time.now + MINUTE })
    }
    time.now = NOW + 5 * MINUTE
    expect(await permit.change([busy])).not.toHaveProperty('until')
    expect(await permit.change([free])).toEqual({ kind: 'begin' })
    // What holds it back later begins anew.
    expect(await permit.change([busy])).toMatchObject({ until: time.now + MINUTE })
  })

  test('that speaks up before anything was changed leaves the device where it was', async () => {
    const { placed, phases } = shop(0)
    const permit = await placed()
    await permit.change([free])
    expect(await phases()).toEqual(['changing'])
    await permit.change([busy], { isTouched: false })
    expect(await phases()).toEqual(['held'])
    await permit.release()
    expect(await phases()).toEqual([])
  })

  test('that speaks up in the middle leaves it out, whatever becomes of the run', async () => {
    const { placed, phases } = shop(0)
    const permit = await placed()
    await permit.change([free])
    await permit.change([busy], { isTouched: true })
    await permit.release()
    expect(await phases()).toEqual(['out'])
    // The next visit takes it over, and brings it back once it is seen to work.
    const again = await placed()
    await again.release({ state: 'in-sync' })
    expect(await phases()).toEqual([])
  })
})

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
