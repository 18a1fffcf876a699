import { describe, expect, test } from 'vitest'
import { atLeast, atMost } from '../../../src/engine/admission/compile-policy.ts'
import { mayBeginAt } from '../../../src/engine/admission/decide.ts'
import { rankOf } from '../../../src/engine/admission/ledger.ts'
import { RULES } from '../../../src/engine/admission/rules/index.ts'
import { benchOf, DAY, daily, HOUR, MINUTE, policyOf, question, runOf, tally, worldOf } from './small-world.ts'

const NOON = '2026-06-10T12:00:00Z'
const NIGHT = '2026-06-10T23:00:00Z'
const at = (text: string): number => Date.parse(text)

const CHANGE = { moment: 'change' } as const

const SHOP = {
  id: 'A',
  devices: {
    ...{ pos1: 'till', pos2: 'till', pos3: 'till', r: 'router' },
    ...{ fp1: 'fiscal-printer on pos1', fp2: 'fiscal-printer on pos2' },
  },
}

describe('caps', () => {
  test('one till of a store at a time, counted over all runs', () => {
    const bench = benchOf(worldOf([SHOP, { ...SHOP, id: 'B' }]), policyOf(), NOON)
    expect(bench.word(question('A/pos1'))).toBe('begin')
    bench.take('A/pos2', 'held', 'another')
    const decision = bench.ask(question('A/pos3'))
    expect(decision).toMatchObject({ kind: 'wait', isNext: true })
    expect(decision.kind === 'wait' && decision.reasons[0]).toMatchObject({
      rule: 'caps',
      code: 'CAP_REACHED',
      by: 'cap one-of-a-kind',
      whom: 'A/pos2',
      message: 'Out of store A, kind till: A/pos2. At most 1 may be out at once.',
    })
    expect(bench.word(question('B/pos1'))).toBe('begin')
  })

  test('what failed is out until it is seen healthy, and nobody waits first for it', () => {
    const bench = benchOf(worldOf([SHOP]), policyOf(), NOON)
    bench.take('A/pos2', 'out')
    expect(bench.ask(question('A/pos3'))).toMatchObject({ kind: 'wait', isNext: false })
    bench.ledger.drop('A/pos2')
    expect(bench.word(question('A/pos3'))).toBe('begin')
  })

  test('repairing what is already out takes no place', () => {
    const bench = benchOf(worldOf([SHOP]), policyOf(), NOON)
    bench.take('A/pos2', 'out', 'another')
    expect(bench.word(question('A/pos2'))).toBe('begin')
    bench.seen.set('A/pos3', { working: false, at: at(NOON) - HOUR })
    const repair = { purpose: 'repair', run: 'r' } as const
    const alone = { run: runOf({ run: 'r', waves: [tally(1)] }) }
    expect(bench.word(question('A/pos3', repair), alone)).toBe('begin')
    expect(bench.word(question('A/pos1', repair), alone)).toContain('CAP_REACHED')
  })

  test('a share is what it is in percent, not in binary', () => {
    expect([atMost({ share: 0.58 }, 50), atMost({ share: 0.57 }, 100), atMost({ share: 0.1 }, 5)]).toEqual([29, 57, 1])
    expect([atLeast({ share: 0.28 }, 25), atLeast({ share: 0.56 }, 25), atLeast({ share: 0.3 }, 3)]).toEqual([7, 14, 1])
  })

  test('a share is of those that there are, and at least one', () => {
    const stores = Array.from({ length: 10 }, (_, i) => ({ id: `S${i}`, devices: { pos1: 'till', pos2: 'till' } }))
    const caps = [{ name: 'tenth', per: [], kinds: ['till'], out: { share: 0.1 } }] as const
    const bench = benchOf(worldOf(stores), policyOf({ caps }), NOON)
    bench.take('S0/pos1')
    expect(bench.word(question('S1/pos1'))).toBe('begin')
    bench.take('S1/pos1')
    expect(bench.word(question('S2/pos1'))).toBe('CAP_REACHED')
    const few = benchOf(worldOf(stores.slice(0, 1)), policyOf({ caps }), NOON)
    expect(few.word(question('S0/pos1'))).toBe('begin')
  })

  test('a router takes all that depends on it out with it, alone and while the store is closed', () => {
    const bench = benchOf(worldOf([SHOP]), policyOf(), NOON)
    expect(bench.policy.takesOf('A/r')).toEqual(['A/r', 'A/pos1', 'A/pos2', 'A/pos3', 'A/fp1', 'A/fp2'])
    expect(bench.policy.takesOf('A/pos1')).toEqual(['A/pos1', 'A/fp1'])
    // It may be looked at: what is in order takes nothing out.
    expect(bench.word(question('A/r'))).toBe('begin')
    expect(bench.word(question('A/r', CHANGE))).toBe('LAST_WORKING CAP_REACHED')
    const night = benchOf(worldOf([SHOP]), policyOf(), NIGHT)
    expect(night.word(question('A/r'))).toBe('begin')
    night.take('A/pos1')
    expect(night.word(question('A/r'))).toBe('DEPENDENCY_BUSY')
    night.ledger.drop('A/pos1')
    night.take('A/pos1', 'out')
    expect(night.word(question('A/r'))).toBe('begin')
    night.ledger.drop('A/pos1')
    night.take('A/r')
    expect(night.word(question('A/pos1'))).toBe('DEPENDENCY_BUSY CAP_REACHED')
  })

  test('through a gateway or a till that it hangs on, also behind one another', () => {
    const bench = benchOf(
      worldOf([{ id: 'A', gateway: 'gw', devices: { gw: 'server', pos1: 'till', fp1: 'fiscal-printer on pos1' } }]),
      policyOf({ dependents: {} }),
      NOON,
    )
    expect(bench.policy.takesOf('A/gw')).toEqual(['A/gw', 'A/pos1', 'A/fp1'])
  })

  test('asked again before the first change, a cap that was lowered holds', () => {
    const world = worldOf([SHOP])
    const caps = [{ name: 'tills', per: ['store'], kinds: ['till'], out: { count: 1 } }] as const
    const bench = benchOf(world, policyOf({ caps, groups: [] }), NOON)
    bench.take('A/pos1', 'held')
    expect(bench.word(question('A/pos1', { moment: 'change' }))).toBe('begin')
    bench.take('A/pos2', 'held')
    expect(bench.word(question('A/pos1', { moment: 'change' }))).toBe('CAP_REACHED')
  })
})

