// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { EVENT_SCHEMA, type EventHead, type RunEvent } from '../../src/core/events.ts'
import type { JsonValue } from '../../src/core/json.ts'
import type { Plan } from '../../src/core/plan.ts'
import { emptyCounts } from '../../src/core/run.ts'
import { checkPlanDocument } from '../../src/lang/check-document.ts'
import { publishedSchemas } from '../../src/lang/schema/published.ts'
import { MODULES } from '../../src/modules/index.ts'

const SCHEMAS = publishedSchemas(MODULES)
const ROOT = join(import.meta.dirname, '..', '..')
const DOCUMENT_NAME = /till\.[a-z.-]+\/[0-9]+/g
const compiled = new WeakMap<object, ValidateFunction>()
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true })

function errorsOf(schema: object, value: unknown): readonly string[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, validate)
  validate(value)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** The same schema, but with no room for keys that it does not describe. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (schema === null || typeof schema !== 'object') return schema
  const { $id, ...rest } = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  const open = 'properties' in rest && !('additionalProperties' in rest)
  return open ? { ...rest, additionalProperties: false } : rest
}

const HEAD: EventHead = { schema: EVENT_SCHEMA, run: '20261122T034716Z-7f3a9c', seq: 1, at: '2026-11-22T03:47:16.123Z' }
const DIGEST = 'a'.repeat(64)
const RUNBOOK = { name: 'x', digest: DIGEST, params: { a: [1] } }
const CHANGE = { path: 'state', before: null, after: 'running', sensitive: true, once: true }
const FAILURE = {
  code: 'CHECK_UNMET',
  phase: 'observe',
  message: 'm',
  hint: 'h',
  evidence: { exit: 1, text: 'x', no: null },
} as const
const STEP = { runbook: 'x', step: 's', name: 'S', module: 'service', duration_ms: 3 } as const

const EVENTS: readonly RunEvent[] = [
  {
    ...HEAD,
    type: 'run.started',
    mode: 'plan',
    runbooks: [RUNBOOK],
    devices: 1,
    inventory_digest: DIGEST,
    revision: null,
    plan: 'p',
    by: 'jan',
    host: 'h',
    pid: 1,
    version: '0.1.0',
  },
  { ...HEAD, type: 'device.started', device: 'S1/pos1', store: 'S1' },
  {
    ...HEAD,
    type: 'step.converging',
    device: 'S1/pos1',
    runbook: 'x',
    step: 's',
    module: 'service',
    changes: [CHANGE],
  },
  { ...HEAD, type: 'step.finished', device: 'S1/pos1', ...STEP, state: 'changed', changes: [CHANGE], value: { a: 1 } },
  { ...HEAD, type: 'step.finished', device: 'S1/pos1', ...STEP, state: 'failed', failure: FAILURE },
  { ...HEAD, type: 'step.finished', device: 'S1/pos1', ...STEP, state: 'skipped', reason: 'when: false', value: null },
  {
    ...HEAD,
    type: 'device.finished',
    device: 'S1/pos1',
    store: 'S1',
    region: 'r',
    kind: 'till',
    duration_ms: 5,
    state: 'failed',
    failure: FAILURE,
    unknown: true,
    classification: { fault: 'f', severity: 's', owner: 'o', remedy: 'r' },
  },
  { ...HEAD, type: 'run.interrupted', signal: 'SIGINT', hard: false },
  { ...HEAD, type: 'run.finished', counts: emptyCounts(), unknown: 0, exit_code: 130, duration_ms: 7 },
]

const PLAN: Plan = {
  schema: 'till.plan/1',
  id: 'p',
  created_at: HEAD.at,
  revision: 'abc+dirty',
  runbook: { ...RUNBOOK, file: 'runbooks/x.yaml' },
  devices: [
    {
      device: 'S1/pos1',
      state: 'drifted',
      digest: DIGEST,
      steps: [{ step: 's', module: 'service', state: 'drifted', changes: [CHANGE] }],
    },
  ],
  complete: true,
}

