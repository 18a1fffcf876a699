// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { ended, type TestProject, until } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'
import { lines, MAKE_ROOMS, NO_CAPS, projectOf, type Result, resumed, WORK } from './run-to-resume.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

describe('till resume', () => {
  it('goes on after Ctrl-C with the runbook that the run began with, and says so', async () => {
    project = projectOf(
      3,
      "  - {id: s, command: {run: 'echo old >> ROOT/${{ device.id }}.log; sleep 0.3', always: true}}\n",
    )
    const child = project.start('apply', 'work', '--parallel', '1', '--yes')
    const end = ended(child)
    await until(child, () => lines(project as TestProject, 'pos1.log').length > 0)
    child.kill('SIGINT')
    const { code, stdout } = await end
    expect([code, stdout]).toEqual([130, expect.stringMatching(/Go on with what is left: till resume \S+\n/)])
    project.write('runbooks/work.yaml', 'name: work\nsteps:\n  - {id: s, command: {run: "exit 1", always: true}}\n')
    const list = await project.till('resume', '--list', '--json')
    expect(errorsOf('unfinished', JSON.parse(list.stdout))).toEqual([])
    expect(JSON.parse(list.stdout).runs).toMatchObject([{ state: 'finished', left: 2, resumed: 0 }])
    const table = await project.till('resume', '--list')
    expect(table.stdout).toMatch(/LEFT[\s\S]+work/)
    const again = await resumed(project)
    expect([again.code, again.result.devices.map(({ state }) => state)]).toEqual([0, ['changed', 'changed', 'changed']])
    for (const name of ['pos1', 'pos2', 'pos3']) expect(lines(project, `${name}.log`)).toEqual(['old'])
    expect(existsSync(project.path(`.till/resumed/${again.result.run.run}`))).toBe(false)
    const nothing = await project.till('resume', again.result.run.run, '--yes', '--json')
    expect([nothing.code, JSON.parse(nothing.stdout).diagnostics[0].code]).toEqual([2, 'RUN_NOTHING_LEFT'])
    expect((await project.till('resume', 'latest', '--yes')).stderr).toContain('RUN_NOTHING_LEFT')
  })

  it('goes on taking back where that had begun, and makes nothing anew', async () => {
    project = projectOf(
      1,
      `
  - id: up
    command: {run: 'echo up >> ROOT/log; touch ROOT/x', creates: ROOT/x}
    rollback:
      - {id: down, command: {run: 'echo down >> ROOT/log; rm ROOT/x', always: true}}
      - {id: wait, command: {run: 'touch ROOT/waits; until [ -e ROOT/go ]; do sleep 0.1; done; touch ROOT/back', creates: ROOT/back}}
  - {id: proof, assert: {that: "\${{ 1 == 2 }}", message: no}}
`,
    )
    const child = project.start('apply', 'work', '--yes', '--json')
    const end = ended(child)
    await until(child, () => existsSync((project as TestProject).path('waits')))
    child.kill('SIGKILL')
    await end
    project.write('go', '')
    const { code, result } = await resumed(project)
    expect(lines(project, 'log')).toEqual(['up', 'down'])
    expect([existsSync(project.path('x')), existsSync(project.path('back'))]).toEqual([false, true])
    expect([code, result.devices.map(({ state, failure }) => failure?.code ?? state)]).toEqual([3, ['ASSERT_FALSE']])
    expect(result.devices[0]?.steps.map(({ step, state }) => [step, state])).toEqual([
      ['up', 'changed'],
      ['proof', 'unmet'],
      ['down', 'changed'],
      ['wait', 'changed'],
    ])
  }, 60_000)

  it('is refused while the process of the run lives, and takes over from one that was stopped', async () => {
    project = projectOf(
      2,
      "  - {id: s, command: {run: 'echo run >> ROOT/${{ device.id }}.log; until [ -e ROOT/go ]; do sleep 0.1; done', always: true}}\n",
    )
    project.write('tillwright.yaml', `run: {lease: 5s, workers: 0}\n${NO_CAPS}`)
    const child = project.start('apply', 'work', '--parallel', '1', '--yes', '--json')
    const end = ended(child)
    await until(child, () => lines(project as TestProject, 'pos1.log').length > 0)
    const [{ run }] = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs
    const busy = await project.till('resume', run, '--yes', '--json')
    expect([busy.code, JSON.parse(busy.stdout).diagnostics[0].code]).toEqual([2, 'RUN_IN_PROGRESS'])
    child.kill('SIGSTOP')
    project.write('go', '')
    let taken = await project.till('resume', run, '--yes', '--json')
    while (taken.code === 2) {
      await delay(1_000)
      taken = await project.till('resume', run, '--yes', '--json')
    }
    child.kill('SIGCONT')
    const late = await end
    // What the first one was doing when it was stopped is an action, and in doubt; the other device is done once.
    const { devices } = JSON.parse(taken.stdout) as Result
    expect(devices.map(({ state }) => state)).toEqual(['indeterminate', 'changed'])
    expect([lines(project, 'pos1.log'), lines(project, 'pos2.log')]).toEqual([['run'], ['run']])
    expect(late.code).not.toBe(0)
    const after = JSON.parse((await project.till('runs', 'show', run, '--json')).stdout) as Result
    expect(after.devices.map(({ state }) => state).sort()).toEqual(['changed', 'indeterminate'])
  }, 60_000)

  it('leaves a device alone whose inventory data has changed, and does not repeat what only looked', async () => {
    project = projectOf(
      3,
      "  - {id: s, command: {run: 'echo run >> ROOT/${{ device.id }}.log; sleep 0.3', always: true}}\n",
    )
    const child = project.start('apply', 'work', '--parallel', '1', '--yes')
    const end = ended(child)
    await until(child, () => lines(project as TestProject, 'pos1.log').length > 0)
    child.kill('SIGINT')
    await end
    const inventory = project.read('inventory/stores.yaml')
    project.write('inventory/stores.yaml', inventory.replace('vars: {n: 2}', 'vars: {n: 20}').replace(/ +pos3.*\n/, ''))
    const { code, result } = await resumed(project)
    expect(code).toBe(4)
    const codes = result.devices.map(({ failure, state }) => failure?.code ?? state)
    expect(codes.sort()).toEqual(['RUN_MOVED', 'RUN_MOVED', 'changed'])
    await project.till('plan', 'work')
    const plan = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs[0].run
    const looked = await project.till('resume', plan, '--yes', '--json')
    expect([looked.code, JSON.parse(looked.stdout).diagnostics[0].code]).toEqual([2, 'RUN_NOT_KEPT'])
  })

  it('gives no device a file of the repository that is another one by now', async () => {
    const steps =
      '  - {id: f, file: {path: "ROOT/${{ device.id }}.conf", source: files/a}}\n' +
      "  - {id: s, command: {run: 'echo run >> ROOT/${{ device.id }}.log; sleep 0.3', always: true}}\n"
    project = projectOf(3, steps, { 'files/a': 'A' })
    await project.till('plan', 'work', '--output', 'plan.json')
    const child = project.start('apply', 'work', '--parallel', '1', '--yes')
    const end = ended(child)
    await until(child, () => lines(project as TestProject, 'pos1.log').length > 0)
    child.kill('SIGINT')
    await end
    project.write('files/a', 'B')
    const { result } = await resumed(project)
    const codes = result.devices.map(({ failure, state }) => failure?.code ?? state)
    expect(codes.sort()).toEqual(['RUN_MOVED', 'RUN_MOVED', 'changed'])
    expect(['pos1', 'pos2', 'pos3'].map((id) => existsSync(project?.path(`${id}.conf`) ?? ''))).toEqual([
      true,
      false,
      false,
    ])
    const planned = await project.till('apply', 'plan.json', '--yes', '--json')
    expect([planned.code, JSON.parse(planned.stdout).diagnostics[0].code]).toEqual([2, 'PLAN_STALE'])
    project.write('files/a', 'A')
    expect((await project.till('apply', 'plan.json', '--yes', '--json')).code).not.toBe(2)
    expect(project.read('pos3.conf')).toBe('A')
  })

  it('goes on with a plan that was reviewed, also on the device that it was cut off at', async () => {
    const steps = MAKE_ROOMS + WORK.replace('creates: "ROOT/${{ device.id }}.made"', 'always: true')
    project = projectOf(2, steps)
    await project.till('plan', 'work', '--output', 'plan.json')
    const child = project.start('apply', 'plan.json', '--parallel', '1', '--yes', '--json')
    const end = ended(child)
    await until(child, () => lines(project as TestProject, 'pos1.log').includes('once'))
    child.kill('SIGKILL')
    await end
    const { result } = await resumed(project)
    const [first, second] = [...result.devices].sort((a, b) => (a.device < b.device ? -1 : 1))
    expect(second?.state).toBe('changed')
    expect(['changed', 'indeterminate']).toContain(first?.state)
    expect(lines(project, 'pos1.log').filter((line) => line === 'once')).toHaveLength(1)
    expect(lines(project, 'pos2.log')).toEqual(['restart', 'once', 'made'])
  })
})