describe('the last working one', () => {
  const pair = { id: 'A', devices: { pos1: 'till', pos2: 'till' } }
  const free = policyOf({ caps: [] })

  test('is not taken down while the store trades', () => {
    const bench = benchOf(worldOf([pair]), free, NOON)
    expect(bench.word(question('A/pos1'))).toBe('begin')
    bench.take('A/pos2')
    expect(bench.ask(question('A/pos1'))).toMatchObject({ kind: 'wait', isNext: true })
    expect(bench.word(question('A/pos1'))).toBe('LAST_WORKING')
  })

  test.each([
    ['is broken', { working: false, at: at(NOON) - MINUTE }],
    ['was last seen too long ago', { working: true, at: at(NOON) - 25 * HOUR }],
    ['was last seen by a clock that was far ahead', { working: true, at: at(NOON) + 2 * HOUR }],
    ['was never seen', undefined],
  ])('is the one of which the other %s', (_, seen) => {
    const bench = benchOf(worldOf([pair]), free, NOON)
    if (seen) bench.seen.set('A/pos2', seen)
    else bench.seen.delete('A/pos2')
    expect(bench.word(question('A/pos1'))).toBe('begin')
    const decision = bench.ask(question('A/pos1', CHANGE))
    expect(decision).toMatchObject({ kind: 'wait', isNext: false, until: at('2026-06-10T20:00:00Z') })
    // Unless the run will look at the other one: then it waits for that look, and keeps nobody behind it.
    const toCome = { isToCome: (device: string) => device === 'A/pos2' }
    expect(bench.ask(question('A/pos1', CHANGE), toCome)).toMatchObject({ isNext: false, awaitsLooks: true })
  })

  test('in a shop with one till it is changed when all of it fits before the shop opens', () => {
    const one = worldOf([{ id: 'A', devices: { pos1: 'till' } }])
    const bench = benchOf(one, free, NOON)
    expect(bench.ask(question('A/pos1', CHANGE))).toMatchObject({ kind: 'wait', until: at('2026-06-10T20:00:00Z') })
    expect(benchOf(one, free, '2026-06-10T20:00:00Z').word(question('A/pos1', CHANGE))).toBe('begin')
    // Change, proof and rollback take ten minutes.
    expect(benchOf(one, free, '2026-06-11T07:50:00Z').word(question('A/pos1', CHANGE))).toBe('begin')
    expect(benchOf(one, free, '2026-06-11T07:50:01Z').word(question('A/pos1', CHANGE))).toBe('LAST_WORKING')
  })

  test('in a shop that never closes it waits for somebody', () => {
    const bench = benchOf(worldOf([{ id: 'A', hours: daily('00:00-24:00'), devices: { pos1: 'till' } }]), free, NOON)
    const decision = bench.ask(question('A/pos1', CHANGE))
    expect(decision).toMatchObject({ kind: 'wait' })
    expect(decision).not.toHaveProperty('until')
  })
})

