// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, inventoryWith, TestProject, until } from './project.ts'
import { errorsOf } from './published.ts'

const NO_RULES = '{caps: [], rollout: {waves: false}}'
const DEVICE = 'PL-0001/pos1'

let project: TestProject
beforeAll(() => {
  project = new TestProject({ '.gitignore': '.till/\n' })
  mkdirSync(project.path('device'))
  inventory('a')
  project.write('files/greeting', 'from here')
})
afterAll(() => project.remove())

/** One till on this machine, in a store whose note and whose own greeting are as given. */
function inventory(greeting: string, note = 'none'): void {
  const device = `      pos1: {profile: till, address: 127.0.0.1, vars: {greeting: ${greeting}}}\n`
  const text = inventoryWith(device).replace('type: ssh', 'type: local').replace('Europe/Warsaw', 'UTC')
  project.write(
    'inventory/fleet.yaml',
    text.replace('owner: {team: ops}', `owner: {team: ops}\n    vars: {note: ${note}}`),
  )
}

const file = (name: string, content: string): string =>
  `  - id: ${name}\n    file: {path: ${project.path('device')}/${name}, ${content}}\n`
const at = (name: string): string => project.read(`device/${name}`)

async function reconcile(...args: string[]) {
  const { code, stdout, stderr } = await project.till('reconcile', '--here', '--json', ...args)
  expect(stderr).toBe('')
  const document = JSON.parse(stdout)
  expect(errorsOf('reconciled', document)).toEqual([])
  return { code, ...document }
}

const settings = (more: string, assignments: string, ...others: string[]): void =>
  project.write(
    'tillwright.yaml',
    `policies:\n  default: ${NO_RULES}\n${more}assignments:\n  - ${[assignments, ...others].join('\n  - ')}\n`,
  )

test('the policy of an assignment holds its devices back, and those of no other; they are due when they may be changed', async () => {
  project.write('runbooks/held.yaml', `steps:\n${file('held', 'content: held')}`)
  project.write('runbooks/free.yaml', `steps:\n${file('free', 'content: free')}`)
  const soon = new Date(Date.now() + 5 * 60_000).toISOString().slice(0, 16).replace('T', ' ')
  const freeze = (to: string): string =>
    `  works: {caps: [], rollout: {waves: false}, freezes: [{name: works, from: '2026-01-01', to: '${to}', why: rebuilding}]}\n`
  const both = [
    '{runbook: held, mode: mend, every: 24h, policy: works}',
    '{runbook: free, mode: mend, every: 24h}',
  ] as const
  settings(freeze(soon), ...both)
  const held = await reconcile()
  expect(held).toMatchObject({ code: 6, waiting: [] })
  expect(held.runs).toMatchObject([
    { assignments: ['held'], counts: { deferred: 1 }, exit_code: 6 },
    { assignments: ['free'], counts: { changed: 1 }, exit_code: 0 },
  ])
  expect([existsSync(project.path('device/held')), at('free')]).toEqual([false, 'free'])
  const { stdout } = await project.till('assignments', '--here', '--json')
  const next = new Map<string, string>(
    JSON.parse(stdout).assignments.map(({ name, next: when }: { name: string; next: string }) => [name, when]),
  )
  expect(next.get('held')?.slice(0, 16).replace('T', ' ')).toBe(soon)
  expect(Date.parse(next.get('free') ?? '') - Date.now()).toBeGreaterThan(23 * 3_600_000)
  // The time has come, and the freeze is over.
  settings(freeze('2026-01-02'), ...both)
  const memory = JSON.parse(project.read('.till/assignments.json'))
  memory.held.last.retry_at = new Date(Date.now() - 1_000).toISOString()
  project.write('.till/assignments.json', JSON.stringify(memory))
  expect(await reconcile()).toMatchObject({ code: 0, waiting: ['free'], runs: [{ assignments: ['held'] }] })
  expect(at('held')).toBe('held')
}, 120_000)

