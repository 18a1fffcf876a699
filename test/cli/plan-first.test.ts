// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { isThere } from '../peers/debian.ts'
import { TILL } from '../peers/till.ts'
import { type Ended, ended, TestProject } from './project.ts'

const TALK = join(import.meta.dirname, '../peers/pty-talk.py')

let project: TestProject | undefined
afterEach(() => project?.remove())

/** Eight stores with a till each, all of them this machine. */
function chain(): TestProject {
  const stores = Array.from(
    { length: 8 },
    (_, at) => `  S-${at}:
    name: S-${at}
    hours: {week: {mon-sun: closed}}
    devices: {pos1: {profile: till, address: 127.0.0.1}}
`,
  )
  const made = new TestProject({
    'tillwright.yaml': '',
    'inventory/fleet.yaml': `
fleet: {name: Chain, time_zone: Europe/Warsaw}
regions: {north: {name: North}}
profiles: {till: {kind: till, os: {family: linux, distribution: debian, version: "12"}, transport: {type: local}}}
`,
    'inventory/stores.yaml': `region: north\nstores:\n${stores.join('')}`,
  })
  made.write(
    'runbooks/note.yaml',
    `name: note\nsteps:\n  - file: {path: '${made.root}/\${{ store.id }}', content: "new\\n"}\n`,
  )
  return made
}

/** On a terminal: each answer is typed behind its question. */
function talk(made: TestProject, answers: readonly (readonly [string, string])[], ...args: string[]): Promise<Ended> {
  const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1' }
  return ended(
    spawn('/usr/bin/python3', [TALK, JSON.stringify(answers), process.execPath, TILL, ...args], {
      cwd: made.root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}

const here = isThere({
  what: 'tests on a terminal',
  debian: 'python3',
  isHere: spawnSync('/usr/bin/python3', ['--version']).status === 0,
})

describe.runIf(here)('an apply on a terminal', () => {
  it('shows what would be changed, the same once, and changes nothing before a yes', async () => {
    project = chain()
    const no = await talk(project, [['[y/N]', 'n']], 'apply', 'note', '--device', 'S-1/pos1')
    expect(no.code).toBe(130)
    expect(no.stdout).toContain('Nothing was changed.')
    expect(existsSync(project.path('S-1'))).toBe(false)

    const yes = await talk(project, [['[y/N]', 'y']], 'apply', 'note', '--device', 'S-1/pos1')
    expect([yes.code, project.read('S-1')]).toEqual([0, 'new\n'])
    const again = await talk(project, [], 'apply', 'note', '--device', 'S-1/pos1')
    expect([again.code, again.stdout.includes('There is nothing to change.')]).toEqual([0, true])
  })

  it('writes its reports and heeds --fail-on where there is nothing to change', async () => {
    project = chain()
    const stores = project.read('inventory/stores.yaml')
    const away = 'profile: till, address: 127.0.0.1, transport: {type: ssh, port: 1, user: nobody}'
    project.write('inventory/stores.yaml', stores.replace('profile: till, address: 127.0.0.1', away))
    await project.till('apply', 'note', '--yes', '--device', 'S-1/pos1')
    const devices = ['--device', 'S-0/pos1', '--device', 'S-1/pos1']
    const files = ['--output', 'result.json', '--junit', 'report.xml', '--fail-on', 'failed']
    const { code, stdout } = await talk(project, [], 'apply', 'note', ...devices, ...files)
    expect([code, stdout]).toEqual([0, expect.stringContaining('There is nothing to change. 1 could not be looked at')])
    const result = JSON.parse(project.read('result.json'))
    expect(result).toMatchObject({ run: { mode: 'plan' }, summary: { counts: { 'in-sync': 1, unreachable: 1 } } })
    expect(project.read('report.xml')).toContain('S-0/pos1')
  })

  it('has the number of devices typed where it reaches much of the fleet', async () => {
    project = chain()
    await project.till('hold', 'S-7', '--until', '2h', '--because', 'cabling')
    const wrong = await talk(
      project,
      [
        ['Type 8 to go on:', 'y'],
        ['"y" is not enough for so many devices. Type 8 to go on, or press Enter to stop:', ''],
      ],
      'apply',
      'note',
    )
    expect([wrong.code, existsSync(project.path('S-1'))]).toEqual([130, false])
    // What is the same on several devices is said once.
    expect(wrong.stdout).toMatch(/8 devices: S-0\/pos1, S-1\/pos1, .* and 2 more/)
    expect(wrong.stdout).toContain('1 of 8 devices that differ may not be changed now: hold on S-7 (1)')
    const right = await talk(project, [['Type 8 to go on:', '8']], 'apply', 'note')
    expect([right.code, project.read('S-1'), existsSync(project.path('S-7'))]).toEqual([6, 'new\n', false])
  })
})

it('an apply where nobody can be asked needs --yes, or a plan', async () => {
  project = chain()
  const refused = await project.till('apply', 'note')
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes is missing') })
  expect((await project.till('plan', 'note', '--device', 'S-2/pos1', '--output', 'plan.json')).code).toBe(3)
  expect((await project.till('apply', 'plan.json')).code).toBe(0)
  expect((await project.till('apply', 'note', '--yes')).code).toBe(0)
})

it('plan and apply say what validate warns of in their runbook, beside their answer', async () => {
  project = chain()
  project.write(
    'runbooks/motd.yaml',
    `name: motd\nsteps:\n  - file: {path: '${project.root}/motd', content: "{{ store.id }}\\n"}\n`,
  )
  const warned = /motd\.yaml:3:\d+\nwarning "\{\{ store\.id \}\}" is not filled in here.* PLACEHOLDER_FOREIGN\n/
  project.write('tillwright.yaml', 'assignments: [{runbook: motd}]\n')
  const one = ['--device', 'S-0/pos1']
  const planned = await project.till('plan', 'motd', '--json', ...one)
  expect([planned.code, JSON.parse(planned.stdout).schema, planned.stderr]).toEqual([
    3,
    'till.result/1',
    expect.stringMatching(warned),
  ])
  for (const args of [['drift'], ['apply', 'motd', '--yes']])
    expect((await project.till(...args, ...one)).stderr).toMatch(warned)
})
