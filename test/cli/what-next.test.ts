// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { afterEach, expect, it } from 'vitest'
import { inventoryWith, TestProject } from './project.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

const LOCAL = '{profile: till, address: 127.0.0.1, transport: {type: local}}'

function projectWith(devices: number, runbooks: Readonly<Record<string, string>>): TestProject {
  const lines = Array.from({ length: devices }, (_, index) => `      next${index + 1}: ${LOCAL}\n`)
  const files = Object.entries(runbooks).map(([name, text]) => [`runbooks/${name}.yaml`, `name: ${name}\n${text}`])
  project = new TestProject({
    'tillwright.yaml': '',
    'inventory/stores.yaml': inventoryWith(lines.join('')),
    ...(Object.fromEntries(files) as Record<string, string>),
  })
  return project
}

const HEALTH = `
params: { room: { type: string, default: 900000GiB } }
steps:
  - { id: room, disk: { path: /, free_min: "\${{ params.room }}" } }
classify:
  - when: steps.room.state == 'unmet'
    fault: disk-full
    severity: attention
    remedy: till apply clear --param path=/tmp, then look again
`
const CLEAR = `
params: { path: { type: string } }
steps:
  - { id: there, directory: { path: "\${{ params.path }}" } }
`

it('remedies carry the device, and a finding of many the run, by which only these are picked', async () => {
  const { till } = bound(projectWith(5, { health: HEALTH, clear: CLEAR }))
  const one = await till('plan', 'health', '--device=PL-0001/next2', '--json')
  const remedy = 'till apply clear --device=PL-0001/next2 --param path=/tmp, then look again'
  const document = JSON.parse(one.stdout)
  expect(document.devices[0].classification.remedy).toBe(remedy)
  expect(document.findings).toMatchObject([{ fault: 'disk-full', count: 1, remedy }])

  const many = JSON.parse((await till('plan', 'health', '--json')).stdout)
  const { run } = many.run
  expect(many.findings).toMatchObject([
    {
      key: 'disk-full|||attention|',
      count: 5,
      remedy: `till apply clear --from-run=${run}:disk-full --param path=/tmp, then look again`,
    },
  ])
  const shown = await till('runs', 'show', run)
  expect(shown.stdout).toContain(`→ till apply clear --from-run=${run}:disk-full --param path=/tmp, then look again`)
  expect(shown.stdout).toContain(`Again, only what is unmet: till plan health --from-run ${run}:unmet`)
  const picked = await till(
    'plan',
    'clear',
    `--from-run=${document.run.run}:disk-full`,
    '--param',
    'path=/tmp',
    '--json',
  )
  expect(JSON.parse(picked.stdout).run.devices).toBe(1)
  const nonsense = await till('plan', 'clear', `--from-run=${run}:disk-empty`, '--param', 'path=/tmp')
  expect(nonsense.code).toBe(2)
  expect(nonsense.stderr).toContain('or a fault of the run: disk-full')
})

it('every command of a remedy is for the device, unless it picks devices by itself', async () => {
  const remedy =
    'till plan look, then till apply clear --param path=/tmp; or till exec -- reboot; else till plan all --store=S-1'
  const health = HEALTH.replace(/remedy: .*/, `remedy: ${remedy}`)
  const { till } = bound(projectWith(2, { health, clear: CLEAR }))
  const [device] = JSON.parse((await till('plan', 'health', '--device=PL-0001/next2', '--json')).stdout).devices
  const to = '--device=PL-0001/next2'
  expect(device.classification.remedy).toBe(
    `till plan look ${to}, then till apply clear ${to} --param path=/tmp; or till exec ${to} -- reboot; else till plan all --store=S-1`,
  )
})

