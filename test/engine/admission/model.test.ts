import { describe, expect, test } from 'vitest'
import { noTally, play } from './model/schedule.ts'
import * as admission from './model/subject.ts'

const SCHEDULES = Number(process.env['MODEL_SCHEDULES'] ?? 1_000)
// The same schedules each time; `npm run model -- N SEED` tries others.
const SEED = Number(process.env['SEED'] ?? 1_000)

describe('admission', () => {
  test(`holds its promises in ${SCHEDULES} schedules from seed ${SEED} on`, () => {
    const tally = noTally()
    for (let seed = SEED; seed < SEED + SCHEDULES; seed += 1) {
      const violation = play(admission, seed, tally)
      expect(violation, `play again with SEED=${seed} MODEL_SCHEDULES=1`).toBeUndefined()
    }
    if (SCHEDULES >= 1_000) for (const count of Object.values(tally)) expect(count).toBeGreaterThan(100)
    console.log(`admission: ${SCHEDULES} schedules from seed ${SEED} on: ${JSON.stringify(tally)}`)
  })
  // Forty devices and more stand before one, and each round sees one of them done: it waits long, and gets its turn.
  test.each([700068730, 700080828])('lets who stands at the end of a long queue have its turn: seed %i', (seed) => {
    expect(play(admission, seed)).toBeUndefined()
  })
})