describe('windows', () => {
  const nights = {
    name: 'nights',
    when: { type: 'weekly', days: [0, 1, 2, 3, 4, 5, 6], from: 22 * 60, to: 29 * 60 },
  } as const
  const policy = policyOf({ rollout: { windows: [[nights]] } })
  const warsaw = worldOf([{ id: 'A', zone: 'Europe/Warsaw', devices: { pos1: 'till', pos2: 'till' } }])

  test('open by the clocks of the store, and close before what does not fit', () => {
    const bench = benchOf(warsaw, policy, NOON)
    const decision = bench.ask(question('A/pos1'))
    expect(decision).toMatchObject({ kind: 'wait', until: at('2026-06-10T20:00:00Z'), isNext: false })
    expect(decision.kind === 'wait' && decision.reasons[0]?.message).toBe(
      'The device is outside of its windows. Next: Wed 2026-06-10 22:00 Europe/Warsaw.',
    )
    expect(benchOf(warsaw, policy, '2026-06-11T02:53:00Z').word(question('A/pos1'))).toBe('begin')
    const late = benchOf(warsaw, policy, '2026-06-11T02:53:01Z').ask(question('A/pos1'))
    expect(late).toMatchObject({ kind: 'wait', until: at('2026-06-11T20:00:00Z') })
    expect(late.kind === 'wait' && late.reasons[0]?.message).toBe(
      'The change takes 7 min by the guess of the policy, and the window ends at Thu 2026-06-11 05:00 Europe/Warsaw. ' +
        'Next: Thu 2026-06-11 22:00 Europe/Warsaw.',
    )
  })

  test('do not hold back a repair that the policy allows by day', () => {
    const bench = benchOf(warsaw, policy, NOON)
    const run = runOf({ waves: [tally(1)] })
    expect(bench.word(question('A/pos1', { purpose: 'repair' }), { run })).toBe('begin')
    expect(bench.word(question('A/pos1', { purpose: 'repair' }))).toBe('RUN_TOO_LARGE')
  })

  test('that none is long enough for is said', () => {
    const long = { changeMs: 8 * HOUR, proofMs: 0, rollbackMs: 0, basis: { kind: 'p95', of: 40 } } as const
    const decision = benchOf(warsaw, policy, NOON).ask(question('A/pos1', { expected: long }))
    expect(decision).not.toHaveProperty('until')
    expect(decision.kind === 'wait' && decision.reasons[0]?.message).toContain('No window is long enough')
  })

  test('a device that no window of a set is about is not changed', () => {
    const south = policyOf({ rollout: { windows: [[{ ...nights, regions: ['south'] }]] } })
    expect(benchOf(warsaw, south, NIGHT).word(question('A/pos1'))).toBe('WINDOW_CLOSED')
  })

  test('a freeze holds until its end, by the clocks of the store, and is broken by a person only', () => {
    const when = { type: 'dates', from: Date.UTC(2026, 5, 10), to: Date.UTC(2026, 5, 12) } as const
    const frozen = policyOf({ freezes: [{ name: 'feast', why: 'Corpus Christi', when }] })
    const bench = benchOf(warsaw, frozen, NOON)
    expect(bench.ask(question('A/pos1'))).toMatchObject({ kind: 'wait', until: at('2026-06-11T22:00:00Z') })
    expect(bench.word(question('A/pos1'))).toBe('FREEZE_ACTIVE')
    const breakGlass = { by: 'anna', why: 'tills are down' }
    expect(bench.ask(question('A/pos1', { breakGlass }))).toMatchObject({
      kind: 'begin',
      despite: [{ rule: 'freeze', code: 'FREEZE_ACTIVE', by: 'freeze feast' }],
    })
    expect(bench.word(question('A/pos1', { breakGlass, origin: 'hook' }))).toBe('GLASS_REFUSED')
    bench.take('A/pos2')
    expect(bench.word(question('A/pos1', { breakGlass }))).toContain('CAP_REACHED')
    expect(benchOf(warsaw, frozen, '2026-06-09T21:54:00Z').word(question('A/pos1'))).toBe('WINDOW_CLOSED')
  })

  test('a freeze of which no end is in sight says how far was looked', () => {
    const when = { type: 'dates', from: Date.UTC(2026, 0, 1), to: Date.UTC(2030, 0, 1) } as const
    const frozen = policyOf({ freezes: [{ name: 'works', why: 'rebuilding', when }] })
    const decision = benchOf(warsaw, frozen, NOON).ask(question('A/pos1'))
    expect(decision.kind === 'wait' && decision.reasons[0]?.message).toBe(
      'Nothing is changed in the next 70 days: rebuilding',
    )
  })

  test('what a calendar says that is not there is: no window, and always frozen', () => {
    const when = { type: 'calendar', calendar: 'gone.ics' } as const
    const windows = [[{ name: 'w', when }]]
    expect(benchOf(warsaw, policyOf({ rollout: { windows } }), NOON).word(question('A/pos1'))).toBe('WINDOW_CLOSED')
    const freezes = [{ name: 'f', why: 'x', when }]
    expect(benchOf(warsaw, policyOf({ freezes }), NOON).word(question('A/pos1'))).toBe('FREEZE_ACTIVE')
  })

  test('the next time is found through all that stands in the way', () => {
    const when = { type: 'dates', from: Date.UTC(2026, 5, 10), to: Date.UTC(2026, 5, 12) } as const
    const both = policyOf({ rollout: { windows: [[nights]] }, freezes: [{ name: 'f', why: 'x', when }] })
    const bench = benchOf(warsaw, both, NOON)
    expect(mayBeginAt(bench.policy, bench.situation(), question('A/pos1')).at).toBe(at('2026-06-11T22:00:00Z'))
    bench.take('A/pos2', 'out')
    expect(mayBeginAt(bench.policy, bench.situation(), question('A/pos1')).at).toBeUndefined()
  })
})

