import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { driftSince, driftSinceText } from '../../src/app/gitops/since/drift-since.ts'
import { stepDrifts } from '../../src/app/gitops/since/step-drifts.ts'
import { openProject } from '../../src/app/project.ts'
import type { PastVisit } from '../../src/core/run.ts'
import { BASE_FILES, DEVICE, GIT_ENVIRONMENT } from '../gitops/signed-repository.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

let project: TestProject
beforeAll(() => {
  project = new TestProject({ ...BASE_FILES, '.gitignore': '.till/\ndevice/\n' })
  mkdirSync(project.path('device'))
  project.write('tillwright.yaml', 'assignments: [{runbook: greeting}, {runbook: mark}]\n')
  const file = (name: string, content: string): string =>
    `steps:\n  - id: text\n    file: {path: ${project.path('device')}/${name}, content: ${content}}\n`
  project.write('runbooks/greeting.yaml', file('greeting', 'hello'))
  project.write('runbooks/mark.yaml', file('mark', 'mark'))
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: project.root, env: GIT_ENVIRONMENT })
})
afterAll(() => project.remove())

function commit(message: string, of = project): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: of.root, encoding: 'utf8', env: GIT_ENVIRONMENT })
  git('add', '-A')
  git('commit', '-q', '-m', message)
  return git('rev-parse', 'HEAD').trim()
}

test('till drift --since says since when, in which run, and whether a commit or the device made it so', async () => {
  const none = await project.till('drift', '--since', '1d')
  expect([none.code, none.stdout]).toEqual([5, expect.stringContaining('Nobody looked at 1 of 1 devices')])
  commit('begin')
  for (const runbook of ['greeting', 'mark']) expect((await project.till('apply', runbook, '--yes')).code).toBe(0)
  expect((await project.till('drift')).code).toBe(0)
  project.write('runbooks/greeting.yaml', project.read('runbooks/greeting.yaml').replace('hello', 'welcome'))
  const culprit = commit('Say welcome')
  project.write('runbooks/other.yaml', 'steps: [{command: {run: date}}]\n')
  commit('elsewhere')
  rmSync(project.path('device/mark'))
  for (const _ of [1, 2]) expect((await project.till('drift')).code).toBe(3)
  const { code, stdout, stderr } = await project.till('drift', '--since', '1h', '--json')
  const document = JSON.parse(stdout)
  expect({ code, stderr, faults: errorsOf('drift', document) }).toEqual({ code: 3, stderr: '', faults: [] })
  const runs = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs.map(
    ({ run }: { run: string }) => run,
  )
  const [, first, good] = runs
  expect(document.devices).toEqual({ asked: 1, not_looked_at: 0, failed: 0, not_judged: 0, differ_longer: 0 })
  const told = { device: DEVICE, step: 'text', state: 'drifted', run: first, good: { run: good } }
  expect(
    document.drifts.toSorted((a: { runbook: string }, b: { runbook: string }) => (a.runbook < b.runbook ? -1 : 1)),
  ).toMatchObject([
    {
      ...told,
      runbook: 'greeting',
      cause: { kind: 'commit', commits: [{ commit: culprit, summary: 'Say welcome' }] },
      mend: { revert: culprit },
    },
    { ...told, runbook: 'mark', cause: { kind: 'device', commits: [] }, mend: { revert: null } },
  ])
  const text = await project.till('drift', '--since', '1h')
  expect([text.code, text.stderr, text.stdout]).toEqual([
    3,
    '',
    expect.stringContaining(`${culprit.slice(0, 12)} Say welcome (A <a@example.com>)`),
  ])
}, 180_000)

test('till drift --since blames no device for a file that it gets, or what is said of its store, being another', async () => {
  const other = new TestProject({ ...BASE_FILES, '.gitignore': '.till/\ndevice/\n', 'files/motd': 'hello' })
  try {
    mkdirSync(other.path('device'))
    other.write('tillwright.yaml', 'assignments: [{runbook: motd}, {runbook: noted}]\n')
    const file = (name: string, content: string): void =>
      other.write(`runbooks/${name}.yaml`, `steps:\n  - file: {path: ${other.path('device')}/${name}, ${content}}\n`)
    file('motd', 'source: files/motd')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the sign of expressions
    file('noted', "content: '${{ store.name }}'")
    const causes = async () => {
      expect((await other.till('drift')).code).toBe(3)
      const { drifts } = JSON.parse((await other.till('drift', '--since', '1h', '--json')).stdout)
      return Object.fromEntries(
        drifts.map(({ runbook, cause, mend }: { runbook: string; cause: object; mend: object }) => [
          runbook,
          { ...cause, ...mend },
        ]),
      )
    }
    execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: other.root, env: GIT_ENVIRONMENT })
    commit('begin', other)
    const both = async (): Promise<void> => {
      for (const name of ['motd', 'noted']) expect((await other.till('apply', name, '--yes')).code).toBe(0)
    }
    await both()
    other.write('files/motd', 'welcome')
    const motd = commit('Say welcome', other)
    other.write('inventory/fleet.yaml', other.read('inventory/fleet.yaml').replace('name: One', 'name: Two'))
    const store = commit('Another name', other)
    other.write('files/other', 'elsewhere')
    commit('elsewhere', other)
    expect(await causes()).toMatchObject({
      motd: { kind: 'commit', commits: [{ commit: motd }], revert: motd },
      noted: { kind: 'commit', commits: [{ commit: store }], revert: store },
    })
    await both()
    for (const name of ['motd', 'noted']) rmSync(other.path(`device/${name}`))
    other.write('files/more', 'elsewhere')
    commit('elsewhere again', other)
    expect(await causes()).toMatchObject({ motd: { kind: 'device' }, noted: { kind: 'device' } })
    // Where nobody knows what the file was, nobody knows who it was.
    await both()
    other.write('files/motd', 'not committed')
    rmSync(other.path('device/noted'))
    expect(await causes()).toMatchObject({ motd: { kind: 'unknown' }, noted: { kind: 'device' } })
  } finally {
    await other.remove()
  }
}, 180_000)

