import { Ajv } from 'ajv'
import { SaxesParser } from 'saxes'
import { expect } from 'vitest'
import type { RunEvent } from '../../src/core/events.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { publishedSchemas } from '../../src/lang/schema/published.ts'
import { createHtmlReporter } from '../../src/reporters/html.ts'
import { createJsonReporter } from '../../src/reporters/json.ts'
import { createJunitReporter } from '../../src/reporters/junit.ts'
import { createLinesReporter } from '../../src/reporters/lines.ts'
import { createMarkdownReporter } from '../../src/reporters/markdown.ts'
import { createNdjsonReporter } from '../../src/reporters/ndjson.ts'
import { createPlanFileReporter } from '../../src/reporters/plan-file.ts'
import { createTerminalReporter } from '../../src/reporters/terminal.ts'
import { testReporter } from '../../src/testing/reporter-contract.ts'

/** Test suites of JUnit XML as another parser reads them; throws where it is not well-formed. */
function suitesOf(text: string): readonly { readonly name: string; readonly tests: number; readonly cases: number }[] {
  const suites: { name: string; tests: number; cases: number }[] = []
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'testsuite')
      suites.push({ name: attributes['name'] ?? '', tests: Number(attributes['tests']), cases: 0 })
    const last = suites.at(-1)
    if (name === 'testcase' && last) last.cases += 1
  })
  parser.write(text).close()
  return suites
}

const ajv = new Ajv({ allowUnionTypes: true, strict: false })
const schemas = publishedSchemas([])

function expectValid(schema: string, document: unknown): void {
  const validate = ajv.getSchema(`https://tillwright.dev/schemas/${schema}/1`) ?? ajv.compile(schemas[schema] ?? false)
  validate(document)
  expect(validate.errors ?? []).toEqual([])
}

testReporter('ndjson', {
  create: createNdjsonReporter,
  check(text, events) {
    const lines = text.trimEnd().split('\n')
    expect(lines.length).toBe(events.length)
    for (const line of lines.slice(0, 500)) expectValid('event', JSON.parse(line))
  },
})

testReporter('json', {
  create: createJsonReporter,
  check(text, events) {
    const result = JSON.parse(text) as { devices: { device: string }[]; exit_code: number }
    expectValid('result', result)
    const targeted = new Set(events.flatMap((event) => ('device' in event ? [event.device] : [])))
    expect(result.devices.length).toBe(targeted.size)
    expect(new Set(result.devices.map((device) => device.device)).size).toBe(targeted.size)
  },
})

const runbook = { name: 'till-health', digest: 'ab'.repeat(32), params: {}, file: 'runbooks/till-health.yaml' }

testReporter('plan file', {
  create: (output) =>
    createPlanFileReporter(output, { runbook, isSandbox: false, validMs: 86_400_000, digestOf: () => 'ef'.repeat(32) }),
  check(text, events) {
    const plan = JSON.parse(text) as { devices: JsonValue[]; complete: boolean }
    expectValid('plan', plan)
    const finished = events.filter(
      (event): event is Extract<RunEvent, { type: 'device.finished' }> => event.type === 'device.finished',
    )
    expect(plan.devices.length).toBe(finished.length)
    const judged = finished.every((event) => ['in-sync', 'drifted'].includes(event.state) && !event.unknown)
    expect(plan.complete).toBe(judged && events.at(-1)?.type === 'run.finished')
  },
})

testReporter('junit', {
  create: createJunitReporter,
  check(text, events) {
    const suites = suitesOf(text)
    const targeted = new Set(events.flatMap((event) => ('device' in event ? [event.device] : [])))
    expect(suites.map(({ name }) => name).sort()).toEqual([...targeted].map((name) => name).sort())
    for (const { tests, cases } of suites) expect(cases).toBe(tests)
  },
})

testReporter('markdown', {
  create: createMarkdownReporter,
  check(text, events) {
    expect(text.length).toBeLessThanOrEqual(60_100)
    const targeted = events[0]?.type === 'run.started' ? events[0].devices : 0
    expect(text).toContain(`\n\n${String(targeted).replace(/\B(?=(\d{3})+$)/g, ',')} device`)
    // Every line of a table has as many cells as its head.
    for (const table of text.match(/(?:^\|.*\|\n?)+/gm) ?? []) {
      const cells = table
        .trimEnd()
        .split('\n')
        .map((row) => row.replace(/\\\|/g, '').split('|').length)
      expect(new Set(cells).size).toBe(1)
    }
  },
})

testReporter('html', {
  create: createHtmlReporter,
  check(text, events) {
    const targeted = events[0]?.type === 'run.started' ? events[0].devices : 0
    expect(text).toContain(`<p>${String(targeted).replace(/\B(?=(\d{3})+$)/g, ',')} device`)
    expect(text.endsWith('</html>\n')).toBe(true)
    // Every row has as many cells as the head.
    const rows = text.match(/<tr>.*?<\/tr>/gs) ?? []
    expect(new Set(rows.map((row) => row.match(/<t[hd][ >]/g)?.length))).toEqual(new Set([5]))
  },
})

testReporter('lines', { create: createLinesReporter })
testReporter('lines with everything', {
  create: (output) => createLinesReporter(output, { verbose: true }),
})

/** What listr2 and log-update draw with: erase lines, move up, hide and show the cursor, colours. */
testReporter('terminal', {
  create: createTerminalReporter,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
  own: /\u001b\[(?:2K|1A|G|\?25[lh]|[0-9;]*m)/g,
})