describe('holds', () => {
  const hold = { on: 'A', by: 'jan', why: 'technician', from: at(NOON) - HOUR, until: at(NOON) + HOUR }
  const holdsOn = (name: string) => (name === 'A' ? [hold] : [])

  test('a store or a device is not touched until the end', () => {
    const bench = benchOf(worldOf([SHOP, { ...SHOP, id: 'B' }]), policyOf(), NOON)
    expect(bench.ask(question('A/pos1'), { holdsOn })).toMatchObject({
      kind: 'wait',
      until: hold.until,
      reasons: [
        {
          code: 'HOLD_ACTIVE',
          whom: 'jan',
          message: 'jan asked not to touch A until Wed 2026-06-10 13:00 UTC: technician',
        },
      ],
    })
    expect(bench.word(question('B/pos1'), { holdsOn })).toBe('begin')
    const breakGlass = { by: 'anna', why: 'x' }
    expect(bench.word(question('A/pos1', { breakGlass }), { holdsOn })).toBe('begin')
  })

  test('from the moment that somebody says so, by whatever clock that was', () => {
    const bench = benchOf(worldOf([SHOP]), policyOf(), NOON)
    const ahead = { ...hold, from: at(NOON) + 10 * MINUTE }
    expect(bench.word(question('A/pos1'), { holdsOn: (name) => (name === 'A' ? [ahead] : []) })).toBe('HOLD_ACTIVE')
  })

  test('nor is what would go out with it', () => {
    const bench = benchOf(worldOf([SHOP]), policyOf(), NIGHT)
    const on = { ...hold, on: 'A/pos2', until: at(NIGHT) + HOUR }
    const onPos2 = (name: string) => (name === 'A/pos2' ? [on] : [])
    expect(bench.word(question('A/r'), { holdsOn: onPos2 })).toBe('HOLD_ACTIVE')
    expect(bench.word(question('A/pos1'), { holdsOn: onPos2 })).toBe('begin')
  })
})

