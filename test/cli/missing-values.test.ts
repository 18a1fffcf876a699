// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inventoryWith, TestProject } from './project.ts'

const LOCAL = 'transport: {type: local}'
const DEVICES = `      pos1: {profile: till, address: 127.0.0.1, ${LOCAL}, vars: {tillapp: {server: here}}}
      pos2: {profile: till, address: 127.0.0.1, ${LOCAL}}
      pos3: {profile: till, address: 127.0.0.1, ${LOCAL}, vars: {old: true}}
`
let project: TestProject
const mark = (): string => project.path('touched')

beforeAll(() => {
  project = new TestProject({ 'tillwright.yaml': '', 'inventory/stores.yaml': inventoryWith(DEVICES) })
  project.write(
    'runbooks/write.yaml',
    `name: write
targets: device.kind == 'till'
steps:
  - command: { run: 'touch ${mark()}', creates: '${mark()}' }
  - file: { path: ${mark()}2, content: "server=\${{ vars.tillap.server }}" }
    when: "!has(vars.old)"
`,
  )
})
afterAll(() => project.remove())

const fault = () => ({
  code: 'VALUE_MISSING',
  summary: '"vars.tillap.server": there is no "tillap" in vars',
  detail: expect.stringContaining('PL-0001/pos1, PL-0001/pos2.'),
  hint: 'did you mean "tillapp"?',
  source: expect.objectContaining({ file: 'runbooks/write.yaml', line: 5, column: columnOf('vars.tillap') }),
})
const columnOf = (text: string): number => (project.read('runbooks/write.yaml').split('\n')[4] ?? '').indexOf(text) + 1

it.each([['validate'], ['plan', 'write'], ['apply', 'write', '--yes']])(
  '%s finds a value that devices lack before anything is touched',
  async (...args) => {
    const { code, stdout } = await project.till(...args, '--json')
    expect(JSON.parse(stdout).diagnostics).toEqual([expect.objectContaining(fault())])
    expect(code).toBe(2)
    expect((await project.till('runs', 'list', '--json')).stdout).not.toContain('"mode":"apply"')
  },
)

it.each<[string, string, Record<string, unknown>]>([
  [
    'a condition',
    'when: vars.tillap.on',
    { summary: '"vars.tillap.on": there is no "tillap" in vars', hint: 'did you mean "tillapp"?', at: 'vars.tillap' },
  ],
  [
    'a map within a text',
    "name: x\n    when: 'has(vars.tillapp)'",
    { summary: expect.stringContaining('"vars.tillapp" is a map; it cannot be part of a text'), at: 'vars.tillapp }' },
  ],
])('finds %s that would end a run after its first step', async (_, more, { at, ...words }) => {
  const text = 'content: "server=${{ vars.tillapp }}"'
  project.write(
    'runbooks/then.yaml',
    `name: then
targets: device.kind == 'till'
steps:
  - command: { run: 'touch ${mark()}', creates: '${mark()}' }
  - file: { path: ${mark()}2, ${more.startsWith('when') ? 'content: x' : text} }
    ${more}
`,
  )
  const lines = project.read('runbooks/then.yaml').split('\n')
  const line = lines.findIndex((each) => each.includes(String(at)))
  const source = expect.objectContaining({ line: line + 1, column: (lines[line] ?? '').indexOf(String(at)) + 1 })
  for (const words_ of [['validate'], ['apply', 'then', '--yes']]) {
    const { code, stdout } = await project.till(...words_, '--json')
    const found = JSON.parse(stdout).diagnostics.filter(
      (one: { source: { file: string } }) => one.source.file === 'runbooks/then.yaml',
    )
    expect(found).toEqual([expect.objectContaining({ code: 'VALUE_MISSING', ...words, source })])
    expect(code).toBe(2)
  }
  expect((await project.till('runs', 'list', '--json')).stdout).not.toContain('"mode":"apply"')
})

it('holds what is filled in against the module, before anything is touched', async () => {
  project.write(
    'runbooks/named.yaml',
    `name: named
targets: device.kind == 'till'
params:
  service: {type: string, default: tillapp, description: A name}
steps:
  - command: { run: 'touch ${mark()}', creates: '${mark()}' }
  - service: { name: "\${{ params.service }}", state: running }
`,
  )
  for (const mode of [['plan'], ['apply', '--yes']] as const) {
    const [command, ...more] = mode
    const { code, stdout } = await project.till(command, 'named', '--param', 'service=a;b', ...more, '--json')
    expect(JSON.parse(stdout).diagnostics).toEqual([
      expect.objectContaining({
        code: 'SCHEMA_VALUE_INVALID',
        summary: expect.stringContaining('"name"'),
        detail: expect.stringContaining('It is so for PL-0001/pos1, PL-0001/pos2, PL-0001/pos3.'),
        source: expect.objectContaining({ file: 'runbooks/named.yaml', line: 7 }),
      }),
    ])
    expect(code).toBe(2)
  }
})

it('says of a selector that no device has what it names', async () => {
  const where = (text: string) => project.till('plan', 'named', '--where', text)
  const slip = await where("device.vars.tillap.server == 'here'")
  expect(slip.code).toBe(2)
  expect(slip.stderr).toContain('No device matches the selection: none has "device.vars.tillap"')
  expect(slip.stderr).toContain('did you mean "tillapp"?')
  // Some have it, with another value.
  expect((await where("device.vars.tillapp.server == 'there'")).stderr).toContain(
    'The runbook is meant for devices where',
  )
})

it('passes over devices that the step is not for, and over values that only a step will tell', async () => {
  const { code, stdout } = await project.till('plan', 'write', '--device', 'PL-0001/pos3', '--json')
  expect(JSON.parse(stdout).devices).toMatchObject([{ state: 'drifted' }])
  expect(code).toBe(3)
})
