import { describe, expect, test } from 'vitest'
import type { FleetKey } from '../../../src/core/fleet-key.ts'
import type { Guard } from '../../../src/core/guard.ts'
import type { Warning, WarningSeen } from '../../../src/core/warning.ts'
import { compilePolicy } from '../../../src/engine/admission/compile-policy.ts'
import { policyAdmission } from '../../../src/engine/admission/policy-admission.ts'
import { FREE, storeInMemory } from './driven-run.ts'
import { HOUR, MINUTE, policyOf, SHORT, worldOf } from './small-world.ts'

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

  /** A store of three tills, of which one at a time may be out; or another one. */
  function shop({
    tills = ['pos1', 'pos2', 'pos3'],
    now = NOW,
    seenAt,
    atOnce,
    ...more
  }: Parameters<typeof policyOf>[0] & {
    readonly tills?: readonly string[]
    readonly now?: number
    readonly seenAt?: number
    readonly atOnce?: number
  } = {}) {
    const world = worldOf([{ id: 'A', devices: Object.fromEntries(tills.map((till) => [till, 'till'])) }])
    const time = { now }
    const rules = { ...policyOf().rollout, warnings: [CASHIER], ...more.rollout }
    const admission = policyAdmission(FREE, {
      ...{
        store: storeInMemory(),
        fleet: 'chain' as FleetKey,
        run: 'r',
        by: 'anna',
        purpose: 'rollout',
        origin: 'pipeline',
      },
      ...{ patienceMs: 0, waitMs: 0, expectedOf: () => SHORT, waves: [tills.map((till) => `A/${till}`)] },
      policy: compilePolicy(policyOf({ ...more, rollout: rules }), world),
      atOnce,
      seen: () => (seenAt === undefined ? undefined : { working: true, at: seenAt }),
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

  describe('is not said in vain:', () => {
    /** Stores are open from 08:00 to 20:00; change, proof and rollback take ten minutes. */
    const at = (time: string): number => Date.parse(`2026-11-25T${time}:00Z`)
    const changeOf = async ({ placed }: ReturnType<typeof shop>, device = 'pos1') => (await placed(device)).change([])
    const held = { kind: 'wait', failure: { code: 'LAST_WORKING' } }

    test('of the only till of a store that would be open before it is done', async () => {
      const fits = shop({ tills: ['pos1'], now: at('07:45') })
      expect(await fits.told('pos1', said)).toMatchObject({ isWarned: true, until: at('07:50') })
      fits.time.now = at('07:50')
      expect(await changeOf(fits)).toEqual({ kind: 'begin' })
      const answer = await changeOf(shop({ tills: ['pos1'], now: at('07:46') }))
      expect(answer).toMatchObject({ ...held, until: at('20:00') })
      expect(answer).not.toHaveProperty('warn')
      expect(answer).toHaveProperty(
        'failure.message',
        expect.stringMatching(/^Nobody is warned, .* behind the waiting, at Wed 2026-11-25 07:51 UTC: At least 1 /),
      )
    })

    test('where the other till was seen too long ago by then', async () => {
      const seenAt = at('11:56') - 24 * HOUR
      expect(await changeOf(shop({ tills: ['pos1', 'pos2'], now: at('11:50'), seenAt }))).toMatchObject({ warn: [{}] })
      expect(await changeOf(shop({ tills: ['pos1', 'pos2'], now: at('11:52'), seenAt }))).toMatchObject(held)
    })

    test('where people at the other till count on a change, too, and the store would be open', async () => {
      const both = { tills: ['pos1', 'pos2'], caps: [], seenAt: at('07:00') }
      for (const now of [at('07:46'), at('12:00')]) {
        const open = shop({ ...both, now })
        await open.told('pos1', said)
        const answer = await open.place('pos2')
        expect(answer).toMatchObject({ kind: 'wait', isWarned: true, failure: { code: 'WARNING_WAITING' } })
        expect(answer).toHaveProperty('failure.message', expect.stringContaining('those at A/pos1 were told first'))
      }
      const closed = shop({ ...both, now: at('07:40') })
      await closed.told('pos1', said)
      expect(await changeOf(closed, 'pos2')).toMatchObject({ warn: [{}] })
    })

    test('by more people than the run changes at a time, beside those whose till is being changed', async () => {
      const loose = { caps: [], groups: [], atOnce: 1 }
      const { placed, place, told, time } = shop(loose)
      await told('pos1', said)
      const answer = await place('pos2')
      expect(answer).toMatchObject({ kind: 'wait', isWarned: true, failure: { code: 'WARNING_WAITING' } })
      expect(answer).toHaveProperty('failure.message', expect.stringContaining('the run changes at most 1 at a time'))
      time.now = NOW + 5 * MINUTE
      const permit = await placed('pos1')
      expect(await permit.change([])).toEqual({ kind: 'begin' })
      await told('pos2', said)
      expect(await place('pos3')).toMatchObject({ kind: 'wait', isWarned: true })
      // A change that takes longer than anybody counts on the next one is waited for.
      const long = { ...CASHIER, holdsMs: 5 * MINUTE }
      const slow = shop({ ...loose, rollout: { warnings: [long] } })
      await slow.told('pos1', said)
      slow.time.now = NOW + 5 * MINUTE
      expect(await changeOf(slow)).toEqual({ kind: 'begin' })
      expect(await slow.place('pos2')).toMatchObject({ kind: 'wait', isWarned: true })
    })

    test('of what takes more with it than a cap allows, once the store is open', async () => {
      const caps = [{ name: 'few', per: ['store'], out: { count: 1 } }] as const
      const dependents = { till: ['till'] } as const
      const wide = { tills: ['pos1', 'pos2'], caps, groups: [], dependents }
      expect(await changeOf(shop({ ...wide, now: at('07:45') }))).toMatchObject({ warn: [{}] })
      expect(await changeOf(shop({ ...wide, now: at('07:46') }))).toMatchObject({ failure: { code: 'CAP_REACHED' } })
    })

    test('while something is frozen at the time, also where another warning is waited for longer', async () => {
      const freezes = [
        { name: 'f', why: 'audit', when: { type: 'dates', from: at('22:30'), to: at('23:30') } },
      ] as unknown as NonNullable<Parameters<typeof policyOf>[0]>['freezes']
      const frozen = { tills: ['pos1'], ...(freezes && { freezes }) }
      expect(await changeOf(shop({ ...frozen, now: at('22:16') }))).toMatchObject({ warn: [{}] })
      const short = { ...CASHIER, name: 'short', holdsMs: 5 * MINUTE }
      const warnings = [{ ...CASHIER, waitMs: 11 * MINUTE }, short]
      // The short one is said anew at 22:22, when nobody counts on it any more, and waited for until 22:27.
      const answer = await changeOf(shop({ ...frozen, now: at('22:11'), rollout: { warnings } }))
      expect(answer).toMatchObject({ kind: 'wait', failure: { code: 'WINDOW_CLOSED' } })
    })
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
