import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../../../src/core/default-policy.ts'
import type { Waves } from '../../../src/core/policy.ts'
import { expectedTime } from '../../../src/engine/admission/expected-time.ts'
import { judgeWave } from '../../../src/engine/admission/judge-wave.ts'
import { planWaves, type WaveTarget } from '../../../src/engine/admission/plan-waves.ts'
import { benchOf, MINUTE, policyOf, question, runOf, tally, worldOf } from './small-world.ts'

const WAVES = DEFAULT_POLICY.rollout.waves as Waves
const target = (store: number, device: number, more: Partial<WaveTarget> = {}): WaveTarget => ({
  device: `S${store}/pos${device}`,
  store: `S${store}`,
  region: `R${store % 4}`,
  class: 'linux',
  ...more,
})

describe('waves', () => {
  const many = Array.from({ length: 400 }, (_, store) => [target(store, 1), target(store, 2)]).flat()

  test('begin with ten stores and grow to all; every device is in one', () => {
    const { waves } = planWaves(many, WAVES, 'seed')
    expect(waves.map((wave) => wave.length)).toEqual([20, 20, 160, 600])
    expect(new Set(waves.flat())).toEqual(new Set(many.map(({ device }) => device)))
    expect(planWaves(many, WAVES, 'seed').waves).toEqual(waves)
    expect(planWaves(many, WAVES, 'other').waves[0]).not.toEqual(waves[0])
  })

  test('take the canary from all regions', () => {
    const first = planWaves(many, WAVES, 'seed').waves[0] ?? []
    const regions = first.map((device) => Number(/^S(\d+)/.exec(device)?.[1]) % 4)
    expect([0, 1, 2, 3].map((region) => regions.filter((r) => r === region).length)).toEqual([6, 6, 4, 4])
  })

  test('cover every class that is present, and say which they could not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(30), fc.option(fc.nat(14), { nil: undefined })), { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 20 }),
        fc.string(),
        (drawn, canary, more, seed) => {
          const targets = drawn.map(([store, kind], i): WaveTarget => {
            const { class: _class, ...rest } = target(store, i)
            return kind === undefined ? rest : { ...rest, class: `c${kind}` }
          })
          const spec: Waves = { ...WAVES, canary, canaryAtMost: canary + more }
          const plan = planWaves(targets, spec, seed)
          expect(plan.waves.flat().sort()).toEqual(targets.map(({ device }) => device).sort())
          const stores = new Set((plan.waves[0] ?? []).map((device) => device.split('/')[0]))
          const all = new Set(targets.map(({ store }) => store)).size
          expect(stores.size).toBeGreaterThanOrEqual(Math.min(canary, all))
          expect(stores.size).toBeLessThanOrEqual(Math.max(canary, Math.min(spec.canaryAtMost, all)))
          for (const { class: name, inCanary } of plan.classes) {
            const inWave = targets.filter((one) => one.class === name && plan.waves[0]?.includes(one.device)).length
            expect(inCanary).toBe(inWave)
            if (stores.size < spec.canaryAtMost) expect(inCanary).toBeGreaterThan(0)
          }
          expect(plan.unclassified).toBe(targets.filter((one) => one.class === undefined).length)
        },
      ),
    )
  })

  test('are one where the policy has none', () => {
    expect(planWaves(many, undefined, 'x').waves.map((wave) => wave.length)).toEqual([800])
    expect(planWaves([], WAVES, 'x').waves).toEqual([])
  })
})