const [STARTED] = EVENTS
const {
  schema: _schema,
  type: _type,
  seq: _seq,
  run: _run,
  at: _at,
  ...START
} = STARTED as RunEvent & { type: 'run.started' }
const RESULT = {
  schema: 'till.result/1',
  run: { run: HEAD.run, started_at: HEAD.at, ...START },
  devices: [
    {
      device: 'S1/pos1',
      store: 'S1',
      region: null,
      kind: null,
      duration_ms: 0,
      state: 'cancelled',
      failure: FAILURE,
      steps: [{ ...STEP, state: 'changed', changes: [CHANGE], value: 1 }],
    },
  ],
  summary: { counts: emptyCounts(), unknown: 1 },
  exit_code: 5,
  finished_at: HEAD.at,
}

describe('the published schemas', () => {
  test.each(Object.keys(SCHEMAS))('%s is in schemas/ as the code has it', (name) => {
    const file = join(ROOT, 'schemas', `${name}.schema.json`)
    expect(JSON.parse(readFileSync(file, 'utf8')), 'run: npx tsx scripts/generate-schemas.ts').toEqual(
      JSON.parse(JSON.stringify(SCHEMAS[name])),
    )
  })

  test('describe every document that the code names', () => {
    const described = new Set(JSON.stringify(SCHEMAS).match(DOCUMENT_NAME))
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    const named = files
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => readFileSync(join(ROOT, 'src', file), 'utf8').match(DOCUMENT_NAME) ?? [])
    expect(named.length).toBeGreaterThan(10)
    expect([...new Set(named)].filter((name) => !described.has(name))).toEqual([])
  })

  test.each(Object.entries(SCHEMAS))('%s says what it is', (name, schema) => {
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: `https://tillwright.dev/schemas/${name}/1`,
      title: expect.any(String),
      description: expect.any(String),
    })
  })
})

describe('the schema of events', () => {
  test.each(EVENTS.map((event) => [event.type, event] as const))('describes all of %s', (_, event) => {
    expect(errorsOf(closed(SCHEMAS['event']) as object, event)).toEqual([])
  })

  test.each([
    ['another type', { ...EVENTS[1], type: 'device.begun' }],
    ['another version', { ...EVENTS[1], schema: 'till.event/2' }],
    ['no number', { ...EVENTS[1], seq: 0 }],
    ['a local time', { ...EVENTS[1], at: '2026-11-22 03:47' }],
    ['an unknown state', { ...EVENTS[3], state: 'fine' }],
    ['a missing device', { ...EVENTS[3], device: undefined }],
    ['a missing count', { ...EVENTS[8], counts: {} }],
    ['an unknown exit code', { ...EVENTS[8], exit_code: 7 }],
  ])('refuses %s', (_, event) => {
    expect(errorsOf(SCHEMAS['event'] ?? {}, JSON.parse(JSON.stringify(event)))).not.toEqual([])
  })
})

describe('the schema of results', () => {
  test('describes all of one', () => {
    expect(errorsOf(closed(SCHEMAS['result']) as object, RESULT)).toEqual([])
  })

  test.each([
    ['a device twice named', { ...RESULT, devices: [{ ...RESULT.devices[0], device: undefined }] }],
    ['a device without its steps', { ...RESULT, devices: [{ ...RESULT.devices[0], steps: undefined }] }],
    ['no exit code', { ...RESULT, exit_code: undefined }],
    ['a summary without counts', { ...RESULT, summary: { unknown: 0 } }],
  ])('refuses %s', (_, result) => {
    expect(errorsOf(SCHEMAS['result'] ?? {}, JSON.parse(JSON.stringify(result)))).not.toEqual([])
  })
})

