import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isContested, isDue, mended, nextDue, wornSteps } from '../../src/core/assignment-schedule.ts'
import { DAY_MS, HOUR_MS } from '../../src/core/duration.ts'

const NOW = Date.parse('2026-11-29T12:00:00.000Z')
const lastAt = (ms: number) => ({ last: { at: new Date(ms).toISOString(), run: 'r', exit_code: 0 } })

describe('an assignment', () => {
  test('that was never gone through, or has no cadence, is due at once', () => {
    expect(nextDue('a', HOUR_MS, undefined, NOW)).toBe(NOW)
    expect(nextDue('a', undefined, lastAt(NOW - 1), NOW)).toBe(NOW)
  })

  test('comes a cadence after the last time, up to a tenth later, and always at the same place', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1_000, max: 30 * DAY_MS }), (name, every) => {
        const next = nextDue(name, every, lastAt(NOW), NOW)
        return next >= NOW + every && next <= NOW + every * 1.1 && next === nextDue(name, every, lastAt(NOW), NOW + 1)
      }),
    )
  })

  test('that was missed many times is caught up once', () => {
    expect(isDue('a', HOUR_MS, lastAt(NOW - 50 * HOUR_MS), NOW)).toBe(true)
    expect(isDue('a', HOUR_MS, lastAt(NOW), NOW + 1)).toBe(false)
  })

  test('is not put off by a clock that was set back', () => {
    for (const ahead of [2 * 60_000, 30 * 60_000, 90 * DAY_MS])
      expect(isDue('a', HOUR_MS, lastAt(NOW + ahead), NOW), String(ahead)).toBe(true)
    // Clocks of two machines differ by seconds.
    expect(isDue('a', HOUR_MS, lastAt(NOW + 5_000), NOW)).toBe(false)
  })

  test('that is suspended is never due', () => {
    const suspended = { by: 'anna', reason: 'x', at: new Date(NOW).toISOString() }
    expect(isDue('a', undefined, { suspended }, NOW)).toBe(false)
  })
})

describe('drift that comes back', () => {
  const at = (ms: number) => new Date(ms)

  test('is mended twice and then left; something else that is wanted, or a week of peace, begins anew', () => {
    const once = mended(undefined, 'd1', ['a'], at(NOW))
    const twice = mended(once, 'd1', ['a', 'b'], at(NOW + HOUR_MS))
    expect(wornSteps(once, 'd1', NOW + HOUR_MS).size).toBe(0)
    expect([...wornSteps(twice, 'd1', NOW + 2 * HOUR_MS)]).toEqual(['a'])
    expect(wornSteps(twice, 'd2', NOW + 2 * HOUR_MS).size).toBe(0)
    expect(wornSteps(twice, 'd1', NOW + 9 * DAY_MS).size).toBe(0)
    expect(mended(twice, 'd1', ['a'], at(NOW + 9 * DAY_MS)).steps['a']?.count).toBe(1)
    expect(mended(twice, 'd2', ['b'], at(NOW + 2 * HOUR_MS)).steps).toMatchObject({ b: { count: 1 } })
  })

  test('of two that want different things in turns is left after two turns of each; one who goes back once is none of them', () => {
    const hour = (n: number) => at(NOW + n * HOUR_MS)
    const [first, second, back] = ['one', 'two', 'one'] as const
    let mends = mended(mended(undefined, first, ['a'], hour(0)), first, ['a'], hour(1))
    mends = mended(mends, second, ['a', 'b'], hour(2))
    expect(wornSteps(mends, back, NOW + 3 * HOUR_MS).size).toBe(0)
    mends = mended(mends, back, ['a'], hour(3))
    expect(mends.steps).toEqual({ a: { count: 1, last_at: hour(3).toISOString() } })
    mends = mended(mends, second, ['a'], hour(4))
    expect([...wornSteps(mends, back, NOW + 5 * HOUR_MS)]).toEqual(['a'])
    expect(wornSteps(mends, back, NOW + 12 * DAY_MS).size).toBe(0)
    expect(wornSteps(mends, 'three', NOW + 5 * HOUR_MS).size).toBe(0)
    for (const digest of ['3', '4', '5', '6', '7']) mends = mended(mends, digest, ['a'], hour(5))
    expect(Object.keys(mends.turns ?? {})).toHaveLength(4)
    expect(mended(mends, '8', ['a'], hour(30 * 24)).turns).toEqual({ '7': {} })
  })

  test('is left for as long as it is seen to differ, and a week longer', () => {
    const twice = mended(mended(undefined, 'd1', ['a'], at(NOW)), 'd1', ['a'], at(NOW + HOUR_MS))
    const seen = { contested_at: at(NOW).toISOString(), seen_at: at(NOW + 30 * DAY_MS).toISOString() }
    expect(isContested({ ...twice, ...seen }, NOW + 36 * DAY_MS)).toBe(true)
    expect([...wornSteps({ ...twice, ...seen }, 'd1', NOW + 36 * DAY_MS)]).toEqual(['a'])
    expect(wornSteps({ ...twice, ...seen }, 'd1', NOW + 38 * DAY_MS).size).toBe(0)
  })

  test('that safety put off is due when it may be mended', () => {
    const { last } = lastAt(NOW)
    const memory = { last: { ...last, retry_at: at(NOW + 60_000).toISOString() } }
    expect(isDue('a', HOUR_MS, memory, NOW + 59_000)).toBe(false)
    expect(isDue('a', HOUR_MS, memory, NOW + 60_000)).toBe(true)
  })
})
