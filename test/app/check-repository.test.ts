// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openProject } from '../../src/app/project.ts'
import { checkRepository, type RepositoryCheck } from '../../src/app/revision/check-repository.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-repository-'))
afterAll(() => rmSync(folder, { recursive: true }))

const INVENTORY = `fleet: { name: sample }
profiles:
  till-linux: { kind: till, os: { family: linux }, transport: { type: ssh, user: till } }
regions:
  mazowieckie: { name: Mazowieckie }
stores:
  PL-0001:
    name: Warszawa
    region: mazowieckie
    address: { street: Polna 1, postcode: 00-001, city: Warszawa }
    time_zone: Europe/Warsaw
    hours: { week: { mon-sun: 06:00-22:00 } }
    link: { type: fibre }
    owner: { name: Jan }
    devices:
      pos1: { profile: till-linux, address: 10.0.0.1 }
`
const HEALTH = `params:
  limit: { type: integer, default: 5 }
steps:
  - facts:
`

async function check(files: Readonly<Record<string, string>>): Promise<RepositoryCheck> {
  const root = mkdtempSync(join(folder, 'case-'))
  for (const [name, text] of Object.entries({
    'inventory/all.yaml': INVENTORY,
    'runbooks/health.yaml': HEALTH,
    ...files,
  })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const project = await openProject(root)
  try {
    return await checkRepository(project)
  } finally {
    await project.close()
  }
}

function told({ diagnostics }: RepositoryCheck): readonly string[] {
  return diagnostics.map(({ code, severity, source, summary }) => {
    const file = source?.file.split('/').at(-1)
    return `${severity} ${code} ${file}:${source?.line}:${source?.column} ${summary}`
  })
}

describe('the check of a repository', () => {
  test('finds nothing where nothing is wrong, and says how much it looked at', async () => {
    const result = await check({ 'tillwright.yaml': 'assignments: [{ runbook: health, params: { limit: 7 } }]\n' })
    expect(result).toEqual({
      diagnostics: [],
      checked: { stores: 1, devices: 1, modules: 0, runbooks: 1, assignments: 1 },
    })
  })

  test('names regions, calendars and selectors by which a rule protects nothing', async () => {
    const result = await check({
      'tillwright.yaml': `guards:
  busy: {is: in-use, file: /x, regions: [mazowiecki]}
policies:
  default:
    freezes:
      - {name: closing, from: '2026-12-01', to: '2026-12-05', why: Trade, regions: [mazowiekie]}
      - {name: holidays, calendar: closing.ics, why: Holidays}
      - {name: pilots, from: '2026-12-01', to: '2026-12-05', why: Trade, where: "device.vars.ring != 'pilot'"}
    caps:
      - {name: none, out: 1, where: "device.kind == 'router'"}
    rollout:
      windows: [{name: events, calendar: broken.ics}]
`,
      'broken.ics': 'no calendar',
    })
    expect(told(result).map((line) => line.replace(/: "device.vars.*/, ''))).toEqual([
      'error INV_REFERENCE_UNKNOWN tillwright.yaml:6:85 There is no region "mazowiekie" in the inventory, and freeze "closing" of policy "default" is meant for it',
      'error INV_REFERENCE_UNKNOWN tillwright.yaml:2:42 There is no region "mazowiecki" in the inventory, and guard "busy" is meant for it',
      'error FILE_UNREADABLE tillwright.yaml:7:36 "closing.ics" cannot be read',
      'error CALENDAR_INVALID broken.ics:1:1 The file is not an iCal file',
      'warning EXPRESSION_FAILED tillwright.yaml:8:81 Whether freeze "pilots" of policy "default" is about a device cannot always be told',
      'warning SELECTOR_EMPTY tillwright.yaml:10:37 No device of the inventory is meant by cap "none" of policy "default"',
    ])
    expect(result.diagnostics[0]?.hint).toBe('did you mean "mazowieckie"?')
  })

  test('tells a selector of an assignment that compares what cannot be compared', async () => {
    const result = await check({
      'tillwright.yaml': 'assignments: [{ runbook: health, where: device.vars.pos > 7 }]\n',
      'inventory/all.yaml': INVENTORY.replace('10.0.0.1 }', '10.0.0.1, vars: { pos: "8" } }'),
    })
    expect(told(result)).toEqual([
      expect.stringMatching(/^warning EXPRESSION_FAILED tillwright.yaml:1:26 "device.vars.pos > 7": /),
    ])
  })

  test('tells the problems of all files at once', async () => {
    const result = await check({
      'tillwright.yaml': 'assignments:\n  - runbook: health\n',
      'inventory/all.yaml': INVENTORY.replace('profile: till-linux', 'profile: till-linx'),
      'runbooks/one.yaml': 'steps:\n  - fatcs:\n',
      'runbooks/two.yml': 'steps:\n  - facts:\n    when: device.knd == "till"\n',
    })
    expect(told(result)).toEqual([
      'error INV_PROFILE_UNKNOWN all.yaml:16:24 Unknown profile "till-linx"',
      'error RUNBOOK_MODULE_UNKNOWN one.yaml:2:5 There is no module "fatcs"',
      'error EXPRESSION_INVALID two.yml:3:18 device has no "knd"',
    ])
  })

  test('tells placeholders of Jinja in texts of runbooks, and not those of Go, which programs on devices take', async () => {
    const result = await check({
      'tillwright.yaml': '',
      'runbooks/health.yaml': String.raw`params: { version: { type: string, default: x } }
steps:
  - { id: a, file: { path: /etc/motd, content: "Hello {{ store.name }} of {{ inventory_hostname }}\n" } }
  - id: b
    command:
      run: |
        echo #{{ device.name }} {{ version }}
      always: true
  - { id: c, command: { run: "echo '{% if tills %}x{% endif %}' {{ntp_server|default('x')}}", always: true } }
  - { id: go, command: { run: "docker ps --format '{{.Names}} {{json .}} {{range .X}}{{end}}{{len .X}}'", always: true } }
  - { id: own, file: { path: /x, content: "#{{ '{{ x }}' }} $#{{ x }}" } }
  - { id: one, command: { run: "echo #{HOME} #{x.y} #{ device.name }", always: true } }
classify:
  - { when: steps.a.changed, fault: x, severity: attention, remedy: "look at {{ device.name }}" }
`.replaceAll('#{', '${'),
    })
    const warned = 'warning PLACEHOLDER_FOREIGN health.yaml'
    const stands = 'is not filled in here: it goes to the device as it stands'
    expect(told(result)).toEqual([
      `${warned}:3:55 "{{ store.name }}" ${stands}, as 1 more of this text`,
      `${warned}:7:33 "{{ version }}" ${stands}`,
      `${warned}:9:37 "{% if tills %}" ${stands}, as 2 more of this text`,
      `${warned}:12:53 "\${ device.name }" ${stands}`,
      `${warned}:14:78 "{{ device.name }}" ${stands}`,
    ])
    expect(result.diagnostics.map(({ hint }) => hint)).toEqual([
      'write: ${{ store.name }}',
      'write: ${{ params.version }}',
      'a condition: ${{ device.kind == "till" ? "a" : "b" }}',
      'write: ${{ device.name }}',
      'write: ${{ device.name }}',
    ])
  })

  test('tells a contract that covers no device, at what leaves all of them out', async () => {
    const result = await check({
      'tillwright.yaml': `contracts:
  tills: { threshold: 99, kinds: [till] }
  lines:
    threshold: 99
    where: device.kind == 'router'
`,
    })
    expect(told(result)).toEqual([
      'warning SELECTOR_EMPTY tillwright.yaml:5:12 The contract "lines" covers no device of the inventory',
    ])
    const [{ detail } = { detail: '' }] = result.diagnostics
    expect(detail).toBe('None fits its `where`: `till inventory list` shows what there is.')
  })

  test('tells a line that is indented too much once, at that line', async () => {
    const steps = (text: string): Promise<RepositoryCheck> =>
      check({ 'tillwright.yaml': '', 'runbooks/health.yaml': `steps:\n${text}` })
    const tooMuch = 'A line is indented more than the one before, whose text it would go on with'
    expect(told(await steps('  - id: a\n      facts:\n'))).toEqual([
      `error YAML_SYNTAX_INVALID health.yaml:3:7 ${tooMuch}`,
    ])
    const other = 'A line begins in another column than those beside it'
    expect(told(await steps('  - id: a\n    file: {path: /x}\n      when: true\n'))).toEqual([
      `error YAML_SYNTAX_INVALID health.yaml:4:1 ${other}`,
    ])
  })

  test('shows at the assignment what only the assignment can be blamed for', async () => {
    const result = await check({
      'tillwright.yaml': `assignments:
  - runbook: helth
  - { runbook: health, params: { limit: many } }
  - { runbook: health, params: { limt: 5 } }
  - { runbook: health, where: device.kind == "router" }
`,
    })
    expect(told(result)).toEqual([
      'error RUNBOOK_UNKNOWN tillwright.yaml:2:14 There is no runbook "helth"',
      'error RUNBOOK_PARAM_INVALID tillwright.yaml:3:16 The parameter "limit" must be a whole number, not "many"',
      'error RUNBOOK_PARAM_INVALID tillwright.yaml:4:16 The runbook has no parameter "limt"',
      'warning SELECTOR_EMPTY tillwright.yaml:5:16 No device of the inventory is assigned "health" here',
    ])
  })

  test('finds a policy that is not there, which a plan would refuse', async () => {
    const result = await check({ 'tillwright.yaml': '', 'runbooks/health.yaml': `policy: nope\n${HEALTH}` })
    expect(told(result)).toEqual(['error POLICY_UNKNOWN health.yaml:1:9 There is no policy "nope"'])
  })

  test('finds secrets of no known kind, and repeats nothing that may be one', async () => {
    const result = await check({
      'tillwright.yaml': '',
      'inventory/all.yaml': INVENTORY.replace(
        '10.0.0.1 }',
        '10.0.0.1, vars: { a: { secret: "evn:X" }, b: { secret: hunter2 } } }',
      ),
      'runbooks/health.yaml': 'steps:\n  - file: { path: /x, content: { secret: "fiel:/x" } }\n',
    })
    expect(told(result)).toEqual([
      'error SCHEMA_VALUE_INVALID all.yaml:16:76 "evn" is no kind of place of a secret',
      'error SCHEMA_VALUE_INVALID all.yaml:16:100 What stands here is no kind of place of a secret',
      'error SCHEMA_VALUE_INVALID health.yaml:2:42 "fiel" is no kind of place of a secret',
    ])
    expect(result.diagnostics.map(({ hint }) => hint)).toEqual([
      'did you mean "env:"?',
      undefined,
      'did you mean "file:"?',
    ])
  })

  test('finds what tillwright.yaml names and is not there, or is something else, at the line that names it', async () => {
    const paths = 'runbooks: tillwright.yaml\nmodules: nope/\nknown_hosts: inventory\nstate: inventory\n'
    const result = await check({ 'tillwright.yaml': `${paths}responsibility: x.yaml\n` })
    expect(told(result).map((line) => line.replace(/"\/.*\//, '"'))).toEqual([
      'error FILE_UNREADABLE tillwright.yaml:2:10 "nope/" cannot be read',
      'error FILE_UNREADABLE tillwright.yaml:1:11 "tillwright.yaml" cannot be read',
      'error FILE_UNREADABLE tillwright.yaml:3:14 "inventory" cannot be read',
      'error FILE_UNREADABLE tillwright.yaml:4:8 "inventory" cannot be read',
      'error FILE_UNREADABLE tillwright.yaml:5:17 "x.yaml" cannot be read',
    ])
    expect(told(await check({ 'tillwright.yaml': 'inventory: nope\n' }))).toEqual([
      expect.stringMatching(/^error FILE_UNREADABLE tillwright.yaml:1:12 .*nope" cannot be read$/),
    ])
  })

  test('a list of signers that stands where plans are applied is a remark elsewhere', async () => {
    const plans = 'plans:\n  signers: /nonexistent/plan_signers\n'
    const result = await check({ 'tillwright.yaml': plans })
    expect(told(result)).toEqual([
      'warning PLAN_UNTRUSTED tillwright.yaml:2:12 "/nonexistent/plan_signers" is not on this machine',
    ])
    const list = join(folder, 'plan_signers')
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'
    writeFileSync(list, `ci@example.com valid-before="20270101" ${key}\n`)
    const wrong = await check({ 'tillwright.yaml': `plans:\n  signers: ${list}\n` })
    expect(told(wrong)).toEqual([expect.stringMatching(/^error PLAN_UNTRUSTED tillwright.yaml:2:12 Line 1 of /)])
  })

  test('tells names of scheduled reports that are not there where they stand, and where they would', async () => {
    const result = await check({
      'tillwright.yaml': `reports:
  weekly:
    report: availability
    every: week
    at: '06:00'
    time_zone: Europe/Warsaw
    as: acme
    to: [regional-north]
`,
    })
    expect(told(result).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'error SCHEMA_VALUE_INVALID tillwright.yaml:8:10',
      'error SCHEMA_VALUE_INVALID tillwright.yaml:7:9',
    ])
    expect(result.diagnostics[0]?.detail).toBe('There are none in `responsibility.contacts`.')
  })

  test('tells a mistake in a runbook once, however often it is assigned', async () => {
    const result = await check({
      'tillwright.yaml': 'assignments:\n  - runbook: health\n  - runbook: health\n',
      'runbooks/health.yaml': 'steps:\n  - fatcs:\n',
    })
    expect(told(result)).toEqual(['error RUNBOOK_MODULE_UNKNOWN health.yaml:2:5 There is no module "fatcs"'])
  })
})