it('what is left of a plan is planned anew, by commands that can be pasted', async () => {
  const runbook = (text: string): string => `
steps:
  - { id: text, file: { path: "${project?.path('made') ?? ''}-\${{ device.id }}", content: "${text}" } }
`
  project = projectWith(2, {})
  const { till } = bound(project)
  project.write('runbooks/text.yaml', `name: text\n${runbook('new')}`)
  const planned = await till('plan', 'text', '--output', 'plan.json')
  expect([planned.code, planned.stdout.split('\n').at(-2)]).toEqual([
    3,
    'Have the plan reviewed, then: till apply plan.json',
  ])
  const [head, ...rest] = project.read('plan.json').split('"revision":')
  project.write('of-sandbox.json', `${head}"sandbox":true,"revision":${rest.join('"revision":')}`)
  const elsewhere = await till('apply', 'of-sandbox.json')
  expect([elsewhere.code, elsewhere.stderr]).toEqual([
    2,
    expect.stringContaining('There it is applied by: till apply of-sandbox.json --sandbox'),
  ])
  project.write('made-next1', 'by another hand')
  const moved = await till('apply', 'plan.json')
  expect(moved.code).toBe(4)
  const run = /--from-run (\S+):failed/.exec(moved.stdout)?.[1]
  const picked = await till('plan', 'text', `--from-run=${run}:failed:PLAN_MOVED`, '--json')
  expect(JSON.parse(picked.stdout).run.devices).toBe(1)
  const again = 'till plan text --device=PL-0001/next1 --output plan.json'
  expect(moved.stdout).toContain(`→ Plan again and have the new plan reviewed: ${again}`)
  expect(moved.stdout).toMatch(
    /Plan again, only what is failed: till plan text --from-run \S+:failed --output plan\.json/,
  )
  expect(moved.stdout).not.toMatch(/till apply text/)
  expect((await till(...again.split(' ').slice(1))).code).toBe(3)
  project.write('runbooks/text.yaml', `name: text\n${runbook('newer')}`)
  const stale = await till('apply', 'plan.json')
  expect(stale.code).toBe(2)
  expect(stale.stderr.replaceAll(/\s+/g, ' ')).toContain(again)
})

it('a check behind drift is looked at, told, marked, and no reason not to apply', async () => {
  const path = `${process.env['TMPDIR'] ?? '/tmp'}/till-next-${process.pid}`
  project = projectWith(1, {
    mixed: `
steps:
  - { id: text, file: { path: "${path}", content: "one", mode: "0600" } }
  - { id: room, disk: { path: /, free_min: 900000GiB }, continue_on_failure: true }
  - { id: later, file: { path: "${path}-2", content: "two", mode: "0600" } }
  - { id: sure, command: { run: "cat ${path}", read_only: true, expect: { stdout: one } } }
`,
  })
  const { till } = bound(project)
  try {
    const plan = await till('plan', 'mixed', '--output', 'plan.json', '--markdown', 'plan.md', '--json')
    expect(plan.code).toBe(3)
    const { devices, findings } = JSON.parse(plan.stdout)
    expect(devices[0].state).toBe('drifted')
    expect(
      devices[0].steps.map(({ step, state, may_be_mended: mark }: Record<string, unknown>) => [step, state, mark]),
    ).toEqual([
      ['text', 'drifted', undefined],
      ['room', 'unmet', true],
      ['later', 'drifted', undefined],
      ['sure', 'unmet', true],
    ])
    expect(findings.map(({ key, count }: Record<string, unknown>) => [key, count])).toEqual([
      ['drift|mixed/text||attention|', 1],
      ['drift|mixed/later||attention|', 1],
      ['check-unmet|mixed/room||attention|', 1],
      ['check-unmet|mixed/sure||attention|', 1],
    ])
    expect(project.read('plan.md')).toMatch(/CHECK_UNMET.*`room`.*may be mended by the changes before it/)
    const shown = await till('plan', 'mixed')
    expect(shown.stdout).toMatch(/unmet room \(disk\)\n {4}CHECK_UNMET.*\n(.*\n)? {4}the changes before it may mend it/)
    const applied = await till('apply', 'plan.json', '--yes', '--json')
    const [device] = JSON.parse(applied.stdout).devices
    expect(device.steps.map(({ state }: Record<string, unknown>) => state)).toEqual([
      'changed',
      'unmet',
      'changed',
      'ok',
    ])
    expect([device.state, applied.code]).toEqual(['unmet', 3])
    expect(JSON.parse(applied.stdout).findings).toMatchObject([{ fault: 'check-unmet', cause: 'mixed/room' }])
  } finally {
    const { rmSync } = await import('node:fs')
    for (const name of [path, `${path}-2`]) rmSync(name, { force: true })
  }
})

it('devices out of reach are one finding a cause, with their true number', async () => {
  const lines = Array.from(
    { length: 60 },
    (_, n) =>
      `      next${n + 1}: {profile: till, address: 127.1.0.${n + 1}, transport: {port: 1, host_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPnMQ0wGrMZbvWhm6RBHRtLkqpFqZ9Z1nZ4jYpYq1aZ']}}\n`,
  )
  project = new TestProject({
    'tillwright.yaml': '',
    'inventory/stores.yaml': inventoryWith(lines.join('')),
    'runbooks/look.yaml': 'name: look\nsteps:\n  - { id: there, facts: {} }\n',
  })
  const { stdout, code } = await project.till('plan', 'look', '--json')
  expect(code).toBe(5)
  const { findings } = JSON.parse(stdout)
  expect(findings).toMatchObject([{ fault: 'unreachable', cause: 'CONNECT_REFUSED', count: 60 }])
  expect(findings[0].devices).toHaveLength(50)
})

