/** `npm run model -- [SCHEDULES] [SEED]`: plays random schedules against admission; a million by default. */
import { noTally, play } from '../test/engine/admission/model/schedule.ts'
import * as admission from '../test/engine/admission/model/subject.ts'

const schedules = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31))
console.log(`${schedules} schedules from seed ${seed} on`)
const tally = noTally()
const begin = Date.now()
let found = 0
for (let done = 0; done < schedules && found < 5; done += 1) {
  const violation = play(admission, seed + done, tally)
  if (violation) {
    found += 1
    console.log(JSON.stringify(violation, null, 2))
  }
  if ((done + 1) % 10_000 === 0)
    console.log(`${done + 1} schedules, ${Math.round((Date.now() - begin) / 1000)} s, ${found} violations`)
}
console.log(`${found} violations. ${JSON.stringify(tally)}`)
process.exitCode = found > 0 ? 1 : 0