test('what the inventory, a store or a file wants otherwise is brought out each time; what comes back is fought by step', async () => {
  const steps = [file('said', "content: '${{ vars.greeting }}'"), file('noted', "content: '${{ store.vars.note }}'")]
  const all = [...steps, file('copied', 'source: files/greeting')].join('')
  project.write('runbooks/wants.yaml', `steps:\n${all}`)
  settings('', '{runbook: wants, mode: mend}')
  for (const note of ['one', 'two', 'three']) {
    inventory('a', note)
    expect(await reconcile()).toMatchObject({ code: 0, contested: [] })
    expect([at('said'), at('noted')]).toEqual(['a', note])
  }
  for (const text of ['one', 'two', 'three']) {
    project.write('files/greeting', text)
    expect(await reconcile()).toMatchObject({ code: 0, contested: [] })
    expect(at('copied')).toBe(text)
  }
  // Somebody changes it back, and back again, and once more.
  for (const _ of [1, 2]) {
    writeFileSync(project.path('device/said'), 'other')
    expect(await reconcile()).toMatchObject({ code: 0, contested: [] })
  }
  writeFileSync(project.path('device/said'), 'other')
  expect(await reconcile()).toMatchObject({ code: 3, contested: [{ assignment: 'wants', device: DEVICE }] })
  expect(at('said')).toBe('other')
  // What differs elsewhere is no part of that.
  writeFileSync(project.path('device/said'), 'a')
  writeFileSync(project.path('device/noted'), 'other')
  const freed = await reconcile()
  expect(freed).toMatchObject({ code: 0, contested: [], runs: [{ mode: 'drift' }, { mode: 'apply', exit_code: 0 }] })
  expect(at('noted')).toBe('three')
}, 300_000)

test('files of the repository are read from its root, wherever till is started, and nothing that leads out of it', async () => {
  project.write('runbooks/copy.yaml', `steps:\n${file('copy', 'source: files/greeting')}`)
  settings('', '{runbook: copy}')
  project.write('files/greeting', 'from the root')
  project.write('elsewhere/files/greeting', 'from elsewhere')
  symlinkSync('/etc/hostname', project.path('files/link'))
  const inside = await ended(project.startIn('elsewhere', 'apply', 'copy', '--yes'))
  expect([inside.code, at('copy')]).toEqual([0, 'from the root'])
  for (const source of ['../outside', 'files/link']) {
    project.write('runbooks/copy.yaml', `steps:\n${file('copy', `source: ${source}`)}`)
    const { code, stdout } = await project.till('apply', 'copy', '--yes')
    expect([code, stdout]).toEqual([4, expect.stringContaining('leads out of the repository')])
  }
  expect(at('copy')).toBe('from the root')
}, 120_000)

test('what a pass that was stopped did not come to is due still', async () => {
  const [begun, go] = [project.path('begun'), project.path('go')]
  const waits = `touch ${begun}; until [ -e ${go} ]; do sleep 0.1; done`
  project.write('runbooks/mark.yaml', `steps:\n  - command: {run: '${waits}', always: true}\n`)
  for (const name of ['other', 'look']) project.write(`runbooks/${name}.yaml`, `steps:\n${file(name, 'content: here')}`)
  settings(
    `  works: ${NO_RULES}\n`,
    '{runbook: mark, mode: mend, every: 24h}',
    '{runbook: other, mode: mend, every: 24h, policy: works}',
    '{runbook: look, every: 24h}',
  )
  const pass = project.start('reconcile', '--here', '--json')
  const end = ended(pass)
  await until(pass, () => existsSync(begun))
  pass.kill('SIGINT')
  writeFileSync(go, '')
  const { code, stdout } = await end
  expect([code, JSON.parse(stdout)]).toMatchObject([130, { runs: [{ assignments: ['mark'] }] }])
  expect(JSON.parse(project.read('.till/assignments.json'))).not.toHaveProperty('look.last')
  const next = await reconcile()
  expect(next.runs.flatMap(({ assignments }: { assignments: readonly string[] }) => assignments)).toEqual(
    expect.arrayContaining(['other', 'look']),
  )
}, 120_000)

