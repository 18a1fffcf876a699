// `npm test`: every test file but of the long ones a fifth, in turns by the day of the commit, so that it ends within half an hour on
// two processors. `--all` runs them all, and so does naming files or tests: `npm test -- test/cli/apply.test.ts`.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { dayOfCommit, LONG, leftOutOn } from './test-turns.mjs'

const ROOT = join(import.meta.dirname, '..')
const TURNS = 5

const given = process.argv.slice(2)
const args = given.filter((arg) => arg !== '--all')
const isNamed = args.some((arg) => !arg.startsWith('-') || arg.startsWith('--testNamePattern') || arg === '-t')
const day = dayOfCommit()
const leftOut = given.includes('--all') || isNamed ? [] : leftOutOn(day, TURNS)
if (leftOut.length > 0) {
  const turn = `turn ${(day % TURNS) + 1} of ${TURNS}`
  console.log(`Of ${LONG.length} long test files those of ${turn}, by the day of the commit; all: npm run test:all`)
}
const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...args], {
  cwd: ROOT,
  // For vitest.config.ts: projects do not take `--exclude`.
  env: { ...process.env, TILL_TESTS_LEFT_OUT: leftOut.join(':') },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
