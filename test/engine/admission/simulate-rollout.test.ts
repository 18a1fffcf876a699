import { describe, expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../../../src/core/default-policy.ts'
import type { PurposeRules } from '../../../src/core/policy.ts'
import type { Warning } from '../../../src/core/warning.ts'
import { compilePolicy } from '../../../src/engine/admission/compile-policy.ts'
import { type SimulationOptions, simulateRollout } from '../../../src/engine/admission/simulate-rollout.ts'
import { DAY, HOUR, MINUTE, policyOf, SHORT, worldOf } from './small-world.ts'

/** A Wednesday; stores are open from 08:00 to 20:00. */
const CLOSED = Date.parse('2026-11-25T22:00:00Z')
const OPEN = Date.parse('2026-11-25T19:00:00Z')
const WORLD = worldOf([
  { id: 'A', devices: { pos1: 'till', pos2: 'till', printer: 'fiscal-printer' } },
  { id: 'B', devices: { pos1: 'till' } },
  { id: 'C', devices: { pos1: 'till' } },
])
const { waves: WAVES } = DEFAULT_POLICY.rollout as Required<PurposeRules>

/** The calendar in minutes behind the start: `device from-to`, with when its people are warned; and what is in the way of the others. */
function calendar(
  waves: readonly (readonly string[])[],
  rollout: Partial<PurposeRules> = {},
  more: Partial<SimulationOptions> = {},
) {
  const start = more.start ?? CLOSED
  const minutes = (at: number): number => (at - start) / MINUTE
  const planned = simulateRollout({
    policy: compilePolicy(policyOf({ rollout }), WORLD),
    purpose: 'rollout',
    waves,
    expectedOf: () => SHORT,
    parallel: 8,
    start,
    holdsOn: () => [],
    breaker: { failures: [] },
    left: [],
    ...more,
  })
  return {
    visits: planned.waves.map(({ visits }) =>
      visits.map(({ device, from, to, warnedAt }) => {
        const warned = warnedAt === undefined ? '' : ` warned ${minutes(warnedAt)}`
        return `${device} ${minutes(from)}-${minutes(to)}${warned}`
      }),
    ),
    watched: planned.waves.map(({ watchedUntil }) => watchedUntil && minutes(watchedUntil)),
    never: planned.never.map(({ device, reasons }) => `${device} ${reasons.map(({ code }) => code).join(' ')}`),
  }
}

describe('the calendar of a rollout', () => {
  test('has tills of a store one behind the other, and other stores and kinds beside them', () => {
    const { visits, never } = calendar([['A/pos1', 'A/pos2', 'A/printer', 'B/pos1']])
    expect(visits).toEqual([['A/pos1 0-7', 'A/printer 0-7', 'B/pos1 0-7', 'A/pos2 7-14']])
    expect(never).toEqual([])
  })

  test('has no more at a time than the run may, those that end first making room', () => {
    const expectedOf = (device: string) => (device === 'A/pos1' ? { ...SHORT, changeMs: 18 * MINUTE } : SHORT)
    const wave = ['A/pos1', 'B/pos1', 'C/pos1', 'A/printer']
    expect(calendar([wave], {}, { parallel: 2, expectedOf }).visits).toEqual([
      ['A/pos1 0-20', 'B/pos1 0-7', 'C/pos1 7-14', 'A/printer 14-21'],
    ])
  })

  test('has stores of a region one behind the other where only one may be out', () => {
    const caps = [{ name: 'one', per: ['region', 'kind'], out: { count: 1 } }] as const
    const policy = compilePolicy(policyOf({ caps }), WORLD)
    expect(calendar([['A/pos1', 'B/pos1', 'C/pos1', 'A/printer']], {}, { policy }).visits).toEqual([
      ['A/pos1 0-7', 'A/printer 0-7', 'B/pos1 7-14', 'C/pos1 14-21'],
    ])
  })

  test('has no more at a time than may fail in a wave', () => {
    const waves = { ...WAVES, soakMs: 0, maxFailures: [{ count: 1 }] }
    const { visits, watched } = calendar([['A/pos1', 'B/pos1']], { waves })
    expect(visits).toEqual([['A/pos1 0-7', 'B/pos1 7-14']])
    expect(watched).toEqual([undefined])
  })

  test('begins a wave when the one before it was watched', () => {
    const waves = { ...WAVES, soakMs: 10 * MINUTE }
    const { visits, watched } = calendar([['A/pos1'], ['B/pos1']], { waves })
    expect(visits).toEqual([['A/pos1 0-7'], ['B/pos1 17-24']])
    expect(watched).toEqual([17, 34])
  })

  test('does not say until when a wave is watched of which some never begins', () => {
    const on = { on: 'A/pos1', why: 'audit', by: 'anna', from: OPEN, until: CLOSED + 100 * DAY }
    const holdsOn = (name: string) => (name === on.on ? [on] : [])
    const { visits, watched, never } = calendar([['A/pos1', 'A/printer']], { waves: WAVES }, { holdsOn })
    expect(visits).toEqual([['A/printer 0-7']])
    expect(watched).toEqual([undefined])
    expect(never).toEqual(['A/pos1 HOLD_ACTIVE'])
  })

  test('has devices that are held begin when the hold is over, all of the store at once', () => {
    const on = { on: 'A', why: 'audit', by: 'anna', from: OPEN, until: CLOSED + HOUR }
    const holdsOn = (name: string) => (name === on.on ? [on] : [])
    expect(calendar([['A/pos1', 'A/printer', 'B/pos1']], {}, { holdsOn }).visits).toEqual([
      ['B/pos1 0-7', 'A/pos1 60-67', 'A/printer 60-67'],
    ])
  })

  test('leaves out what waits for somebody: a breaker that is open', () => {
    const breaker = { failures: [], opened: { at: OPEN, why: 'too many failed' } }
    const { visits, never } = calendar([['A/pos1', 'B/pos1']], {}, { breaker })
    expect(visits).toEqual([[]])
    expect(never).toEqual(['A/pos1 BREAKER_OPEN', 'B/pos1 BREAKER_OPEN'])
  })

  test('has a device that an earlier run left out take its room until its own turn', () => {
    const out = { run: 'before', phase: 'out', purpose: 'rollout', since: OPEN } as const
    const left = [{ ...out, device: 'A/pos2', takes: ['A/pos2'] }]
    expect(calendar([['A/pos1', 'A/pos2']], {}, { left }).visits).toEqual([['A/pos2 0-7', 'A/pos1 7-14']])
    const { visits, never } = calendar([['A/pos1', 'B/pos1']], {}, { left })
    expect(visits).toEqual([['B/pos1 0-7']])
    expect(never).toEqual(['A/pos1 CAP_REACHED'])
  })
})

describe('the calendar of a rollout of which people are warned', () => {
  const CASHIER: Warning = {
    ...{ name: 'cashier', script: { sh: 'true' }, notNowExit: 75, timeoutMs: 1_000, waitMs: 5 * MINUTE },
    ...{ againMs: 10 * MINUTE, times: 3, afterLimit: 'defer', onFailure: 'defer', holdsMs: 30 * MINUTE },
  }

  test('has each begin after the time that they were told, and others meanwhile wait for its room only', () => {
    const { visits } = calendar([['A/pos1', 'A/pos2', 'B/pos1']], { warnings: [CASHIER] })
    expect(visits).toEqual([['A/pos1 5-12 warned 0', 'B/pos1 5-12 warned 0', 'A/pos2 17-24 warned 12']])
  })

  describe('and that has windows', () => {
    const when = { type: 'weekly', days: [0, 1, 2, 3, 4, 5, 6], from: 22 * 60, to: 23 * 60 } as const
    const rules = { warnings: [CASHIER], windows: [[{ name: 'nights', when }]] }

    test('warns nobody of a change for which the window would be over', () => {
      // At 22:50 a change of seven minutes fits, but not behind a wait of five.
      expect(calendar([['B/pos1']], rules, { start: CLOSED + 50 * MINUTE }).visits).toEqual([
        ['B/pos1 1395-1402 warned 1390'],
      ])
    })

    test('warns people anew where others took the rest of the window', () => {
      expect(calendar([['A/pos1', 'B/pos1']], rules, { start: CLOSED + 43 * MINUTE, parallel: 1 }).visits).toEqual([
        ['A/pos1 5-12 warned 0', 'B/pos1 1402-1409 warned 1397'],
      ])
    })

    const aMinute = { ...SHORT, changeMs: MINUTE / 2, proofMs: MINUTE / 2 }
    const expectedOf = (device: string) => (device === 'A/pos2' ? aMinute : SHORT)

    test('keeps no room for what does not fit any more', () => {
      const { visits } = calendar([['A/pos1', 'A/pos2']], rules, { start: CLOSED + 50 * MINUTE, expectedOf })
      expect(visits).toEqual([['A/pos2 5-6 warned 0', 'A/pos1 1395-1402 warned 1390']])
    })

    test('gives the room of people who were warned in vain to others', () => {
      const more = { start: CLOSED + 42 * MINUTE, parallel: 1, expectedOf }
      expect(calendar([['B/pos1', 'A/pos1', 'A/pos2']], rules, more).visits).toEqual([
        ['B/pos1 5-12 warned 0', 'A/pos2 17-18 warned 12', 'A/pos1 1403-1410 warned 1398'],
      ])
    })
  })
})