describe('a wave', () => {
  const at = (more: object = {}) => ({ index: 0, isLast: false, now: 100 * MINUTE, isOnTerminal: false, ...more })

  test.each([
    ['runs while devices are left', tally(10, { passed: 9 }), { state: 'running' }],
    [
      'is watched when its last device is done',
      tally(10, { passed: 10 }, { doneAt: 95 * MINUTE }),
      { state: 'soaking', until: 105 * MINUTE },
    ],
    ['passes after that', tally(10, { passed: 10 }, { doneAt: 90 * MINUTE }), { state: 'passed' }],
    ['stops at its failures, at once', tally(10, { failed: 1 }), { state: 'stopped', failed: 1, limit: 1 }],
    ['counts unmet checks as failures', tally(20, { failed: 1, unmet: 1 }), { state: 'stopped', failed: 2, limit: 2 }],
    [
      'neither passes nor fails by what was unreachable',
      tally(10, { passed: 1, unreachable: 6, deferred: 3 }, { doneAt: 0 }),
      { state: 'passed' },
    ],
    [
      'proves nothing when all were unreachable, or put off, and is not watched',
      tally(10, { unreachable: 4, deferred: 6 }, { doneAt: 99 * MINUTE }),
      { state: 'unreleased', why: 'nothing-proven' },
    ],
  ])('%s', (_, of, expected) => {
    expect(judgeWave(of, WAVES, at())).toEqual(expected)
  })

  test('pauses behind the canary on a terminal, unless it is the only one or was released', () => {
    const done = tally(10, { passed: 10 }, { doneAt: 0 })
    expect(judgeWave(done, WAVES, at({ isOnTerminal: true }))).toEqual({ state: 'unreleased', why: 'pause' })
    expect(judgeWave(done, WAVES, at({ isOnTerminal: true, index: 1 }))).toEqual({ state: 'passed' })
    expect(judgeWave(done, WAVES, at({ isOnTerminal: true, isLast: true }))).toEqual({ state: 'passed' })
    expect(judgeWave(done, { ...WAVES, pause: 'always' }, at())).toEqual({ state: 'unreleased', why: 'pause' })
    const released = { by: 'anna', at: 1, forgiven: 0 }
    expect(judgeWave({ ...done, released }, WAVES, at({ isOnTerminal: true }))).toEqual({ state: 'passed' })
  })

  test('goes on after a stop when somebody releases it, with a new budget', () => {
    const stopped = tally(20, { failed: 2, passed: 3 })
    const released = { by: 'anna', at: 1, forgiven: 2 }
    expect(judgeWave(stopped, WAVES, at()).state).toBe('stopped')
    expect(judgeWave({ ...stopped, released }, WAVES, at())).toEqual({ state: 'running' })
  })

  test('begins when those before it have passed, and never has more in flight than may still fail', () => {
    const world = worldOf(
      Array.from({ length: 30 }, (_, i) => ({ id: `S${i}`, devices: { pos1: 'till', pos2: 'till' } })),
    )
    const bench = benchOf(
      world,
      policyOf({ rollout: { waves: { ...WAVES, maxFailures: [{ count: 2 }] } } }),
      '2026-06-10T12:00:00Z',
    )
    const now = Date.parse('2026-06-10T12:00:00Z')
    const ask = (waves: readonly ReturnType<typeof tally>[], device = 'S5/pos1', wave = 1) =>
      bench.ask(question(device, { wave }), { run: runOf({ waves }) })
    const next = tally(10)
    expect(ask([tally(5, { passed: 4 }), next])).toMatchObject({ kind: 'wait', reasons: [{ code: 'WAVE_WAITING' }] })
    const soaking = tally(5, { passed: 5 }, { doneAt: now - MINUTE })
    expect(ask([soaking, next])).toMatchObject({ kind: 'wait', until: now + 9 * MINUTE })
    expect(ask([tally(5, { failed: 2 }), next])).toMatchObject({ kind: 'refuse', reasons: [{ code: 'WAVE_STOPPED' }] })
    expect(ask([tally(5, { unreachable: 5 }, { doneAt: 0 }), next])).toMatchObject({
      kind: 'wait',
      reasons: [{ code: 'WAVE_UNRELEASED' }],
    })
    const passed = tally(5, { passed: 5 }, { doneAt: 0 })
    expect(ask([passed, next]).kind).toBe('begin')
    bench.take('S1/pos1', 'changing', 'run-1', 1)
    expect(ask([passed, next]).kind).toBe('begin')
    bench.take('S2/pos1', 'held', 'run-1', 1)
    expect(ask([passed, next])).toMatchObject({ kind: 'wait', isNext: true })
    expect(ask([passed, next], 'S2/pos1').kind).toBe('begin')
    expect(ask([passed, tally(10, { failed: 1 })])).toMatchObject({ kind: 'wait' })
  })
})

describe('the time that a change is expected to take', () => {
  const { guess } = DEFAULT_POLICY
  test('is a guess until there is a history', () => {
    expect(expectedTime({ changes: Array(19).fill(1), rollbacks: [] }, guess)).toEqual({
      ...guess,
      basis: { kind: 'guess' },
    })
  })
  test('is what 95 of 100 took', () => {
    const changes = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(expectedTime({ changes, rollbacks: [] }, guess)).toEqual({
      changeMs: 95,
      proofMs: 0,
      rollbackMs: guess.rollbackMs,
      basis: { kind: 'p95', of: 100 },
    })
    const rollbacks = Array.from({ length: 20 }, (_, i) => i + 1)
    expect(expectedTime({ changes, rollbacks }, guess).rollbackMs).toBe(19)
  })
})