describe('runs', () => {
  const stores = Array.from({ length: 20 }, (_, i) => ({ id: `S${i}`, devices: { pos1: 'till', pos2: 'till' } }))
  const world = worldOf(stores)

  test('that are paused wait, that were aborted end, and what is out is brought back all the same', () => {
    const bench = benchOf(world, policyOf(), NOON)
    const word = { by: 'anna', why: 'look at S3' }
    expect(bench.word(question('S0/pos1'), { run: runOf({ paused: word }) })).toBe('RUN_PAUSED')
    const run = runOf({ aborted: word })
    expect(bench.ask(question('S0/pos1'), { run })).toMatchObject({
      kind: 'refuse',
      reasons: [{ code: 'RUN_ABORTED' }],
    })
    bench.take('S0/pos1', 'changing')
    expect(bench.word(question('S0/pos1', { purpose: 'rollback' }), { run })).toBe('begin')
  })

  test('do not exceed the failures that they may have, those in flight included', () => {
    const bench = benchOf(world, policyOf({ rollout: { maxFailures: 3 } }), NOON)
    bench.take('S0/pos1')
    bench.take('S1/pos1')
    expect(bench.word(question('S2/pos1'))).toBe('begin')
    expect(bench.word(question('S2/pos1'), { run: runOf({ waves: [tally(40, { failed: 1 })] }) })).toBe(
      'MAX_FAILURES_REACHED',
    )
    const over = bench.ask(question('S2/pos1'), { run: runOf({ waves: [tally(40, { failed: 2, unmet: 1 })] }) })
    expect(over.kind).toBe('refuse')
  })

  test('are stopped by the breaker, but for what brings a device back', () => {
    const bench = benchOf(world, policyOf(), NOON)
    const breaker = { failures: [], opened: { at: 0, why: '20 devices failed.' } }
    expect(bench.word(question('S0/pos1'), { breaker })).toBe('BREAKER_OPEN')
    bench.take('S0/pos1', 'out')
    expect(bench.word(question('S0/pos1', { purpose: 'rollback' }), { breaker })).toBe('begin')
    expect(bench.word(question('S1/pos1', { purpose: 'rollback' }), { breaker })).toBe('BREAKER_OPEN')
  })

  test('roll back some at a time, and stop after some that failed', () => {
    const bench = benchOf(world, policyOf({ rollback: { atOnce: 2, stopAfter: 3 } }), NOON)
    for (const store of ['S0', 'S1', 'S2']) bench.take(`${store}/pos1`, 'out')
    const back = (store: string) => question(`${store}/pos1`, { purpose: 'rollback' })
    for (const store of ['S0', 'S1']) {
      expect(bench.word(back(store))).toBe('begin')
      const takes = [`${store}/pos1`]
      bench.ledger.put({
        run: 'run-1',
        device: `${store}/pos1`,
        phase: 'changing',
        purpose: 'rollback',
        takes,
        since: 0,
      })
    }
    expect(bench.word(back('S2'))).toBe('ROLLBACK_WAITING')
    expect(bench.word(back('S2'), { run: runOf({ rollbacks: { failed: 3 } }) })).toBe('ROLLBACK_STOPPED')
  })

  test('come back a few at a time', () => {
    const bench = benchOf(world, policyOf({ backAtOnce: 1 }), NOON)
    expect(bench.word(question('S0/pos1', { isBack: true }))).toBe('begin')
    bench.ledger.put({
      run: 'x',
      device: 'S0/pos1',
      phase: 'held',
      purpose: 'rollout',
      takes: ['S0/pos1'],
      since: 0,
      isBack: true,
    })
    expect(bench.word(question('S1/pos1', { isBack: true }))).toBe('BACK_WAITING')
    expect(bench.word(question('S1/pos1'))).toBe('begin')
  })

  test('leave a device to the run that works on it', () => {
    const bench = benchOf(world, policyOf(), NOON)
    bench.take('S0/pos1', 'changing', 'another')
    expect(bench.word(question('S0/pos1'))).toBe('LEASE_HELD')
  })

  test('wait for an approval of somebody else, in time', () => {
    const approval = { people: 1, fourEyes: true, validMs: DAY, each: 'run' } as const
    const bench = benchOf(world, policyOf({ rollout: { approval } }), NOON)
    const now = at(NOON)
    const state = {
      id: 'a1',
      run: 'run-1',
      askedBy: 'anna',
      askedAt: now,
      expiresAt: now + 1,
      people: 1,
      fourEyes: true,
      given: [],
    }
    const by = (name: string) => ({ ...state, given: [{ by: name, at: now, why: 'ok' }] })
    expect(bench.word(question('S0/pos1'))).toBe('APPROVAL_MISSING')
    expect(bench.word(question('S0/pos1'), { approvals: [state] })).toBe('APPROVAL_MISSING')
    expect(bench.word(question('S0/pos1'), { approvals: [by('anna')] })).toBe('APPROVAL_MISSING')
    expect(bench.word(question('S0/pos1'), { approvals: [by('jan')] })).toBe('begin')
    expect(bench.word(question('S0/pos1'), { approvals: [{ ...by('jan'), expiresAt: now }] })).toBe('APPROVAL_EXPIRED')
    expect(bench.word(question('S0/pos1'), { approvals: [{ ...by('jan'), expiresAt: now, usedAt: now - 1 }] })).toBe(
      'begin',
    )
    const refused = { by: 'jan', at: now, why: 'not on Friday' }
    expect(bench.ask(question('S0/pos1'), { approvals: [{ ...state, refused }] }).kind).toBe('refuse')
  })
})

