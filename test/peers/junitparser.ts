import { spawnSync } from 'node:child_process'

/** The system's own, whose packages the distribution keeps; another Python may come first in PATH. */
const PYTHON = '/usr/bin/python3'

const COUNT = `
import json, sys
from junitparser import JUnitXml, TestSuite
xml = JUnitXml.fromstring(sys.stdin.buffer.read())
suites = [xml] if isinstance(xml, TestSuite) else list(xml)
n = {"suites": len(suites), "tests": 0, "failures": 0, "errors": 0, "skipped": 0}
for suite in suites:
    for case in suite:
        n["tests"] += 1
        for one in case.result:
            n[{"Failure": "failures", "Error": "errors", "Skipped": "skipped"}[type(one).__name__]] += 1
print(json.dumps(n))
`

export interface JunitCounts {
  readonly suites: number
  readonly tests: number
  readonly failures: number
  readonly errors: number
  readonly skipped: number
}

/** What junitparser, a reader of others, counts in JUnit XML; throws where it cannot read it. */
export function junitCounts(text: string): JunitCounts {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', COUNT], { input: text, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as JunitCounts
}

/** Skips a test, loudly, where junitparser is not installed; in CI that is a failure. */
export function skipWithoutJunitparser(skip: (note?: string) => void): void {
  if (spawnSync(PYTHON, ['-c', 'import junitparser']).status === 0) return
  const note = 'junitparser is not installed (Debian: python3-junitparser)'
  if (process.env['CI']) throw new Error(note)
  console.warn(`Skipped: ${note}`)
  skip(note)
}