describe('the schema of plans', () => {
  test('describes all of one', () => {
    expect(errorsOf(closed(SCHEMAS['plan']) as object, PLAN)).toEqual([])
    expect(checkPlanDocument(JSON.stringify(PLAN), 'plan.json')).toEqual({ value: PLAN, diagnostics: [] })
  })

  const told = (text: string): readonly string[] =>
    checkPlanDocument(text, 'plan.json').diagnostics.map(
      ({ code, summary, source }) => `${code} ${source?.line}:${source?.column} ${summary}`,
    )

  test('says where a plan file is wrong', () => {
    const text = JSON.stringify({ ...PLAN, complete: 'yes', devices: [{ ...PLAN.devices[0], state: 'fine' }] }, null, 2)
    expect(told(text)).toEqual([
      `PLAN_INVALID ${lineOf(text, '"fine"')}:16 "devices[0].state" must be one of in-sync, drifted, changed, unmet, failed, unreachable, unknown, deferred, cancelled, indeterminate; it is "fine"`,
      `PLAN_INVALID ${lineOf(text, '"yes"')}:15 "complete" must be true or false, not "yes"`,
    ])
  })

  test('says where a plan file is cut short', () => {
    expect(told('')).toEqual(['PLAN_INVALID 1:1 The file is not JSON'])
    expect(told('{"schema": "till.plan/1",\n')).toEqual([
      expect.stringMatching(/^PLAN_INVALID [12]:\d+ The file is not JSON$/),
    ])
    expect(told('[]')).toEqual(['PLAN_INVALID 1:1 The file must be a map, not a list'])
    expect(told('{"schema":"till.result/1"}')[0]).toMatch(/^PLAN_INVALID/)
  })
})

function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length
}

describe('the schema of runbooks', () => {
  const runbook = (text: string): JsonValue => parse(text) as JsonValue
  const schema = SCHEMAS['runbook'] ?? {}

  test('accepts expressions and secrets where a module wants other values', () => {
    const text = `
steps:
  - service: { name: a, state: "\${{ vars.state }}", enabled: "\${{ vars.on }}" }
  - command: { run: [login, { secret: "env:PIN" }, "\${{ vars.n }}"], always: "\${{ true }}" }
    on_failure:
      - facts:
  - wait: { for: { port: "\${{ params.port }}" } }
`
    expect(errorsOf(schema, runbook(text))).toEqual([])
  })

  test.each([
    ['a word where a boolean belongs', 'steps: [{ service: { name: a, state: running, enabled: maybe } }]'],
    [
      'a secret where a boolean belongs',
      'steps: [{ service: { name: a, state: running, enabled: { secret: "env:A" } } }]',
    ],
    ['two modules', 'steps: [{ facts: {}, service: { name: a, state: running } }]'],
    ['no module', 'steps: [{ name: a }]'],
    ['an unknown module', 'steps: [{ servce: {} }]'],
    ['an unknown key', 'steps: [{ facts: {}, whn: "true" }]'],
    ['a missing parameter', 'steps: [{ service: { name: a } }]'],
    ['no parameters where some are required', 'steps: [{ service: }]'],
    ['a rollback inside a rollback', 'steps: [{ facts: {}, rollback: [{ facts: {}, rollback: [] }] }]'],
    ['a timeout without a unit', 'steps: [{ facts: {}, timeout: "90" }]'],
  ])('refuses %s', (_, text) => {
    expect(errorsOf(schema, runbook(text))).not.toEqual([])
  })

  test('accepts every runbook that is shipped', () => {
    const folder = join(ROOT, 'runbooks')
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      expect([file, errorsOf(schema, runbook(readFileSync(join(folder, file), 'utf8')))]).toEqual([file, []])
    }
  })
})

describe('the schema of diagnostics', () => {
  test('describes all of them', () => {
    const { diagnostics } = checkPlanDocument('{}', 'plan.json')
    const document = {
      schema: 'till.diagnostics/1',
      valid: false,
      checked: { stores: 0, devices: 0, runbooks: 0, assignments: 0 },
      diagnostics,
    }
    expect(errorsOf(closed(SCHEMAS['diagnostics']) as object, document)).toEqual([])
    expect(errorsOf(SCHEMAS['diagnostics'] ?? {}, { ...document, diagnostics: [{ code: 'X' }] })).not.toEqual([])
  })
})

describe('the schema of the project file', () => {
  test('accepts ours, and refuses keys that do nothing', () => {
    const schema = SCHEMAS['project'] ?? {}
    expect(errorsOf(schema, parse(readFileSync(join(ROOT, 'tillwright.yaml'), 'utf8')))).toEqual([])
    expect(errorsOf(schema, null)).toEqual([])
    expect(errorsOf(schema, { safety: {} })).not.toEqual([])
  })
})
