// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { inventoryWith, snapshot, TestProject } from './project.ts'

const LICENCE = `name: till-licence
summary: Sees to it that the licence of the till is the one that was bought
reacts: true
params:
  required: [key, path]
  properties:
    key: {type: string, examples: [ABCD-1234]}
    seats: {type: integer, minimum: 1}
    path: {type: string, pattern: '^/', examples: [/opt/till/licence]}
desired:
  key: "\${{ params.key }}"
  seats: "\${{ params.seats }}"
posix:
  observe: |
    set -eu
    key_is='' seats_are=''
    if [ -e "$path" ]; then key_is=$(sed -n 1p "$path"); seats_are=$(sed -n 2p "$path"); fi
    json_object key "$key_is" seats: "$seats_are"
  converge: |
    set -eu
    printf '%s\\n%s\\n' "$key" "\${seats-}" >"$path"
    echo run >>"$path.log"
`
const LOCAL = '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n'

let project: TestProject
const projects: TestProject[] = []

beforeEach(() => {
  project = new TestProject({
    'tillwright.yaml': '',
    'inventory/stores.yaml': inventoryWith(LOCAL),
    'modules/till-licence.yaml': LICENCE,
  })
  projects.push(project)
  project.write(
    'runbooks/licence.yaml',
    `params:
  key: {type: string, default: ABCD-1234}
steps:
  - till-licence: {key: "\${{ params.key }}", seats: 3, path: ${project.path('device/licence')}}
  - assert: {that: '\${{ steps["till-licence"].value.seats == 3 }}', message: three seats}
`,
  )
  project.write('device/.keep', '')
})
afterAll(async () => {
  for (const each of projects) await each.remove()
})

function codesOf(stdout: string): readonly string[] {
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; source?: { file: string; line: number; column: number } }[]
  }
  return diagnostics.map(({ code, source }) => `${code} ${source?.file}:${source?.line}:${source?.column}`)
}

