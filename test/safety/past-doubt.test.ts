// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { afterEach, describe, expect, it } from 'vitest'
import { goesOn } from '../../src/engine/device/go-on.ts'
import { ended, type TestProject, until } from '../cli/project.ts'
import { lines, projectOf, type Result, resumed } from './run-to-resume.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

const DEVICE = `R-${process.pid}/pos1`
const PAST = ['--past-doubt', DEVICE, '--because', 'seen at 03:47']

/** A run that was killed in its first step, which writes to the log: a device in doubt. */
async function inDoubt(
  steps: string,
  args: readonly string[] = ['work'],
  of = projectOf(1, steps),
): Promise<TestProject> {
  project = of
  const child = of.start('apply', ...args, '--yes', '--json')
  const end = ended(child)
  await until(child, () => lines(of, 'log').length > 0)
  child.kill('SIGKILL')
  await end
  of.write('go', '')
  return of
}

const ONCE =
  "{id: once, command: {run: 'echo once >> ROOT/log; until [ -e ROOT/go ]; do sleep 0.1; done', always: true}"

async function saidOf(of: TestProject): Promise<number> {
  const { stdout } = await of.till('audit', 'list', '--json')
  return stdout.split('device.past_doubt').length - 1
}

describe('a device that is in doubt', () => {
  it('goes on past what is in doubt for good when somebody says so, on record, and never calls it changed', async () => {
    const once =
      "{id: once, command: {run: 'echo once >> ROOT/log; until [ -e ROOT/go ]; do sleep 0.1; done', always: true}}"
    const reacts = "{id: reacts, restart_on: [once], command: {run: 'echo reacts >> ROOT/log', creates: ROOT/log}}"
    const after = '{id: after, file: {path: ROOT/last, content: y}}'
    project = projectOf(1, [once, reacts, after].map((step) => `  - ${step}\n`).join(''))
    const device = `R-${process.pid}/pos1`
    const child = project.start('apply', 'work', '--yes', '--json')
    const end = ended(child)
    await until(child, () => lines(project as TestProject, 'log').length > 0)
    child.kill('SIGKILL')
    await end
    project.write('go', '')
    const before = await resumed(project)
    expect([before.code, before.result.devices[0]?.state]).toEqual([4, 'indeterminate'])
    const left = await project.till('resume', 'latest', '--yes', '--json')
    const [nothing] = JSON.parse(left.stdout).diagnostics
    expect([left.code, nothing.code]).toEqual([2, 'RUN_NOTHING_LEFT'])
    expect(nothing.detail).toContain(`--past-doubt ${device} --because`)
    const because = ['--because', 'the till was restarted at 03:47']
    const wrong = await project.till('resume', 'latest', '--past-doubt', 'pos9', ...because, '--yes', '--json')
    expect([wrong.code, JSON.parse(wrong.stdout).diagnostics[0].summary]).toEqual([
      2,
      expect.stringContaining('"pos9" is not in doubt'),
    ])
    const silent = await project.till('resume', 'latest', '--past-doubt', device, '--yes', '--json')
    expect(silent.code).toBe(2)
    const { code, result } = await resumed(project, '--past-doubt', device, ...because)
    expect([code, result.devices[0]?.state]).toEqual([5, 'unknown'])
    expect(result.devices[0]?.steps.map(({ step, state }) => [step, state])).toEqual([
      ['once', 'unknown'],
      ['reacts', 'unknown'],
      ['after', 'changed'],
    ])
    expect(JSON.stringify(result.devices[0]?.steps[0])).toContain('had the device go on without knowing: the till was')
    expect(lines(project, 'log')).toEqual(['once'])
    const shown = JSON.parse((await project.till('runs', 'show', 'latest', '--json')).stdout) as Result
    expect(shown.devices.map(({ state }) => state)).toEqual(['unknown'])
    const audit = JSON.parse((await project.till('audit', 'list', '--json')).stdout)
    expect(JSON.stringify(audit)).toMatch(/device\.past_doubt.*the till was restarted at 03:47/)
    const over = await project.till('resume', result.run.run, '--yes', '--json')
    expect(over.code).toBe(2)
  }, 60_000)

  it('stays so, and can be gone on with, where it could not be worked on after somebody said so', async () => {
    const of = await inDoubt(`  - ${ONCE}}\n  - {id: after, file: {path: ROOT/last, content: y}}\n`)
    expect((await resumed(of)).result.devices[0]?.state).toBe('indeterminate')
    const inventory = of.read('inventory/stores.yaml')
    of.write('inventory/stores.yaml', inventory.replace('vars: {n: 1}', 'vars: {n: 10}'))
    const [told] = (await resumed(of, ...PAST)).result.devices
    expect([told?.state, told?.failure?.code]).toEqual(['indeterminate', 'RUN_LOST_CONVERGING'])
    // Both: what nobody knows, and why nobody could look.
    expect(told?.failure?.message).toMatch(/"once".*could not be looked at since: .*/)
    const shown = JSON.parse((await of.till('runs', 'show', 'latest', '--json')).stdout)
    expect(shown.devices[0].state).toBe('indeterminate')
    of.write('inventory/stores.yaml', inventory)
    const { result } = await resumed(of)
    expect(result.devices[0]?.steps.map(({ step, state }) => [step, state])).toEqual([
      ['once', 'unknown'],
      ['after', 'changed'],
    ])
    expect(lines(of, 'log')).toEqual(['once'])
  }, 60_000)

  it('has no action called changed, whatever is seen of it by now', () => {
    const changes = [{ path: 'restarted', before: null, after: true, once: true }] as const
    const now = { changes: [], isChanging: true, isTriggeredAnew: false }
    expect(goesOn('restart', { state: 'aside', changes, reason: 'seen' }, now)).toEqual({
      kind: 'aside',
      outcome: { state: 'unknown', reason: 'seen' },
    })
  })

  it('takes the step in doubt back along with what a failure behind it takes back', async () => {
    const back = "rollback: [{id: back, command: {run: 'echo back >> ROOT/log', always: true}}]"
    const of = await inDoubt(`  - ${ONCE}, ${back}}\n  - {id: proof, assert: {that: "\${{ 1 == 2 }}", message: no}}\n`)
    await resumed(of)
    await resumed(of, ...PAST)
    expect(lines(of, 'log')).toEqual(['once', 'back'])
  }, 60_000)

  it('is on record by somebody only where the run goes on', async () => {
    const of = await inDoubt(`  - ${ONCE}}\n`)
    const rule = "{name: f, from: '2020-01-01', to: '2020-01-02', why: w, regions: [nowhere]}"
    of.write('tillwright.yaml', `run: {workers: 0}\npolicies: {default: {caps: [], keep: [], freezes: [${rule}]}}\n`)
    const refused = await of.till('resume', 'latest', ...PAST, '--yes', '--json')
    expect([refused.code, JSON.parse(refused.stdout).diagnostics[0].code]).toEqual([2, 'INV_REFERENCE_UNKNOWN'])
    expect(await saidOf(of)).toBe(0)
  }, 60_000)
})
