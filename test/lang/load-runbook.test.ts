// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/core/diagnostic.ts'
import type { Scope } from '../../src/core/runbook.ts'
import { selectorScope } from '../../src/lang/expression.ts'
import { formatDiagnostics } from '../../src/lang/format-diagnostics.ts'
import { type LoadedRunbook, loadRunbook } from '../../src/lang/load-runbook.ts'
import { checkRendered } from '../../src/lang/rendered-params.ts'
import { MODULES } from '../../src/modules/index.ts'
import { MALFORMED_RUNBOOKS } from './malformed-runbooks.ts'
import { sampleFleet } from './sample-fleet.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-runbooks-'))
afterAll(() => rmSync(folder, { recursive: true }))

function load(text: string, given?: Readonly<Record<string, string>>, name = 'sample.yaml'): LoadedRunbook {
  const file = join(folder, name)
  writeFileSync(file, text)
  return loadRunbook(file, { modules: MODULES, ...(given && { params: given }) })
}

function placed({ code, source }: Diagnostic): string {
  return source ? `${code} ${source.line}:${source.column}` : code
}

describe('a malformed runbook', () => {
  test.each(MALFORMED_RUNBOOKS)('is refused where it is wrong: $name', ({ text, expected }) => {
    const { runbook, diagnostics } = load(text, {})
    expect(runbook).toBeUndefined()
    expect(diagnostics.map(placed)).toEqual(expected)
    const shown = formatDiagnostics(diagnostics, { color: false, textOf: () => text })
    expect(shown).not.toMatch(/\n\s+at |undefined|\[object|NaN/)
  })
})

test('quotes are advised for a number as it stands in the file, and only where they help', () => {
  const steps = `steps:
  - package: {name: x, version: 7.10}
  - file: {path: "/zażółć", mode: 0644}
  - disk: {path: /, free_min: 100}
`
  const details = load(`name: sample\n${steps}`).diagnostics.map(({ detail }) => detail)
  expect(details).toEqual([
    'Put it in quotes to make it text: "7.10".',
    'Put it in quotes to make it text: "0644".',
    expect.stringMatching(/^Room for users .*For example: "500MiB" or "10%"$/),
  ])
})

test('a slip is told once, where it stands, with what is right', () => {
  const told = (text: string) =>
    load(text).diagnostics.map((one) => [placed(one), [one.summary, one.detail, one.hint].filter(Boolean).join(' ')])
  expect(told('tasks:\n  - facts:\n')).toEqual([
    ['SCHEMA_KEY_UNKNOWN 1:1', expect.stringContaining('did you mean "steps"?')],
  ])
  expect(told('steps:\n  - service: { name: agent, state: running, enabled: "true" }\n')).toEqual([
    ['SCHEMA_VALUE_INVALID 2:54', expect.stringContaining('write true, without quotes')],
  ])
  expect(told('steps:\n  - service: { name: agent }\n{% if x %}\n')).toEqual([
    [expect.stringContaining('YAML_SYNTAX_INVALID 3:'), expect.stringContaining('Jinja')],
  ])
  expect(told('steps:\n  - command: { run: "echo" it, always: true }\n')).toEqual([
    ['YAML_SYNTAX_INVALID 2:28', expect.stringContaining('behind a closing quote')],
  ])
  expect(told('steps:\n    - facts:\n   - facts:\n')).toEqual([
    [expect.stringContaining('YAML_SYNTAX_INVALID 3:'), expect.stringContaining('in another column')],
  ])
})

const WHOLE = `name: agent-update
description: Brings the agent up to date
targets: device.kind == "till" && device.os.family == "linux"
params:
  version: { type: string, default: 7.0.1, enum: [7.0.1, 7.0.2] }
  tries: { type: integer, default: 3 }
  share: { type: number }
  force: { type: boolean, default: false }
  names: { type: list, default: [] }
  extra: { type: map, default: {} }
steps:
  - facts:
  - id: agent
    name: Agent is installed
    package: { name: till-agent, version: "\${{ params.version }}" }
    rollback:
      - script: { body: "agentctl rollback \${{ steps.agent.value.version }}", always: true }
    on_failure:
      - id: last-words
        command: { run: [agentctl, report, "\${{ params.tries }}"], always: true }
  - service: { name: till-agent, state: running }
    restart_on: [agent]
    when: steps.agent.changed || params.force
    timeout: 1m30s
    continue_on_failure: true
  - assert: { that: "\${{ steps.facts.value.cpus > 1 }}" }
  - assert: { that: "\${{ size(params.names) == 0 }}" }
classify:
  - when: steps.service.state == "failed"
    fault: agent-down
    severity: "\${{ params.force ? 'critical' : 'minor' }}"
    owner: pos
    about: "agents of \${{ store.id }}"
`

describe('a runbook', () => {
  test('is loaded whole', () => {
    const { runbook, diagnostics } = load(WHOLE, { share: '0.5' })
    expect(diagnostics).toEqual([])
    expect(runbook).toMatchObject({
      name: 'agent-update',
      description: 'Brings the agent up to date',
      params: { version: '7.0.1', tries: 3, share: 0.5, force: false, names: [], extra: {} },
    })
    expect(runbook?.steps.map(({ id, module }) => [id, module])).toEqual([
      ['facts', 'facts'],
      ['agent', 'package'],
      ['service', 'service'],
      ['assert', 'assert'],
      ['assert_2', 'assert'],
    ])
    expect(runbook?.steps[1]).toMatchObject({
      name: 'Agent is installed',
      rollback: [{ id: 'script', name: 'script', restart_on: [], params: { steps: ['agent'] } }],
      on_failure: [{ id: 'last-words' }],
      continue_on_failure: false,
      source: { line: 13, column: 5 },
    })
    expect(runbook?.steps[2]).toMatchObject({
      restart_on: ['agent'],
      timeout_ms: 90_000,
      continue_on_failure: true,
      when: { steps: ['agent'] },
    })
    const scope = { store: { id: 'PL-1' }, device: {}, vars: {}, steps: {}, params: runbook?.params ?? {} }
    expect(runbook?.classify.map(({ says }) => says.render(scope))).toEqual([
      { ok: true, value: { fault: 'agent-down', severity: 'minor', owner: 'pos', about: 'agents of PL-1' } },
    ])
  })

  test('renders the parameters of a device', () => {
    const { runbook } = load(WHOLE, { tries: '5' })
    const fleet = sampleFleet()
    const scope: Scope = {
      ...selectorScope(fleet, [...fleet.devices.values()][1]!),
      params: runbook!.params,
      steps: { facts: { state: 'ok', changed: false, value: { cpus: 4 } } },
    }
    const [, agent, , cpus] = runbook!.steps
    expect(agent?.params.render(scope)).toEqual({ ok: true, value: { name: 'till-agent', version: '7.0.1' } })
    expect(agent?.on_failure[0]?.params.render(scope)).toEqual({
      ok: true,
      value: { run: ['agentctl', 'report', 5], always: true },
    })
    expect(cpus?.params.render(scope)).toEqual({ ok: true, value: { that: true } })
    expect(runbook?.targets?.evaluate(scope)).toEqual({ ok: true, value: true })
  })

  test('without a name has that of its file', () => {
    expect(load('steps:\n  - facts:\n', {}, 'till-health.yaml').runbook?.name).toBe('till-health')
  })

  test('is only checked when no parameters are given', () => {
    const text = 'params: { ring: { type: string, required: true } }\nsteps:\n  - facts:\n'
    expect(load(text).diagnostics).toEqual([])
    expect(load(text, {}).diagnostics.map(placed)).toEqual(['RUNBOOK_PARAM_INVALID 1:11'])
  })

  test('takes secrets where text may stand', () => {
    const step = 'steps:\n  - command: { run: [login, { secret: "env:PIN" }], always: true }\n'
    expect(load(step, {}).diagnostics).toEqual([])
    const wrong = 'steps:\n  - service: { name: a, state: running, enabled: { secret: "env:PIN" } }\n'
    expect(load(wrong, {}).diagnostics.map(placed)).toEqual(['SCHEMA_VALUE_INVALID 2:50'])
  })

  test('has a digest of its text and its effective parameters', () => {
    const digest = (text: string, given: Record<string, string> = {}): string | undefined =>
      load(text, given).runbook?.digest
    expect(digest(WHOLE)).toMatch(/^[0-9a-f]{64}$/)
    expect(digest(WHOLE)).toBe(digest(WHOLE, { version: '7.0.1' }))
    expect(digest(WHOLE)).not.toBe(digest(WHOLE, { version: '7.0.2' }))
    expect(digest(WHOLE)).not.toBe(digest(`${WHOLE}# x\n`))
  })

  test.each<readonly [Record<string, string>, Record<string, unknown>]>([
    [{ version: '7.0.2' }, { version: '7.0.2' }],
    [{ tries: '-7' }, { tries: -7 }],
    [{ share: '1e3' }, { share: 1000 }],
    [{ share: '2' }, { share: 2 }],
    [{ force: 'true' }, { force: true }],
    [{ names: 'a,b' }, { names: ['a', 'b'] }],
    [{ names: '["a,b",1]' }, { names: ['a,b', 1] }],
    [{ names: '' }, { names: [] }],
    [{ extra: '{"a":[1]}' }, { extra: { a: [1] } }],
  ])('converts what is given: %j', (given, expected) => {
    expect(load(WHOLE, given).runbook?.params).toMatchObject(expected)
  })

  test.each([
    [{ version: '8' }, 'The parameter "version" must be one of "7.0.1", "7.0.2", not "8"'],
    [{ tries: '1.5' }, 'The parameter "tries" must be a whole number, not "1.5"'],
    [{ tries: '9007199254740993' }, 'The parameter "tries" must be a whole number, not 9007199254740992'],
    [{ tries: '' }, 'The parameter "tries" must be a whole number, not ""'],
    [{ share: '1e999' }, 'The parameter "share" must be a number, not null'],
    [{ force: 'yes' }, 'The parameter "force" must be true or false, not "yes"'],
    [{ names: '[1' }, 'The parameter "names" must be a list, not "[1"'],
    [{ extra: '[1]' }, 'The parameter "extra" must be a map, not [1]'],
    [{ extra: 'a=1' }, 'The parameter "extra" must be a map, not "a=1"'],
    [{ verison: '7' }, 'The runbook has no parameter "verison"'],
    [{ constructor: '7' }, 'The runbook has no parameter "constructor"'],
  ])('refuses what is given wrongly: %j', (given, summary) => {
    const { runbook, diagnostics } = load(WHOLE, given as Record<string, string>)
    expect(runbook).toBeUndefined()
    expect(diagnostics.map(({ code, summary }) => [code, summary])).toEqual([['RUNBOOK_PARAM_INVALID', summary]])
  })

  test('that is not there, or is a folder, or is not text, says so', () => {
    const reason = (file: string): readonly unknown[] =>
      loadRunbook(file, { modules: MODULES }).diagnostics.map(({ code, detail }) => [code, detail])
    expect(reason(join(folder, 'nowhere.yaml'))).toEqual([['FILE_UNREADABLE', 'It does not exist.']])
    expect(reason(folder)).toEqual([['FILE_UNREADABLE', 'It is a folder.']])
    writeFileSync(join(folder, 'old.yaml'), Buffer.from([0x6e, 0x61, 0x3a, 0x20, 0xb3]))
    expect(reason(join(folder, 'old.yaml')).map((each) => (each as string[])[0])).toEqual(['YAML_SYNTAX_INVALID'])
  })

  test('of any text at all never throws', () => {
    const line = fc.constantFrom(
      'steps:',
      '  - service:',
      '      name: a',
      '    when: device.kind == "till"',
      '- x',
      'params:',
      '  a: { type: string }',
      '    restart_on: [a]',
      '  - {}',
      ' ',
      '\t',
      '&a *a',
      '<<: *a',
      '? [a]',
      '"',
      '!!int x',
      '${{ a }}',
      '    rollback:',
      '      - facts:',
      'classify: []',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n')),
    )
    fc.assert(
      fc.property(text, (source) => {
        const { runbook, diagnostics } = load(source, {})
        expect(runbook === undefined).toBe(diagnostics.length > 0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('rendered parameters', () => {
  const service = MODULES.find(({ name }) => name === 'service')!

  test('are right, or it is said in words what is wrong', () => {
    expect(checkRendered(service, { name: 'a', state: 'running' })).toEqual([])
    expect(checkRendered(service, { name: '', state: 'up', more: 1 })).toHaveLength(3)
    expect(checkRendered(service, { name: 'a' })).toEqual([
      expect.stringContaining('The key "state" is missing. What it should be doing.'),
    ])
  })
})