it('status has the last word of each runbook, and the worst of them is the state', async () => {
  const look = 'steps:\n  - { id: room, disk: { path: /, free_min: "${{ params.room }}" } }\n'
  project = projectWith(1, {
    strict: `params: { room: { type: string, default: 900000GiB } }\n${look}`,
    mild: `params: { room: { type: string, default: 1B } }\n${look}`,
  })
  const { till } = bound(project)
  const known = async (): Promise<{ devices: Record<string, unknown>[]; counts: Record<string, number> }> =>
    JSON.parse((await till('status', '--json')).stdout)
  await till('plan', 'strict')
  await till('plan', 'mild')
  const { devices, counts } = await known()
  expect(devices).toMatchObject([
    {
      state: 'unmet',
      code: 'CHECK_UNMET',
      runbooks: ['strict'],
      looks: [
        { state: 'in-sync', runbooks: ['mild'], counts: true },
        { state: 'unmet', runbooks: ['strict'], counts: true },
      ],
    },
  ])
  expect(counts).toMatchObject({ unmet: 1, 'in-sync': 0 })
  const table = (await till('status')).stdout.split('\n')
  expect(table.slice(1, 3).map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
    ['PL-0001/next1', 'unmet'],
    ['PL-0001/next1', 'in-sync'],
  ])
  await till('plan', 'strict', '--param', 'room=1B')
  expect((await known()).devices).toMatchObject([{ state: 'in-sync' }])
})

it.each([
  ['--device', '--help'],
  ['-d', '--version'],
  ['--param', '--yes'],
  ['--where', '-v'],
])('%s %s: a flag is not taken for a value, nor does it ask for help', async (flag, value) => {
  const { till } = bound(projectWith(1, { clear: CLEAR }))
  const { code, stdout, stderr } = await till('apply', 'clear', '--yes', flag, value)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(`${flag} takes a value, and "${value}" looks like a flag`)
  const json = await till('plan', 'clear', flag, value, '--json')
  expect(JSON.parse(json.stdout).diagnostics).toMatchObject([{ code: 'USAGE_INVALID' }])
})

it.each([['--from-run', ''], ['--from-run='], ['--from-run', ' '], ['-d', ''], ['--break-glass', ''], ['--output=']])(
  '%s %s: an empty value is not taken for no flag',
  async (...words) => {
    const { till } = bound(projectWith(1, { clear: CLEAR }))
    const { code, stderr } = await till('apply', 'clear', '--yes', ...words)
    expect([code, stderr]).toEqual([2, expect.stringContaining('takes a value, and the one that is given is empty')])
    expect(JSON.parse((await till('runs', 'list', '--json')).stdout).runs).toEqual([])
  },
)

it('a run without a name is none, also where there is only one', async () => {
  const { till } = bound(projectWith(1, { clear: CLEAR }))
  await till('plan', 'clear')
  for (const words of [
    ['rollback', '', '--yes'],
    ['runs', 'show', ''],
    ['plan', 'clear', '--from-run', ':failed'],
  ]) {
    const { code, stderr } = await till(...words)
    expect([code, stderr]).toEqual([2, expect.stringContaining('RUN_UNKNOWN')])
  }
})

it('a value that begins like a flag stands behind =, and words of others behind two dashes', async () => {
  const { till } = bound(projectWith(1, {}))
  const unknown = await till('plan', 'x', '--device=--help')
  expect(unknown.stderr).toContain('There is no')
  const said = await till('exec', '--device=PL-0001/next1', '--', 'echo', '--device', '--help')
  expect(said.stdout).toContain('--device --help')
})

function bound(of: TestProject): { till: TestProject['till'] } {
  return { till: (...args) => of.till(...args) }
}

it('words that people bring along from other tools get ours for an answer', async () => {
  const { till } = bound(
    projectWith(2, {
      words: 'steps:\n  - { systemd: { name: cups, state: running } }\n  - { lineinfile: { path: /x } }\n',
      state: 'steps:\n  - { service: { name: cups, state: started } }\n',
      tab: 'steps:\n\t- facts: {}\n\t- ping: {}\n  - x\n',
    }),
  )
  const words = (await till('plan', 'words')).stderr
  expect(words).toContain('here it is "service": till module show service')
  expect(words).toContain('here it is "config": till module show config')
  expect((await till('plan', 'state')).stderr).toContain('did you mean "running"?')
  expect((await till('plan', 'tab')).stderr).toMatch(/A tab is used to indent[\s\S]*\n1 error\./)
  const device = await till('inventory', 'list', '-d', 'next2')
  expect(device.stderr).toContain('did you mean "PL-0001/next2"?')
})

