import { describe, expect, test } from 'vitest'
import { createHtmlReporter } from '../../src/reporters/html.ts'
import { createJunitReporter } from '../../src/reporters/junit.ts'
import { createMarkdownReporter } from '../../src/reporters/markdown.ts'
import type { Output } from '../../src/reporters/output.ts'
import { RECORDED_RUNS, type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { feedReporter } from '../../src/testing/reporter-contract.ts'
import { junitCounts, skipWithoutJunitparser } from '../peers/junitparser.ts'

const drifted = (device: string, before: string): RecordedDevice => ({
  device,
  state: 'drifted',
  steps: [{ step: 'agent', state: 'drifted', changes: [{ path: 'version', before, after: '7.0.6' }] }],
})

const nasty = (device: string): RecordedDevice => ({
  device,
  state: 'failed',
  failure: {
    code: 'CONVERGE_FAILED',
    phase: 'converge',
    message: '| ![x](http://a.example/`x`) @everyone <img src=x> ]]> &',
  },
})

describe('JUnit', () => {
  test('is what a foreign reader understands: drift fails, what was not seen is an error', async ({ skip }) => {
    skipWithoutJunitparser(skip)
    const steps: RecordedDevice['steps'] = [{ step: 'a', state: 'ok' }]
    const run = recordRun([
      { device: 'S/1', state: 'in-sync', steps },
      drifted('S/2', '7.0.1'),
      {
        device: 'S/3',
        state: 'unreachable',
        failure: { code: 'CONNECT_TIMEOUT', phase: 'connect', message: 'no answer' },
      },
      { device: 'S/4', state: 'in-sync', unknown: true, steps: [{ step: 'a', state: 'unknown', reason: 'who knows' }] },
      { device: 'S/5', state: 'in-sync', steps: [{ step: 'a', state: 'skipped', reason: 'when is false' }] },
      nasty('S/<6>&"'),
    ])
    const { text } = await feedReporter(createJunitReporter, run)
    // What a plan would change is what somebody wants.
    expect(junitCounts(text)).toEqual({ suites: 6, tests: 6, failures: 0, errors: 3, skipped: 1 })
    const looked = run.map((event) => (event.type === 'run.started' ? { ...event, mode: 'drift' as const } : event))
    const { text: drift } = await feedReporter(createJunitReporter, looked)
    expect(junitCounts(drift)).toEqual({ suites: 6, tests: 6, failures: 1, errors: 3, skipped: 1 })
    expect(text).toContain('<error type="CONNECT_TIMEOUT" message="unreachable: no answer">')
  })

  test('of every recorded run is read', async ({ skip }) => {
    skipWithoutJunitparser(skip)
    for (const record of Object.values(RECORDED_RUNS)) {
      const { text } = await feedReporter(createJunitReporter, record())
      expect(junitCounts(text).tests).toBeGreaterThanOrEqual(0)
    }
  })
})

describe('Markdown', () => {
  test('groups what is alike over devices', async () => {
    const { text } = await feedReporter(
      createMarkdownReporter,
      recordRun([drifted('S/1', '7.0.1'), drifted('S/2', '7.0.1'), drifted('S/3', '6.4.0'), nasty('S/4')]),
    )
    expect(text).toContain('| drifted | 3 |\n')
    expect(text).toMatch(/\| `version: "7\.0\.1" → "7\.0\.6"` \| 2 \| `S\/1`, `S\/2` \|\n/)
    expect(text).toMatch(/\| `version: "6\.4\.0" → "7\.0\.6"` \| 1 \| `S\/3` \|\n/)
    expect(text).toContain('`CONVERGE_FAILED` (converge)')
  })

  test('of a whole fleet fits a comment, however different its devices are', async () => {
    const devices = Array.from({ length: 17_500 }, (_, n) => drifted(`PL-${n}/pos1`, `${n}${'x'.repeat(200)}`))
    const { text } = await feedReporter(createMarkdownReporter, recordRun(devices))
    expect(text.length).toBeLessThan(65_536)
    expect(text).toContain('17,500 devices')
    expect(text).toContain('more kinds.')
  })

  test.each([1, 5])('has advice that is for these devices and no others: %i', async (count) => {
    const failure = { code: 'HOST_KEY_UNKNOWN', phase: 'identify', message: 'It is not recorded.' } as const
    const devices = Array.from({ length: count }, (_, n) => ({
      device: `S/${n}`,
      state: 'unreachable' as const,
      failure,
      steps: [],
    }))
    const which = count === 1 ? '--device=S/0' : '--from-run=\\S+:unreachable:HOST_KEY_UNKNOWN'
    for (const create of [createMarkdownReporter, createHtmlReporter]) {
      const { text } = await feedReporter((output) => create(output, { flags: '--sandbox' }), recordRun(devices))
      expect(text).toMatch(new RegExp(`till trust --sandbox ${which}`))
    }
  })

  test('has bars escaped within tables alone, so that a command in code is what to type', async () => {
    const piped: RecordedDevice = {
      device: 'S/1',
      state: 'drifted',
      steps: [{ step: 'a', state: 'drifted', changes: [{ path: 'start', before: 'x | y', after: 'x | z' }] }],
    }
    const flags = `--where 'a || b'`
    const create = (output: Output) => createMarkdownReporter(output, { flags })
    const { text } = await feedReporter(create, recordRun([piped]))
    const lines = text.split('\n').filter((line) => line.includes('|') && !line.startsWith('|'))
    expect(lines.at(-1)).toMatch(/^All of it: `till runs show \S+ --where 'a \|\| b'`$/)
    expect(lines.filter((line) => line.includes('\\|'))).toEqual([])
    const [row = ''] = text.split('\n').filter((line) => line.startsWith('| ') && line.includes('\\|'))
    expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6)
  })

  test('lets nothing of a device become Markdown', async () => {
    const { text } = await feedReporter(createMarkdownReporter, recordRun([{ ...nasty('a|b`c'), steps: [] }]))
    const outside = text.replace(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '')
    expect(outside).not.toMatch(/@everyone|<img|\]\(/)
  })
})

