// `npm test`: every test file but of the long ones a third, in turns by the day of the commit, so that it ends within half an hour on
// two processors. `--all` runs them all, and so does naming files or tests: `npm test -- test/cli/apply.test.ts`.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const TURNS = 3
/** Those that take more than 20 s, the longest first. */
const LONG = JSON.parse(readFileSync(join(import.meta.dirname, 'long-tests.json'), 'utf8'))

const gone = LONG.filter((file) => !existsSync(join(ROOT, file)))
if (gone.length > 0) throw new Error(`scripts/long-tests.json names files that are not there: ${gone.join(', ')}`)
const given = process.argv.slice(2)
const args = given.filter((arg) => arg !== '--all')
const isNamed = args.some((arg) => !arg.startsWith('-') || arg.startsWith('--testNamePattern') || arg === '-t')
const turn = turnNow()
const leftOut = given.includes('--all') || isNamed ? [] : LONG.filter((_, place) => turnOf(place) !== turn)
if (leftOut.length > 0) {
  console.log(`Of ${LONG.length} long test files those of turn ${turn + 1} of ${TURNS}, by the day of the commit; all: npm run test:all`)
}
const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...args], {
  cwd: ROOT,
  // For vitest.config.ts: projects do not take `--exclude`.
  env: { ...process.env, TILL_TESTS_LEFT_OUT: leftOut.join(':') },
  stdio: 'inherit',
})
process.exitCode = status ?? 1

/** There and back again, so that the turns take about as long: 0 1 2 2 1 0 0 1 … */
function turnOf(place) {
  const along = place % (2 * TURNS)
  return along < TURNS ? along : 2 * TURNS - 1 - along
}

/** By the day of the newest commit (UTC), so that all who try it see the same; today where there is no commit. */
function turnNow() {
  const seconds = committedAt() ?? Date.now() / 1000
  return Math.floor(seconds / 86_400) % TURNS
}

function committedAt() {
  try {
    const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
    return Number(execFileSync('git', ['log', '-1', '--format=%ct'], options))
  } catch {
    return undefined
  }
}