test('what is wanted otherwise than at the last pass is due at once, and stays so behind a pass that only looked', async () => {
  inventory('a')
  project.write('runbooks/slow.yaml', `steps:\n${file('slow', "content: '${{ vars.greeting }}'")}`)
  settings('', '{runbook: slow, mode: mend, every: 24h}')
  expect(await reconcile()).toMatchObject({ code: 0, runs: [{ assignments: ['slow'] }] })
  expect(await reconcile()).toMatchObject({ code: 0, runs: [], waiting: ['slow'] })
  inventory('b')
  expect(await reconcile('--report')).toMatchObject({ code: 3, runs: [{ mode: 'drift' }] })
  expect(await reconcile('--report')).toMatchObject({ code: 0, runs: [], waiting: ['slow'] })
  inventory('a')
  expect(await reconcile('--report')).toMatchObject({ code: 0, runs: [{ mode: 'drift' }] })
  inventory('b')
  expect(await reconcile('--report')).toMatchObject({ code: 3, runs: [{ mode: 'drift' }] })
  expect(await reconcile()).toMatchObject({ code: 0, runs: [{ mode: 'apply' }], waiting: [] })
  expect(at('slow')).toBe('b')
  expect(await reconcile()).toMatchObject({ code: 0, runs: [], waiting: ['slow'] })
  settings('', '{runbook: slow, mode: mend, every: 24h, where: "true"}')
  expect(await reconcile()).toMatchObject({ code: 0, runs: [], waiting: ['slow'] })
  project.write('runbooks/slow.yaml', `steps:\n${file('slow', 'content: c')}`)
  await project.till('assignments', 'suspend', 'slow', '--here', '--reason', 'stocktaking')
  expect(await reconcile()).toMatchObject({ code: 0, runs: [], suspended: ['slow'] })
  await project.till('assignments', 'resume', 'slow', '--here')
  expect(await reconcile()).toMatchObject({ code: 0, runs: [{ mode: 'apply' }] })
  expect(at('slow')).toBe('c')
}, 180_000)

test('an assignment that means no device any more is not as desired, until it means some or somebody says that it is so', async () => {
  inventory('a')
  project.write('runbooks/meant.yaml', `steps:\n${file('meant', 'content: here')}`)
  const of = (greeting: string): void =>
    settings('', `{runbook: meant, mode: mend, every: 24h, where: 'device.vars.greeting == "${greeting}"'}`)
  // One that never meant any is only told of by validate.
  of('nobody')
  expect(await reconcile()).toMatchObject({ code: 0, runs: [], emptied: [] })
  of('a')
  expect(await reconcile()).toMatchObject({ code: 0, runs: [{ assignments: ['meant'] }], emptied: [] })
  of('renamed')
  for (const _ of [1, 2])
    expect(await reconcile()).toMatchObject({ code: 3, exit_code: 3, runs: [], emptied: [{ assignment: 'meant' }] })
  const listed = await project.till('assignments', '--here', '--json')
  expect(errorsOf('assignments', JSON.parse(listed.stdout))).toEqual([])
  expect(JSON.parse(listed.stdout).assignments).toMatchObject([
    { last: { exit_code: 3 }, empty_since: expect.any(String) },
  ])
  expect((await project.till('assignments', '--here')).stdout).toContain('MEANS NO DEVICE since')
  expect((await project.till('reconcile', '--here')).stdout).toContain('meant means no device any more')
  expect(await project.till('assignments', 'resume', 'meant', '--here')).toMatchObject({ code: 0 })
  for (const _ of [1, 2]) expect(await reconcile('--all')).toMatchObject({ code: 0, emptied: [] })
  of('a')
  expect(await reconcile()).toMatchObject({ code: 0, runs: [{ assignments: ['meant'] }], emptied: [] })
  of('renamed')
  expect(await reconcile()).toMatchObject({ code: 3 })
  of('a')
  expect(await reconcile()).toMatchObject({ code: 0, emptied: [] })
  settings('', '{runbook: meant}', `{runbook: free, where: 'device.vars.greeting == "nobody"'}`)
  for (const json of [[], ['--json']])
    expect((await project.till('drift', ...json)).stderr).toContain(
      'No device of the inventory is assigned "free" here',
    )
}, 180_000)

test('what two sides want in turns is told after two turns of each; one who goes back once gets what is wanted', async () => {
  inventory('a')
  settings('', '{runbook: turns, mode: mend}')
  const want = (text: string): void =>
    project.write('runbooks/turns.yaml', `steps:\n${file('turns', `content: ${text}`)}`)
  for (const text of ['one', 'two', 'one', 'two']) {
    want(text)
    expect(await reconcile()).toMatchObject({ code: 0, contested: [] })
    expect(at('turns')).toBe(text)
  }
  want('one')
  expect(await reconcile()).toMatchObject({ code: 3, contested: [{ assignment: 'turns', device: DEVICE }] })
  expect(at('turns')).toBe('two')
  want('three')
  expect(await reconcile()).toMatchObject({ code: 0, contested: [] })
  expect(at('turns')).toBe('three')
}, 180_000)
