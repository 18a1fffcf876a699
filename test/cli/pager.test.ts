import { spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { TILL } from '../peers/till.ts'
import { TestProject } from './project.ts'

const hasScript = spawnSync('script', ['--version']).status === 0
const nowhere = new TestProject({})
afterAll(() => nowhere.remove())

/** What a terminal of ten lines shows of a command line. */
function shown(command: string, environment: Readonly<Record<string, string>> = {}, more = ''): string {
  const inside = `stty rows 10 cols 60; ${command} ${more}`
  const env = { ...process.env, TERM: 'xterm', PAGER: "sed 's/^/PAGED /'", ...environment }
  const { stdout } = spawnSync('script', ['-qec', inside, '/dev/null'], {
    cwd: nowhere.root,
    env,
    encoding: 'utf8',
    input: '',
  })
  return stdout.replaceAll('\r\n', '\n')
}

describe.skipIf(!hasScript)('a long table on a terminal', () => {
  const explain = `${process.execPath} ${TILL} explain`

  it('is shown by the pager, and fits the width', () => {
    const text = shown(explain)
    expect(text).toContain('PAGED CODE')
    const widths = text.split('\n').map((line) => line.replace('PAGED ', '').length)
    expect(Math.max(...widths)).toBeLessThanOrEqual(60)
  })

  it.each([
    ['--no-pager', {}, '--no-pager'],
    ['PAGER=cat', { PAGER: 'cat' }, ''],
    ['a pager that is not there', { PAGER: 'no-such-pager' }, ''],
    ['a terminal that can do nothing', { TERM: 'dumb' }, ''],
    ['stdout that is no terminal', {}, '| cat'],
  ])('is shown at once with %s', (_, environment, more) => {
    const text = shown(explain, environment, more)
    expect(text).not.toContain('PAGED')
    expect(text).toContain('HOST_KEY_MISMATCH')
  })

  it('that is short is shown at once', () => {
    expect(shown(`${process.execPath} ${TILL} explain HOST_KEY_UNKNOWN`)).not.toContain('PAGED')
  })
})
