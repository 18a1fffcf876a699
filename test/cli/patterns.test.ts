import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { inventoryOf, inventoryWith, TestProject } from './project.ts'

const hasOpenSsh = sshServers.some(({ name }) => name === 'OpenSSH')
const NEAR_MISS = `${'a'.repeat(60)}!`

const RUNBOOK = (step: string): string => `name: x\nsteps:\n  - ${step}\n`

describe('a pattern that the dialect does not know', () => {
  const plain = inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n')
  const project = new TestProject({ 'tillwright.yaml': '', 'inventory/fleet.yaml': plain })
  afterAll(() => project.remove())

  it.each([
    ['command: {run: [x], read_only: true, expect: {stdout: "(?=a)b"}}', '3:59', 'looking ahead'],
    ['script: {sh: x, read_only: true, expect: {stderr: "(a)\\\\1"}}', '3:55', 'references back'],
    ['http: {url: "http://x/", from: controller, expect: {body: "a++"}}', '3:63', 'cannot be repeated'],
    ['http: {url: "http://x/", from: device, expect: {headers: {Server: "["}}}', '3:71', 'missing closing'],
    ['local: {run: [x], check: [x], changed_when: {stdout: "(?<!a)b"}}', '3:58', 'looking ahead or behind'],
    ['log: {path: /x, pattern: "\\\\p{L}"}', '3:30', 'looked for on the device'],
    ['process: {pattern: "a("}', '3:24', 'missing closing'],
    ['receipts: {log: {path: /x, pattern: "^(\\\\d+)\\\\1"}}', '3:41', 'references back'],
    ['{when: "device.id.matches(\'(?=a)\')", assert: {that: true}}', '3:31', 'looking ahead'],
  ])('is refused when the runbook is loaded, with its place: %s', async (step, place, why) => {
    project.write('runbooks/x.yaml', RUNBOOK(step))
    const { code, stdout } = await project.till('validate', '--json')
    const { diagnostics } = JSON.parse(stdout)
    expect(diagnostics).toHaveLength(1)
    const [{ source, detail }] = diagnostics
    expect({ code, at: `${source.line}:${source.column}`, detail }).toEqual({
      code: 2,
      at: place,
      detail: expect.stringMatching(new RegExp(why, 'i')),
    })
  })

  it('is refused in the inventory, in modules of users, in their cases and on the command line', async () => {
    project.write('runbooks/x.yaml', RUNBOOK('assert: {that: true}'))
    const prompts = 'transport: {prompts: [{match: "(?=P)", answer: {secret: "env:X"}}]}'
    project.write(
      'inventory/fleet.yaml',
      inventoryWith(`      pos1: {profile: till, address: 127.0.0.1, ${prompts}}\n`),
    )
    project.write(
      'modules/mine.yaml',
      'name: mine\nsummary: Mine\nparams: {type: object, properties: {a: {type: string, pattern: "(?=x)"}}}\nposix: {observe: "echo {}"}\n',
    )
    const { stdout } = await project.till('validate', '--json')
    const found = JSON.parse(stdout).diagnostics.map(
      ({ source, detail }: { source: { file: string; line: number }; detail: string }) =>
        `${source.file}:${source.line} ${detail}`,
    )
    expect(found).toContainEqual(expect.stringMatching(/fleet\.yaml:\d+ Looking ahead/))
    expect(found).toContainEqual(expect.stringMatching(/mine\.yaml:3 Looking ahead/))
    project.write('inventory/fleet.yaml', plain)
    const where = await project.till('inventory', 'list', '--where', 'device.id.matches("(a)\\\\1")')
    expect(where).toMatchObject({ code: 2, stderr: expect.stringContaining('References back') })
  })
})

describe('a selector whose pattern would try for ever elsewhere', () => {
  it('picks devices at once', async () => {
    const project = new TestProject({
      'tillwright.yaml': '',
      'inventory/fleet.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n'),
    })
    const where = `"${NEAR_MISS}".matches("^(a+)+$") || ("${'a'.repeat(60)}" + store.id).matches("^(a|a)*$")`
    const { code, stdout } = await project.till('inventory', 'list', '--json', '--where', where)
    await project.remove()
    expect({ code, devices: JSON.parse(stdout).devices }).toEqual({ code: 0, devices: [] })
  })
})

describe('a device on which blanks stand without end', () => {
  const BLANKS = ' '.repeat(100_000)
  const project = new TestProject({
    'tillwright.yaml': '',
    'inventory/fleet.yaml': inventoryWith(
      '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n',
    ),
    'device/a.ini': `[a]\n${BLANKS}b\nc${BLANKS}= 1${BLANKS}2\n`,
    'device/a.conf': `${BLANKS}b=1\n# c${BLANKS}d\nc${BLANKS}= 1${BLANKS}2\n`,
    'device/a.properties': `b${BLANKS}c\n`,
  })
  afterAll(() => project.remove())

  it('is judged as any other, in what it prints and in its files', async () => {
    const config = (name: string, format: string, set: string): string =>
      `  - config: {path: ${project.path(`device/${name}`)}, format: ${format}, set: ${set}}\n`
    project.write(
      'runbooks/x.yaml',
      `name: x
steps:
  - id: said
    command: {run: "head -c 400000 /dev/zero | tr '\\\\0' '\\\\n'; echo x", read_only: true, expect: {stdout: 'x'}}
${config('a.ini', 'ini', '{a.new: "1"}')}${config('a.conf', 'plain', '{new: "1"}')}${config('a.properties', 'properties', '{new: "1"}')}`,
    )
    const { code, stdout } = await project.till('plan', 'x', '--json')
    const [device] = JSON.parse(stdout).devices
    const states = device.steps.map(({ state }: { state: string }) => state)
    expect({ code, states }).toEqual({ code: 3, states: ['ok', 'drifted', 'drifted', 'drifted'] })
  })
})

describe.skipIf(!hasOpenSsh)('a device that prints what nearly matches', () => {
  let keys: ClientKeys
  let server: SshServer
  let project: TestProject

  beforeAll(async () => {
    keys = makeClientKeys()
    server = await startOpenSsh(keys, '127.8.3.1')
    project = new TestProject({ 'tillwright.yaml': '', 'inventory/fleet.yaml': inventoryOf([server], keys) })
  })
  afterAll(async () => {
    await server.stop()
    await project.remove()
    keys.remove()
  })

  it('is judged, and the run goes on', async () => {
    project.write('log.txt', `${NEAR_MISS}\n`)
    project.write(
      'runbooks/x.yaml',
      `name: x
steps:
  - id: said
    command: {run: [echo, "${NEAR_MISS}"], read_only: true}
  - id: looked
    when: '!steps.said.value.stdout.matches("^(a+)+$")'
    log: {path: ${project.path('log.txt')}, pattern: '^(a+)+$', max: 0}
  - id: expected
    command: {run: [echo, "${NEAR_MISS}"], read_only: true, expect: {stdout: '^(a|aa)+$'}}
`,
    )
    const { code, stdout } = await project.till('plan', 'x', '--json')
    const [device] = JSON.parse(stdout).devices
    const states = device.steps.map(({ state }: { state: string }) => state)
    expect({ code, states }).toEqual({ code: 3, states: ['ok', 'ok', 'unmet'] })
  })
})
