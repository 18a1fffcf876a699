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
})