describe('the queue', () => {
  test('keeps room for who waits for devices in progress only, so that it gets its turn', () => {
    const stores = Array.from({ length: 6 }, (_, i) => ({
      id: `S${i}`,
      devices: { pos1: 'till', pos2: 'till', pos3: 'till' },
    }))
    const caps = [{ name: 'all', per: [], out: { count: 2 } }] as const
    const bench = benchOf(worldOf(stores), policyOf({ caps, groups: [] }), NOON)
    bench.take('S0/pos1')
    bench.take('S1/pos1')
    const waiter = {
      run: 'other',
      device: 'S2/pos1',
      since: 1,
      rank: 1,
      takes: ['S2/pos1', 'S2/pos2'],
      isNext: true,
      askedAt: 1,
    }
    bench.ledger.wait(waiter)
    bench.ledger.drop('S0/pos1')
    const decision = bench.ask(question('S3/pos1'))
    expect(decision).toMatchObject({ kind: 'wait', isNext: true, reasons: [{ code: 'QUEUE_BEHIND', whom: 'S2/pos1' }] })
    expect(bench.word(question('S3/pos1'), { isAsking: (run) => run !== 'other' })).toBe('begin')
    bench.ledger.wait({ ...waiter, isNext: false })
    expect(bench.word(question('S3/pos1'))).toBe('begin')
    bench.ledger.wait({ ...waiter, rank: Date.parse(NOON) + 1 })
    expect(bench.word(question('S3/pos1'))).toBe('begin')
  })

  test('lets what costs more go first, by an hour at most', () => {
    expect(rankOf(10 * HOUR, 100)).toBe(10 * HOUR - 100_000)
    expect(rankOf(10 * HOUR, 1e9)).toBe(9 * HOUR)
    expect(rankOf(10 * HOUR, -5)).toBe(10 * HOUR)
  })
})

test('each rule has a name of its own', () => {
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length)
})

test('a device that the fleet does not have is a mistake of the caller', () => {
  expect(() => benchOf(worldOf([SHOP]), policyOf(), NOON).ask(question('X/pos1'))).toThrow(RangeError)
})
