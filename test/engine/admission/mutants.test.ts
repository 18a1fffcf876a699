import { describe, expect, test } from 'vitest'
import { MUTANTS } from './model/mutants.ts'
import { play } from './model/schedule.ts'

const SEED = Number(process.env['SEED'] ?? 1_000)
const SCHEDULES = 10_000

/** Where those were found that take long: looked at first, and searched for when what is random has changed. */
const KNOWN: Readonly<Record<string, number>> = {
  'breaker: is not asked': 2008,
  'last-working: who was seen long ago works': 1515,
  'failures never open the breaker': 1686,
}

/** The model proves itself: admission that is wrong in one thing is found out. */
describe('the model of admission', () => {
  test('has at least thirty faults to find, each by its name', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBeGreaterThanOrEqual(30)
  })

  test.each(MUTANTS.map(({ name, admission }) => [name, admission] as const))(
    'finds: %s',
    (name, admission) => {
      const known = KNOWN[name]
      if (known !== undefined && play(admission, known) !== undefined) return
      let seed = SEED
      while (seed < SEED + SCHEDULES && play(admission, seed) === undefined) seed += 1
      expect(seed, `not found in ${SCHEDULES} schedules from seed ${SEED} on`).toBeLessThan(SEED + SCHEDULES)
    },
    120_000,
  )
})
