import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WaveResult } from '../../../src/core/admission.ts'
import { DAY_MS } from '../../../src/core/duration.ts'
import { WaveResults } from '../../../src/engine/admission/wave-results.ts'

const RESULTS: readonly WaveResult[] = ['passed', 'failed', 'unmet', 'unreachable', 'deferred']
const WAVES = [['a', 'b'], ['c', 'd', 'e'], []]
const ENDS = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'stranger'), fc.constantFrom(...RESULTS)))

test('each device counts once in its wave, by what came of it last; a wave is done when the last of it first was', () => {
  fc.assert(
    fc.property(ENDS, (ends) => {
      const waves = new WaveResults(WAVES)
      for (const [at, [device, result]] of ends.entries()) waves.count(device, result, at)
      const last = new Map<string, WaveResult>(ends)
      for (const [index, { size, results, doneAt }] of waves.tallies({}, ends.length).entries()) {
        const wave: readonly string[] = WAVES[index] ?? []
        for (const result of RESULTS)
          expect(results[result]).toBe(wave.filter((device) => last.get(device) === result).length)
        const firsts = wave.map((device) => ends.findIndex(([ended]) => ended === device))
        const isDone = wave.length > 0 && !firsts.includes(-1)
        expect([size, doneAt]).toEqual([wave.length, isDone ? Math.max(...firsts) : undefined])
      }
    }),
  )
})

test('what was before counts in the order of its time', () => {
  const before = new Map([
    ['a', { result: 'passed', at: 20 }],
    ['b', { result: 'failed', at: 10 }],
  ] as const)
  expect(new WaveResults(WAVES, before).tallies({}, 20)[0]).toMatchObject({
    results: { passed: 1, failed: 1 },
    doneAt: 20,
  })
})

test('what was done by a clock that was ahead is done when it is right again, once', () => {
  const waves = new WaveResults([['a'], ['b']], new Map([['a', { result: 'passed', at: 2 * DAY_MS }]]))
  expect([waves.tallies({}, 10)[0]?.doneAt, waves.tallies({}, 70_000)[0]?.doneAt]).toEqual([10, 10])
  waves.count('b', 'passed', 80_000)
  expect(waves.tallies({}, 60_000)[1]?.doneAt).toBe(80_000)
})

test('what was done here is watched by the clock that nobody sets, whichever way the other one is set', () => {
  for (const set of [DAY_MS, -DAY_MS]) {
    const waves = new WaveResults([['a']])
    waves.count('a', 'passed', 10 * DAY_MS, 5_000)
    expect(waves.tallies({}, 10 * DAY_MS + 1_000, 6_000)[0]?.doneAt).toBe(10 * DAY_MS)
    const now = 10 * DAY_MS + set
    expect(waves.tallies({}, now, 65_000)[0]?.doneAt).toBe(now - 60_000)
    expect(waves.tallies({}, now + 30_000, 95_000)[0]?.doneAt).toBe(now - 60_000)
  }
})

test('a device is to come in its wave and those behind it until it was looked at, or is done', () => {
  const waves = new WaveResults(WAVES)
  expect([waves.isToCome('c', 0), waves.isToCome('c', 1), waves.isToCome('stranger', 2)]).toEqual([false, true, false])
  waves.looked('c')
  waves.count('d', 'failed', 1)
  expect([waves.isToCome('c', 1), waves.isToCome('d', 2), waves.isToCome('e', 1)]).toEqual([false, false, true])
})
