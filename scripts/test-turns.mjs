// Test files that take more than 20 s are run in turns, by the day of the newest commit: everybody who tries that commit runs the same.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
/** The longest first; newer ones behind them, so that no file changes its turn. */
export const LONG = JSON.parse(readFileSync(join(import.meta.dirname, 'long-tests.json'), 'utf8'))

const gone = LONG.filter((file) => !existsSync(join(ROOT, file)))
if (gone.length > 0) throw new Error(`scripts/long-tests.json names files that are not there: ${gone.join(', ')}`)

/** The day of the newest commit (UTC), counted from 1970; today where there is no commit. */
export function dayOfCommit() {
  const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
  try {
    return dayOf(Number(execFileSync('git', ['log', '-1', '--format=%ct'], options)))
  } catch {
    return dayOf(Date.now() / 1000)
  }
}

function dayOf(seconds) {
  return Math.floor(seconds / 86_400)
}

/** Long files that are not run on a day when there are so many turns. */
export function leftOutOn(day, turns) {
  return LONG.filter((_, place) => turnOf(place, turns) !== day % turns)
}

/** There and back again, so that the turns take about as long: 0 1 2 2 1 0 0 1 … */
function turnOf(place, turns) {
  const along = place % (2 * turns)
  return along < turns ? along : 2 * turns - 1 - along
}
