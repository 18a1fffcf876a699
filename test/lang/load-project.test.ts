import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/core/diagnostic.ts'
import { loadProject } from '../../src/lang/load-project.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-project-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a file is checked once, and again when it is another one, or when the cache is not believed', async () => {
  const file = join(folder, 'cached.yaml')
  const cacheFolder = join(folder, 'cache')
  // What is read when it is asked for is compared as what it says.
  const said = ({ settings, diagnostics }: Awaited<ReturnType<typeof loadProject>>) => {
    const told = Object.entries(settings ?? {}).map(([name, value]) => [
      name,
      typeof value === 'function' ? (value as (root: string) => unknown)(folder) : value,
    ])
    return { settings: settings && { ...settings, ...Object.fromEntries(told) }, diagnostics }
  }
  const load = async () => said(await loadProject(file, { cacheFolder }))
  writeFileSync(file, 'assignments:\n  - runbook: a\n    where: device.kind == "till"\n')
  const without = said(await loadProject(file))
  expect(without.settings?.assignments).toHaveLength(1)
  expect(without.settings?.assignments[0]?.source).toMatchObject({ line: 2, column: 14 })
  for (const _ of ['cold', 'warm']) expect(await load()).toEqual(without)
  const kept = readFileSync(join(cacheFolder, 'project'))
  for (const broken of ['', 'x', kept.subarray(0, 70), Buffer.concat([kept, kept])]) {
    writeFileSync(join(cacheFolder, 'project'), broken)
    expect(await load()).toEqual(without)
  }
  writeFileSync(file, 'assignments:\n  - runbook: a\n    where: device.knd == "till"\n')
  for (const _ of ['cold', 'warm']) expect((await load()).diagnostics.map(placed)).toEqual(['EXPRESSION_INVALID 3:19'])
})

async function load(text: string): ReturnType<typeof loadProject> {
  const file = join(folder, 'tillwright.yaml')
  writeFileSync(file, text)
  return loadProject(file)
}

function placed({ code, source }: Diagnostic): string {
  return source ? `${code} ${source.line}:${source.column}` : code
}

const DEFAULTS = {
  inventory: 'inventory/',
  runbooks: 'runbooks/',
  known_hosts: 'inventory/known_hosts',
  state: '.till/state.db',
  assignments: [],
  run: { parallel: 500 },
}

