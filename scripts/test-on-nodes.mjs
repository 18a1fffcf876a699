// Runs the tests as CI does: all of them by `npm test` on the Node.js that is here, and those that lean most on Node.js on
// the newest of each other line, as `.ci/run` has put them into .peers. Says which versions, and ends with the sum:
// `N passed, N failed, N skipped`.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const EVERYWHERE = ['test/transports', 'test/winrm', 'test/sandbox', 'test/cli']
const OTHER_LINES = [20, 22, 24, 26]

const folder = mkdtempSync(join(tmpdir(), 'till-tests-'))
const sum = { passed: 0, failed: 0, skipped: 0 }
let isBad = false
tested(process.version, 'all tests', (report) =>
  spawnSync('npm', ['test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    cwd: ROOT,
    stdio: 'inherit',
  }),
)
for (const line of OTHER_LINES) {
  const node = join(ROOT, `.peers/node-${line}/node_modules/node-${process.platform}-${process.arch}/bin/node`)
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  if (version === process.version) continue
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` }
  tested(version, EVERYWHERE.join(' '), (report) =>
    spawnSync(
      node,
      ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...EVERYWHERE],
      { cwd: ROOT, env, stdio: 'inherit' },
    ),
  )
}
rmSync(folder, { recursive: true, force: true })
console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`)
process.exitCode = isBad || sum.passed === 0 ? 1 : 0

function tested(version, what, run) {
  console.log(`\n== Node.js ${version}: ${what}`)
  const begun = Date.now()
  const report = join(folder, `${version}.json`)
  const { status } = run(report)
  if (status !== 0) isBad = true
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
    sum.passed += numPassedTests
    sum.failed += numFailedTests
    sum.skipped += numPendingTests
    const seconds = Math.round((Date.now() - begun) / 1000)
    console.log(`== Node.js ${version}: ${numPassedTests} passed, ${numFailedTests} failed, in ${seconds} s`)
  } catch (error) {
    isBad = true
    console.error(`Node.js ${version}: the tests have left no report: ${error.message}`)
  }
}