describe('HTML', () => {
  test('groups what is alike over devices, with their names, and runs nothing', async () => {
    const create = (output: Output) =>
      createHtmlReporter(output, { flags: '--sandbox', notes: ['Merging <b> touches 4.'] })
    const devices = [drifted('S/1', '7.0.1'), drifted('S/2', '7.0.1'), drifted('S/3', '6.4.0'), nasty('S/4')]
    const { text } = await feedReporter(create, recordRun(devices))
    expect(text).toContain('<p>Merging &lt;b&gt; touches 4.</p>\n<p>4 devices')
    expect(text).toMatch(/: 3 drifted, 1 failed\.<\/p>/)
    expect(text).toContain(
      '<td>version: &quot;7.0.1&quot; → &quot;7.0.6&quot;</td><td class="n">2</td><td>S/1, S/2</td></tr>',
    )
    expect(text).toMatch(/<tr><td>went wrong<\/td><td>CONVERGE_FAILED \(converge\)/)
    expect(text).toMatch(/<p>All of it: till runs show \S+ --sandbox<\/p>/)
    expect(text).toContain("default-src 'none'")
    expect(text).not.toMatch(/<(?!\/?(?:html|head|meta|title|style|body|h1|p|table|thead|tbody|tr|th|td)\b|!doctype)/)
  })

  test('of a whole fleet stays small, however different its devices are', async () => {
    const devices = Array.from({ length: 17_500 }, (_, n) => drifted(`PL-${n}/pos1`, `${n}${'x'.repeat(200)}`))
    const { text } = await feedReporter(createHtmlReporter, recordRun(devices))
    expect(text.length).toBeLessThan(2_000_000)
    expect(text).toContain('There are more kinds than are listed here.')
  })
})
