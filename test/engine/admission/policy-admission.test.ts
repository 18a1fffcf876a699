import { describe, expect, test } from 'vitest'
import type { AdmissionContent, AdmissionStore } from '../../../src/core/admission.ts'
import type { FleetKey } from '../../../src/core/fleet-key.ts'
import type { Guard } from '../../../src/core/guard.ts'
import type { Warning, WarningSeen } from '../../../src/core/warning.ts'
import type { Admission } from '../../../src/engine/admission/admission.ts'
import { compilePolicy } from '../../../src/engine/admission/compile-policy.ts'
import { policyAdmission } from '../../../src/engine/admission/policy-admission.ts'
import { HOUR, MINUTE, policyOf, SHORT, worldOf } from './small-world.ts'

/** What all runs share, in memory. */
function storeInMemory(): AdmissionStore {
  let kept: AdmissionContent = { places: [], waiters: [], breaker: { failures: [] }, holds: [] }
  return {
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
        fleet: 'chain' as FleetKey,
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
    return {
      admission,
      placed,
      time,
      phases: async () => (await store.read('chain' as FleetKey)).places.map(({ phase }) => phase),
    }
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

describe('a warning', () => {
  const NOW = Date.parse('2026-11-25T22:00:00Z')
  const CASHIER: Warning = {
    ...{ name: 'cashier', script: { sh: 'true' }, notNowExit: 75, timeoutMs: 1_000, waitMs: 5 * MINUTE },
    ...{ againMs: 10 * MINUTE, times: 3, afterLimit: 'defer', onFailure: 'defer', holdsMs: 30 * MINUTE },
  }
  const said = { warning: 'cashier', says: 'warned' } as const

  /** A store of three tills, of which one at a time may be out. */
  function shop() {
    const world = worldOf([{ id: 'A', devices: { pos1: 'till', pos2: 'till', pos3: 'till' } }])
    const time = { now: NOW }
    const rules = { ...policyOf().rollout, warnings: [CASHIER] }
    const admission = policyAdmission(FREE, {
      ...{
        store: storeInMemory(),
        fleet: 'chain' as FleetKey,
        run: 'r',
        by: 'anna',
        purpose: 'rollout',
        origin: 'pipeline',
      },
      ...{ patienceMs: 0, waitMs: 0, expectedOf: () => SHORT, waves: [['A/pos1', 'A/pos2', 'A/pos3']] },
      policy: compilePolicy(policyOf({ rollout: rules }), world),
      seen: () => undefined,
      clock: { now: () => new Date(time.now), elapsed: () => time.now },
    })
    const place = (device: string) => admission.place({ device: `A/${device}`, attempt: 1 })
    const placed = async (device: string) => {
      const answer = await place(device)
      if (answer.kind !== 'begin') throw new Error(answer.failure.message)
      return answer.permit
    }
    /** People are told, and the device is let go. */
    const told = async (device: string, ...seen: readonly WarningSeen[]) => {
      const permit = await placed(device)
      const answer = await permit.change([])
      expect(answer).toMatchObject({ kind: 'wait', warn: [{ name: 'cashier' }] })
      const after = await permit.change([], { isTouched: false, warned: seen })
      await permit.release()
      return after
    }
    return { time, place, placed, told }
  }

  test('is said to no more people of a cap at once than it lets be changed; each has its turn', async () => {
    const { time, place, placed, told } = shop()
    expect(await told('pos1', said)).toMatchObject({ kind: 'wait', isWarned: true, until: NOW + 5 * MINUTE })
    for (const device of ['pos2', 'pos3']) {
      const answer = await place(device)
      expect(answer).toMatchObject({ kind: 'wait', isWarned: true, failure: { code: 'WARNING_WAITING' } })
      expect(answer).toHaveProperty('failure.message', expect.stringContaining('those at A/pos1 were told first'))
    }
    time.now = NOW + 6 * MINUTE
    // It is not held back by its own count, nor by those who wait for it.
    const permit = await placed('pos1')
    expect(await permit.change([])).toEqual({ kind: 'begin' })
    expect(await place('pos2')).toMatchObject({ kind: 'wait', isWarned: true })
    await permit.release({ state: 'changed' })
    await told('pos2', said)
    expect(await place('pos3')).toMatchObject({ kind: 'wait', isWarned: true })
    time.now = NOW + 12 * MINUTE
    const next = await placed('pos2')
    expect(await next.change([])).toEqual({ kind: 'begin' })
    await next.release({ state: 'failed' } as never)
  })

  test('that was answered "not now" stops nobody else', async () => {
    const { told } = shop()
    await told('pos1', { warning: 'cashier', says: 'not-now' })
    expect(await told('pos2', said)).toMatchObject({ until: NOW + 5 * MINUTE })
  })

  test('that was said three times in vain is said no more', async () => {
    const { time, placed, place, told } = shop()
    for (const round of [0, 1, 2]) {
      time.now = NOW + round * 40 * MINUTE
      await told('pos1', said)
    }
    time.now = NOW + 3 * 40 * MINUTE
    const answer = await place('pos1')
    expect(answer).toMatchObject({ kind: 'refuse', failure: { code: 'WARNING_MISSED' } })
    // The others are not behind it.
    await (await placed('pos2')).release()
  })

  test('is heeded so many times, however long it took to ask again', async () => {
    const { time, told, place } = shop()
    for (const round of [0, 1, 2, 3]) {
      time.now = NOW + round * 50 * MINUTE
      await told('pos1', { warning: 'cashier', says: 'not-now' })
    }
    expect(await place('pos1')).toMatchObject({ kind: 'refuse', failure: { code: 'WARNING_DECLINED' } })
  })
})

test('how long a change took is told by a clock that nobody sets', async () => {
  const world = worldOf([{ id: 'A', devices: { pos1: 'till' } }])
  let [wall, elapsed] = [Date.parse('2026-11-25T22:00:00Z'), 0]
  const took: number[] = []
  const admission = policyAdmission(FREE, {
    store: storeInMemory(),
    fleet: 'chain' as FleetKey,
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
