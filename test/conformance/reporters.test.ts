import { Ajv } from 'ajv'
import { expect } from 'vitest'
import type { RunEvent } from '../../src/core/events.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { publishedSchemas } from '../../src/lang/schema/published.ts'
import { createJsonReporter } from '../../src/reporters/json.ts'
import { createLinesReporter } from '../../src/reporters/lines.ts'
import { createNdjsonReporter } from '../../src/reporters/ndjson.ts'
import { createPlanFileReporter } from '../../src/reporters/plan-file.ts'
import { createTerminalReporter } from '../../src/reporters/terminal.ts'
import { testReporter } from '../../src/testing/reporter-contract.ts'

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
  create: (output) => createPlanFileReporter(output, { runbook, digestOf: () => 'ef'.repeat(32) }),
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
