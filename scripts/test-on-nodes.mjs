// Runs the tests as CI does: all of them on Node.js 20, those that lean most on Node.js on the newest of each later line,
// as `.ci/run` has put them into .peers. Says which versions, and ends with the sum: `N passed, N failed, N skipped`.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const EVERYWHERE = ['test/transports', 'test/winrm', 'test/sandbox', 'test/cli']
const RUNS = [
  { line: 20, suites: [] },
  { line: 22, suites: EVERYWHERE },
  { line: 24, suites: EVERYWHERE },
  { line: 26, suites: EVERYWHERE },
]

const folder = mkdtempSync(join(tmpdir(), 'till-tests-'))
const sum = { passed: 0, failed: 0, skipped: 0 }
let isBad = false
execFileSync(process.execPath, ['scripts/setup.mjs'], { cwd: ROOT, stdio: 'inherit' })
for (const { line, suites } of RUNS) {
  const node = join(ROOT, `.peers/node-${line}/node_modules/node-${process.platform}-${process.arch}/bin/node`)
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  console.log(`\n== Node.js ${version}: ${suites.length === 0 ? 'all tests' : suites.join(' ')}`)
  const report = join(folder, `${line}.json`)
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` }
  const { status } = spawnSync(node, [...args, ...suites], { cwd: ROOT, env, stdio: 'inherit' })
  if (status !== 0) isBad = true
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
    sum.passed += numPassedTests
    sum.failed += numFailedTests
    sum.skipped += numPendingTests
    console.log(`== Node.js ${version}: ${numPassedTests} passed, ${numFailedTests} failed`)
  } catch (error) {
    isBad = true
    console.error(`Node.js ${version}: the tests have left no report: ${error.message}`)
  }
}
rmSync(folder, { recursive: true, force: true })
console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`)
process.exitCode = isBad || sum.passed === 0 ? 1 : 0
