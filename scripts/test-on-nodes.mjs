// Runs the tests as CI does: `npm test` on the Node.js that is here, and those of the transports on the newest of each other
// line, as `.ci/run` has put them into .peers. One of those lines, another each day, runs the sandbox and the commands too,
// with a part of their long files. With `--all` every test here, and on each other line the sandbox and the commands as a
// whole. Says which versions, and ends with what failed, each test by its name with the head of its error, and the sum:
// `N passed, N failed, N skipped`.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { dayOfCommit, leftOutOn } from './test-turns.mjs'

const ROOT = join(import.meta.dirname, '..')
const isAll = process.argv.includes('--all')
const EVERYWHERE = ['test/transports', 'test/winrm']
const IN_TURNS = ['test/sandbox', 'test/cli']
const LINES = [26, 24, 22, 20]
/** Turns of their long files. No divisor in common with the number of other lines (3 or 4): each file comes to each, once in 141 or 188 days. */
const TURNS = 47
/** More failing files than that are no matter of a busy machine. */
const MOST_ALONE = 12

const folder = mkdtempSync(join(tmpdir(), 'till-tests-'))
const sum = { passed: 0, failed: 0, skipped: 0 }
const failures = []
let isBad = false
const here = { version: process.version, command: ['npm', ['test', '--', ...(isAll ? ['--all'] : [])]], env: process.env }
tested(here, [])
const day = dayOfCommit()
const others = LINES.map(nodeOf).filter(({ version }) => version !== process.version)
for (const [index, { node, version }] of others.entries()) {
  const isTurn = isAll || index === day % others.length
  const leftOut = isAll ? [] : leftOutOn(day, TURNS)
  const env = {
    ...process.env,
    PATH: `${dirname(node)}:${process.env.PATH}`,
    // Those of the transports are run whatever the day.
    TILL_TESTS_LEFT_OUT: leftOut.filter((file) => !EVERYWHERE.some((folder) => file.startsWith(`${folder}/`))).join(':'),
  }
  const command = [node, ['node_modules/vitest/vitest.mjs', 'run']]
  tested({ version, command, env }, [...EVERYWHERE, ...(isTurn ? IN_TURNS : [])])
}
rmSync(folder, { recursive: true, force: true })
for (const failure of failures) console.log(failure)
console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`)
process.exitCode = isBad || sum.passed === 0 ? 1 : 0

/** The newest Node.js of a line that is here. */
function nodeOf(line) {
  const node = join(ROOT, `.peers/node-${line}/node_modules/node-${process.platform}-${process.arch}/bin/node`)
  return { node, version: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim() }
}

/** Runs suites, all where none is named; files that fail are looked at once more, alone, and named in any case. */
function tested(node, suites) {
  console.log(`\n== Node.js ${node.version}: ${suites.join(' ') || 'all tests'}`)
  const begun = Date.now()
  const report = run(node, suites)
  if (!report) {
    isBad = true
    return
  }
  failures.push(...failuresOf(node, report))
  const failed = report.testResults.filter(({ status }) => status !== 'passed').map(({ name }) => relative(ROOT, name))
  const { numPassedTests, numPendingTests } = report
  let { numFailedTests } = report
  sum.passed += numPassedTests
  sum.skipped += numPendingTests
  if (failed.length > 0) {
    console.log(`== Node.js ${node.version}: ${numFailedTests} failed, in ${failed.join(', ')}`)
    const alone = failed.length <= MOST_ALONE ? run(node, failed, ['--no-file-parallelism']) : undefined
    if (alone) failures.push(...failuresOf(node, alone, ', alone'))
    if (alone?.success) {
      console.log(`== Node.js ${node.version}: these pass alone, and are to be mended or isolated: ${failed.join(', ')}`)
      sum.passed += numFailedTests
      numFailedTests = 0
    } else isBad = true
  }
  // Errors outside of every test.
  if (failed.length === 0 && !report.success) isBad = true
  sum.failed += numFailedTests
  const seconds = Math.round((Date.now() - begun) / 1000)
  console.log(`== Node.js ${node.version}: ${numPassedTests} passed, ${numFailedTests} failed, in ${seconds} s`)
}

/** Each test that failed, and each file that could not be run, with the head of its error. */
function failuresOf({ version }, { testResults }, how = '') {
  const head = (text = '') => text.split('\n', 3).join(' | ').slice(0, 400)
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === 'failed')
    const at = `FAILED on Node.js ${version}${how}: ${relative(ROOT, name)}`
    if (tests.length === 0 && status !== 'passed') return [`${at}: ${head(message)}`]
    return tests.map(({ fullName, failureMessages }) => `${at} > ${fullName}: ${head(failureMessages[0])}`)
  })
}

function run({ version, command: [program, args], env }, suites, more = []) {
  const file = join(folder, `${version}-${more.length}.json`)
  const options = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...more]
  spawnSync(program, [...args, ...options, ...suites], { cwd: ROOT, env, stdio: 'inherit' })
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    console.error(`Node.js ${version}: the tests have left no report: ${error.message}`)
    return undefined
  }
}