test('till drift --since names what mends it: with the parameters of the assignment, and for all devices that ended so', async () => {
  const [store = ''] = DEVICE.split('/')
  const pos1 = 'devices: {pos1: {profile: till, address: 127.0.0.1}'
  const inventory = project.read('inventory/fleet.yaml')
  project.write('inventory/fleet.yaml', inventory.replace(pos1, `${pos1}, pos2: {profile: till, address: 127.0.0.2}`))
  project.write('tillwright.yaml', 'assignments: [{runbook: there, params: {name: a b}}]\n')
  project.write(
    'runbooks/there.yaml',
    `params: {name: {type: string}}\nsteps:\n  - file: {path: '${project.path('device')}/\${{ params.name }}', sha256: '${'0'.repeat(64)}'}\n`,
  )
  expect((await project.till('drift')).code).toBe(3)
  const { stdout } = await project.till('drift', '--since', '1h')
  const mend = /mend: (till apply there .*)$/m.exec(stdout)?.[1] ?? ''
  expect(mend).toMatch(/^till apply there --param 'name=a b' --from-run \S+:unmet$/)
  const command = mend.replace('till apply', 'plan').replace("'name=a b'", 'name=a_b').split(' ')
  const planned = await project.till(...command.map((word) => word.replace('a_b', 'a b')), '--json')
  expect(
    JSON.parse(planned.stdout)
      .devices.map(({ device }: { device: string }) => device)
      .sort(),
  ).toEqual([DEVICE, `${store}/pos2`])
}, 180_000)

test('till drift --since does not call as desired what the last look could not judge', async () => {
  const other = new TestProject({
    ...BASE_FILES,
    'tillwright.yaml': 'assignments: [{runbook: there}]\n',
    'runbooks/there.yaml': 'name: there\nsteps: [{command: {run: exit 1, creates: /nowhere/at/all}}]\n',
  })
  try {
    const since = async () => {
      const { code, stdout } = await other.till('drift', '--since', '1h', '--json')
      const document = JSON.parse(stdout)
      expect(errorsOf('drift', document)).toEqual([])
      return { code, ...document }
    }
    expect((await other.till('apply', 'there', '--yes')).code).toBe(4)
    expect(await since()).toMatchObject({ code: 4, devices: { not_looked_at: 0, failed: 1, not_judged: 0 } })
    const local = other.read('inventory/fleet.yaml')
    other.write('inventory/fleet.yaml', local.replace('type: local', 'type: ssh, port: 1, user: nobody'))
    expect((await other.till('drift')).code).toBe(5)
    expect(await since()).toMatchObject({ code: 5, devices: { not_looked_at: 0, failed: 0, not_judged: 1 } })
    expect((await other.till('drift', '--since', '1h')).stdout).toContain('could not judge 1 of 1 devices')

    other.write('inventory/fleet.yaml', local)
    for (const _ of [1, 2]) expect((await other.till('drift')).code).toBe(3)
    const project = await openProject(other.root)
    const [store, fleet] = [await project.store(), await project.fleet()]
    const [last] = (await store.visits(DEVICE, { limit: 1 })).map(({ at }) => new Date(at))
    const found = await driftSince(project, { store, devices: [...fleet.devices.values()], since: last as Date })
    expect(found).toMatchObject({ drifts: [], devices: { differ_longer: 1 } })
    expect(driftSinceText(found, project)).toContain('Something differs for longer than that on 1 of 1 devices.')
    const inSandbox = { ...project, isSandbox: true } as const
    const all = await driftSince(inSandbox, { store, devices: [...fleet.devices.values()], since: new Date(0) })
    expect(all.drifts.map(({ mend }) => mend.apply)).toEqual([`till apply there --device=${DEVICE} --sandbox`])
    const failed = { ...all, devices: { ...all.devices, failed: 1 } }
    expect(driftSinceText(failed, inSandbox)).toContain('failed on 1 of 1 devices: till status --sandbox\n')
    await project.close()
  } finally {
    await other.remove()
  }
}, 180_000)

const visit = (run: string, state: PastVisit['state'], steps: Readonly<Record<string, string>>): PastVisit => ({
  run,
  state,
  mode: 'drift',
  by: 'test',
  at: run,
  unknown: false,
  code: null,
  message: null,
  runbooks: ['r'],
  about: [''],
  steps: Object.entries(steps).map(([step, of]) => ({ runbook: 'r', step, name: step, state: of as never })),
})

test('what began when is read from looks that judged the device, and from no others', () => {
  const visits = [
    visit('5', 'drifted', { a: 'drifted', b: 'drifted', c: 'unmet' }),
    visit('4', 'unreachable', {}),
    visit('3', 'drifted', { a: 'drifted', b: 'skipped', c: 'unmet' }),
    visit('2', 'changed', { a: 'changed', b: 'drifted', c: 'unmet' }),
    visit('1', 'drifted', { a: 'drifted', c: 'unmet' }),
  ]
  expect(stepDrifts(visits).map(({ step, since, good }) => [step, since, good?.run ?? null])).toEqual([
    ['a', '3', '2'],
    ['b', '2', '1'],
    ['c', '1', null],
  ])
  expect(stepDrifts([visit('2', 'in-sync', {}), ...visits])).toEqual([])
})