it('flags that there are not are answered with those that there are', async () => {
  const { till } = bound(projectWith(1, { clear: CLEAR }))
  const typed = await till('plan', 'clear', '--parm', 'a=b', '--check')
  expect(typed.code).toBe(2)
  expect(typed.stderr).toContain(
    'There is no flag --parm here USAGE_INVALID\n  See till plan --help.\n  did you mean --param?',
  )
  expect(typed.stderr).toContain('a plan changes nothing: till plan')
  const json = await till('apply', 'clear', '--auto-approve', '--json')
  expect(JSON.parse(json.stdout).diagnostics).toMatchObject([{ code: 'USAGE_INVALID', hint: 'here it is --yes' }])
})

it('what is given twice, or is not there, is told with what there is', async () => {
  const { till } = bound(projectWith(1, { clear: CLEAR }))
  const wrong = async (...words: string[]): Promise<string> => {
    const { code, stderr } = await till(...words)
    expect(code).toBe(2)
    return stderr
  }
  const twice = await wrong('plan', 'clear', '--param', 'path=/a', '--param', 'path=/b')
  expect(twice).toContain('The parameter "path" is given twice')
  expect(await wrong('plan', 'clear', '--param', 'path=/a', '--region', 'elsewhere')).toMatch(/It has \S+\.\n/)
  for (const command of ['why', 'history'])
    expect(await wrong(command, 'next1')).toContain('did you mean "PL-0001/next1"?')
})

it('a name of another kind is told with its own flag', async () => {
  const { till } = bound(projectWith(1, { clear: CLEAR }))
  for (const [flag, name, own] of [
    ['--device', 'PL-0001', '--store PL-0001'],
    ['--store', 'PL-0001/next1', '--device PL-0001/next1'],
    ['--store', 'north', '--region north'],
  ] as const) {
    const { code, stderr } = await till('inventory', 'list', flag, name)
    expect([code, stderr]).toEqual([2, expect.stringContaining(`: ${own}\n`)])
  }
  expect((await till('runs', 'show', 'lastest')).stderr).toContain('did you mean "latest"?')
})

it('words of other tools for which there is none here are explained', async () => {
  const state = (module: string, word: string): string => `steps:\n  - { ${module}: { name: cups, state: ${word} } }\n`
  const { till } = bound(projectWith(1, { latest: state('package', 'latest'), again: state('service', 'restarted') }))
  expect((await till('plan', 'latest')).stderr).toContain('name the `version` that is wanted')
  expect((await till('plan', 'again')).stderr).toContain('`restart_on: [STEP]` restarts when an earlier step changed')
})

it('what is suggested names the parameters that were given, and none that is at its default', async () => {
  const params = 'params: { version: { type: string, default: "" }, path: { type: string } }\n'
  const step = `steps:\n  - { file: { path: "$\{{ params.path }}", content: "$\{{ params.version }}" } }\n`
  const { till } = bound(projectWith(1, { put: `${params}${step}` }))
  const { stdout } = await till('plan', 'put', '--param', 'path=/no-such/file')
  expect(stdout).toMatch(/Mend the drift: till apply put --param path=\/no-such\/file --from-run /)
})

it('what is said to type next leads to the repository that was named, from where it was said', async () => {
  const named = projectWith(1, { clear: CLEAR })
  const root = named.path('.').replace(/\/$/, '')
  const elsewhere = new TestProject({})
  const { stdout } = await elsewhere.till('plan', 'clear', '--param', 'path=/tmp/no-such', '--project', root)
  const commands = [...stdout.matchAll(/: (till .*)$/gm)].map(([, command = '']) => command)
  expect(commands).toEqual([
    expect.stringMatching(/^till runs show \S+ --project \S+$/),
    expect.stringMatching(/^till apply clear .* --project \S+$/),
  ])
  const shown = await elsewhere.till(...(commands[0] ?? '').split(' ').slice(1))
  expect({ ...shown, stdout: shown.stdout.split('\n')[0] }).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining('Plan clear'),
  })
  const own = await named.till('plan', 'clear', '--param', 'path=/tmp/no-such', '--project', '.')
  expect(own.stdout).not.toContain('--project')
  await elsewhere.remove()
})