describe('a runbook with a module of the repository', () => {
  test('plans without writing, applies, and is content; in a worker thread, too', async () => {
    const before = snapshot(project.path('device'))
    const planned = await project.till('plan', 'licence', '--json')
    expect(planned.code).toBe(3)
    expect(snapshot(project.path('device'))).toEqual(before)
    const [step] = JSON.parse(planned.stdout).devices[0].steps
    expect(step).toMatchObject({ module: 'till-licence', state: 'drifted', value: { key: '', seats: null } })
    expect(step.changes).toEqual([
      { path: 'key', before: '', after: 'ABCD-1234' },
      { path: 'seats', before: null, after: 3 },
    ])
    const applied = await project.till('apply', 'licence', '--yes', '--workers', '1', '--json')
    expect(applied.stderr).toBe('')
    expect(JSON.parse(applied.stdout).devices[0]).toMatchObject({
      state: 'changed',
      steps: [{ state: 'changed' }, { state: 'ok' }],
    })
    expect(project.read('device/licence')).toBe('ABCD-1234\n3\n')
    const again = await project.till('apply', 'licence', '--yes', '--json')
    expect(JSON.parse(again.stdout).devices[0].state).toBe('in-sync')
    expect(project.read('device/licence.log')).toBe('run\n')
  })

  test('reacts to a step before it', async () => {
    project.write(
      'runbooks/react.yaml',
      `steps:
  - file: {path: ${project.path('device/config')}, content: "a\\n"}
  - till-licence: {key: K, seats: 1, path: ${project.path('device/licence')}}
    restart_on: [file]
`,
    )
    project.write('device/licence', 'K\n1\n')
    const applied = await project.till('apply', 'react', '--yes', '--json')
    expect(JSON.parse(applied.stdout).devices[0].steps[1]).toMatchObject({
      state: 'changed',
      changes: [{ path: 'reaction', before: null, after: 'till-licence', once: true }],
    })
    expect(project.read('device/licence.log')).toBe('run\n')
  })

  test('has a plan that is stale when the module changes', async () => {
    await project.till('plan', 'licence', '--output', 'plan.json')
    project.write('modules/till-licence.yaml', `${LICENCE}# another word\n`)
    const applied = await project.till('apply', 'plan.json', '--yes', '--json')
    expect(applied.code).toBe(2)
    expect(codesOf(applied.stdout)).toEqual(['PLAN_STALE undefined:undefined:undefined'])
    expect(existsSync(project.path('device/licence'))).toBe(false)
  })

  test('says what observe printed where it is no object', async () => {
    project.write('modules/till-licence.yaml', LICENCE.replace('json_object key', 'echo key'))
    const planned = await project.till('plan', 'licence', '--json')
    expect(planned.code).toBe(4)
    expect(JSON.parse(planned.stdout).devices[0].failure).toMatchObject({
      code: 'MODULE_OUTPUT_INVALID',
      phase: 'observe',
      evidence: { stdout: 'key  seats: \n' },
    })
  })

  test('never shows a secret, not even one that the module prints wrongly', async () => {
    const secret = 'Sup3r"s3cret'
    project.write(
      'runbooks/licence.yaml',
      `steps:\n  - till-licence: {key: {secret: "file:${project.path('key')}"}, path: ${project.path('device/licence')}}\n`,
    )
    project.write('key', secret)
    const ran = [await project.till('apply', 'licence', '--yes', '--json')]
    expect(project.read('device/licence')).toBe(`${secret}\n\n`)
    project.write('modules/till-licence.yaml', LICENCE.replace('json_object key', 'echo key'))
    ran.push(await project.till('plan', 'licence', '--json'), await project.till('runs', 'show', 'latest'))
    const state = readdirSync(project.path('.till')).map((name) => join('.till', name))
    const texts = [
      ...ran.flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ...state.filter((name) => name.includes('state.db')).map((name) => readFileSync(project.path(name), 'latin1')),
    ]
    expect(texts.length).toBeGreaterThan(6)
    for (const text of texts) expect(text).not.toMatch(/Sup3r|s3cret/)
  })

  test('is refused with wrong parameters, at their place', async () => {
    project.write('runbooks/licence.yaml', 'steps:\n  - till-licence: {kee: K, seats: 0, path: /x}\n')
    const { code, stdout } = await project.till('validate', '--json')
    expect(code).toBe(2)
    expect(codesOf(stdout)).toEqual([
      'SCHEMA_KEY_UNKNOWN runbooks/licence.yaml:2:20',
      'SCHEMA_VALUE_INVALID runbooks/licence.yaml:2:35',
    ])
  })

  test('is refused where the module is broken; one that it does not use may be', async () => {
    project.write('modules/other.yaml', 'name: other\nsummary: Broken\n')
    expect((await project.till('plan', 'licence')).code).toBe(3)
    const all = await project.till('validate', '--json')
    expect([all.code, ...codesOf(all.stdout)]).toEqual([2, 'SCHEMA_KEY_MISSING modules/other.yaml:1:1'])
    project.write('modules/till-licence.yaml', LICENCE.replace('params.seats', 'params.seat'))
    const planned = await project.till('plan', 'licence', '--json')
    expect([planned.code, ...codesOf(planned.stdout)]).toEqual([
      2,
      'EXPRESSION_INVALID modules/till-licence.yaml:12:22',
    ])
  })

  test('is completed by an editor', async () => {
    const { stdout } = await project.till('schema', 'runbook')
    const schema = JSON.parse(stdout)
    expect(schema.definitions['module-till-licence']).toMatchObject({
      description: 'Sees to it that the licence of the till is the one that was bought',
      required: ['key', 'path'],
    })
    expect(schema.definitions.step.properties['till-licence']).toEqual({ $ref: '#/definitions/module-till-licence' })
    project.write('modules/other.yaml', 'name: other\n')
    expect((await project.till('schema', 'runbook')).code).toBe(2)
    expect((await project.till('schema', 'event')).code).toBe(0)
  })

  test('finds its modules in the folder that the project names', async () => {
    project.write('tillwright.yaml', 'modules: own\n')
    expect((await project.till('validate')).code).toBe(2)
    project.write('own/till-licence.yml', LICENCE)
    expect((await project.till('validate')).code).toBe(0)
  })
})