describe('tillwright.yaml', () => {
  test.each(['', '# nothing yet\n', '{}\n', 'run: {}\n', 'assignments: []\n'])(
    'may be as good as empty: %j',
    async (text) => {
      const { settings, diagnostics } = await load(text)
      expect(diagnostics).toEqual([])
      expect(settings).toMatchObject(DEFAULTS)
      expect(settings?.run.handshakes).toBeGreaterThan(0)
    },
  )

  test('is read whole', async () => {
    const { settings } = await load(`inventory: fleet/
runbooks: books/
known_hosts: hosts
state: /var/lib/till/state.db
run: { parallel: 250, handshakes: 4, workers: 3 }
assignments:
  - runbook: agent-update
    where: device.kind == "till"
    params: { version: 7.0.1, tries: 3, names: [a, b] }
  - runbook: till-health
`)
    expect(settings).toMatchObject({
      inventory: 'fleet/',
      runbooks: 'books/',
      known_hosts: 'hosts',
      state: '/var/lib/till/state.db',
      run: { parallel: 250, handshakes: 4, workers: 3 },
      assignments: [
        {
          runbook: 'agent-update',
          where: 'device.kind == "till"',
          params: { version: '7.0.1', tries: '3', names: '["a","b"]' },
          source: { line: 7, column: 14 },
        },
        { runbook: 'till-health', params: {} },
      ],
    })
    expect(settings?.assignments[1]).not.toHaveProperty('where')
  })

  test.each([
    ['device_lists: {a: {url: https://x.example, items: p, device: i, fields: {foo: i.x}}}', 'or vars.PATH'],
    ['sinks: {Desk_: {file: {path: x}}}', 'A name is of small letters, digits and -'],
    ['secrets: {commands: {"a b": {run: [x]}}}', 'A name is of letters, digits, - and _.'],
    ['secrets: {commands: {vault: vault}}', 'One program. For example: {"run":["vault"'],
  ])('says which names there may be, and what stands there: %s', async (text, detail) => {
    const { diagnostics } = await load(`${text}\n`)
    expect(diagnostics.map((one) => one.detail)).toContainEqual(expect.stringContaining(detail))
  })

  test('names assignments of one runbook apart, also from names that are written', async () => {
    const { settings } = await load(
      'assignments: [{runbook: a}, {runbook: a}, {name: a-2, runbook: b}, {runbook: a}]\n',
    )
    expect(settings?.assignments.map(({ name }) => name)).toEqual(['a', 'a-3', 'a-2', 'a-4'])
  })

  test.each<readonly [string, readonly string[]]>([
    ['a list', ['SCHEMA_VALUE_INVALID 1:1']],
    ['- inventory\n', ['SCHEMA_VALUE_INVALID 1:1']],
    ['inventry: x\n', ['SCHEMA_KEY_UNKNOWN 1:1']],
    ['inventory: [a]\n', ['SCHEMA_VALUE_INVALID 1:12']],
    ['inventory: ""\n', ['SCHEMA_VALUE_INVALID 1:12']],
    ['inventory: 7\n', ['SCHEMA_VALUE_INVALID 1:12']],
    ['state:\n', ['SCHEMA_VALUE_INVALID 1:7']],
    ['run: { parallel: 0 }\n', ['SCHEMA_VALUE_INVALID 1:18']],
    ['run: { parallel: many }\n', ['SCHEMA_VALUE_INVALID 1:18']],
    ['run: { parallel: 1.5 }\n', ['SCHEMA_VALUE_INVALID 1:18']],
    ['run: { paralel: 5 }\n', ['SCHEMA_KEY_UNKNOWN 1:8']],
    ['run: 5\n', ['SCHEMA_VALUE_INVALID 1:6']],
    ['run: { handshakes: 100000 }\n', ['SCHEMA_VALUE_INVALID 1:20']],
    ['history: { days: 0 }\n', ['SCHEMA_VALUE_INVALID 1:18']],
    ['run: { workers: many }\n', ['SCHEMA_VALUE_INVALID 1:17']],
    ['run: { workers: -1 }\n', ['SCHEMA_VALUE_INVALID 1:17']],
    ['assignments: {}\n', ['SCHEMA_VALUE_INVALID 1:14']],
    ['assignments: [till-health]\n', ['SCHEMA_VALUE_INVALID 1:15']],
    ['assignments:\n  - where: "true"\n', ['SCHEMA_KEY_MISSING 2:5']],
    ['assignments:\n  - runbok: a\n', ['SCHEMA_KEY_UNKNOWN 2:5']],
    ['assignments:\n  - runbook: a\n    where: device.knd == "till"\n', ['EXPRESSION_INVALID 3:19']],
    ['assignments:\n  - runbook: a\n    where: device.kind\n', ['EXPRESSION_INVALID 3:12']],
    ['assignments:\n  - runbook: a\n    where: steps.a.changed\n', ['EXPRESSION_INVALID 3:12']],
    [
      'assignments:\n  - runbook: a\n    where: >-\n      device.kind == "till" &&\n      device.idd == "x"\n',
      ['EXPRESSION_INVALID 5:14'],
    ],
    ['assignments:\n  - runbook: a\n    params: [a]\n', ['SCHEMA_VALUE_INVALID 3:13']],
    ['safety: {}\n', ['SCHEMA_KEY_UNKNOWN 1:1']],
    ['hooks: []\nstreams: []\n', ['SCHEMA_VALUE_INVALID 1:8', 'SCHEMA_KEY_UNKNOWN 2:1']],
    ['run:\n  parallel: 5\n  parallel: 6\n', ['YAML_KEY_DUPLICATE 3:3']],
    ['run: { parallel: 5\n', ['YAML_SYNTAX_INVALID 2:1']],
    ['run:\n\tparallel: 5\n', ['YAML_SYNTAX_INVALID 2:1']],
  ])('with a mistake is refused where it is wrong: %j', async (text, expected) => {
    const { settings, diagnostics } = await load(text)
    expect(settings).toBeUndefined()
    expect(diagnostics.map(placed)).toEqual(expected)
  })

  test('that cannot be read says why', async () => {
    const { diagnostics } = await loadProject(join(folder, 'nowhere.yaml'))
    expect(diagnostics.map(({ code, detail }) => [code, detail])).toEqual([['FILE_UNREADABLE', 'It does not exist.']])
  })
})

test('times and hours of availability that cannot be are told at their place', async () => {
  const file = join(folder, 'availability.yaml')
  writeFileSync(
    file,
    "availability:\n  every: 0s\n  maintenance:\n    - {name: refit, from: '2026-12-20', to: '2026-12-01', why: shelves}\n",
  )
  const { diagnostics } = await loadProject(file)
  expect(diagnostics.map(({ code, source }) => [code, source?.line])).toEqual([
    ['AVAILABILITY_INVALID', 2],
    ['AVAILABILITY_INVALID', 4],
  ])
})
