import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, TestProject, until } from '../cli/project.ts'

interface Answer {
  readonly since: string | null
  readonly runs: readonly {
    readonly run: string
    readonly state: string
    readonly at: string
    readonly steps: readonly object[]
  }[]
}

let project: TestProject
beforeAll(() => {
  project = new TestProject({
    'tillwright.yaml': '{}\n',
    'inventory/fleet.yaml': `fleet: {name: Told, time_zone: Europe/Warsaw}
profiles: {till: {kind: till, os: {family: linux}, transport: {type: local}}}
regions: {north: {name: North}}
stores:
  PL-0001: {name: One, region: north, hours: {week: {mon-sun: closed}}, devices: {pos1: {profile: till, address: 127.0.0.1}}}
`,
  })
  project.write(
    'runbooks/motd.yaml',
    `name: motd
description: The greeting
steps:
  - id: greeting
    name: The greeting is there
    file: {path: ${project.path('etc-motd')}, content: "hello\\n"}
`,
  )
  project.write(
    'runbooks/slow.yaml',
    `name: slow
description: Takes a while
steps:
  - id: slow
    command: {run: 'touch ${project.path('begun')}; sleep 30', creates: ${project.path('never')}}
`,
  )
})
afterAll(() => project.remove())

async function answer(...args: string[]): Promise<Answer> {
  const { stdout } = await project.till('history', 'PL-0001/pos1', '--json', ...args)
  return JSON.parse(stdout) as Answer
}

test('says that nothing is known yet', async () => {
  expect(await project.till('history', 'PL-0001/pos1')).toEqual({
    code: 0,
    stdout: '',
    stderr: 'No run that is kept has looked at PL-0001/pos1.\n',
  })
  const { code, stderr } = await project.till('history', 'PL-0001/pos2')
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('did you mean "PL-0001/pos1"?') })
})

test('tells what was found, since when, and what was changed', async () => {
  for (const _ of [1, 2]) expect((await project.till('plan', 'motd')).code).toBe(3)
  expect((await project.till('apply', 'motd', '--yes')).code).toBe(0)
  for (const _ of [1, 2, 3]) expect(await project.till('plan', 'motd')).toMatchObject({ code: 0 })
  const { since, runs } = await answer()
  expect(runs.map(({ state }) => state)).toEqual(['in-sync', 'in-sync', 'in-sync', 'changed', 'drifted', 'drifted'])
  expect(since).toBe(runs[2]?.at)
  const greeting = { runbook: 'motd', step: 'greeting', name: 'The greeting is there' }
  expect(runs[3]?.steps).toEqual([{ ...greeting, state: 'changed' }])
  expect(runs[5]?.steps).toEqual([{ ...greeting, state: 'drifted' }])
  expect((await answer('--limit', '2')).runs).toEqual(runs.slice(0, 2))
  const { stdout } = await project.till('history', 'PL-0001/pos1')
  expect(
    stdout.split('\n').map((line) =>
      line
        .trim()
        .replace(/\d{4}-\S+ \S+Z/, 'T')
        .replace(/\S+T\S+Z-\w+/, 'RUN'),
    ),
  ).toEqual([
    expect.stringMatching(/^WHEN +STATE +RUN +WHAT +BY$/),
    expect.stringMatching(/^T +in-sync +RUN +plan motd/),
    'the same in 3 runs since T',
    expect.stringMatching(/^T +changed +RUN +apply motd/),
    'The greeting is there: changed',
    expect.stringMatching(/^T +drifted +RUN +plan motd/),
    'The greeting is there: drifted',
    'the same in 2 runs since T',
    '',
  ])
  const whole = await project.till('history', 'PL-0001/pos1', '--whole')
  expect(whole.stdout.match(/in-sync/g)).toHaveLength(3)
})

test('tells that a run was lost in the middle of a change', async () => {
  const run = project.start('apply', 'slow', '--yes')
  const end = ended(run)
  await until(run, () => existsSync(project.path('begun')))
  run.kill('SIGKILL')
  await end
  const { runs } = await answer()
  expect(runs[0]).toMatchObject({ state: 'indeterminate', code: 'RUN_LOST_CONVERGING', runbooks: ['slow'], steps: [] })
})
