// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { resolveRun } from '../../src/app/history/resolve-run.ts'
import { rollbackWork } from '../../src/app/run/rollback-work.ts'
import { openController } from '../../src/controller/controller.ts'
import { chainOf, NO_WAVES, states } from './chain.ts'
import type { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

/** A file of each device says `new`; what is done is noted in a log of each. */
function greeting({ unsay = 'echo back', policy = '' } = {}): TestProject {
  const made = chainOf(['S-1', 'S-2'], { policy, hours: 'closed' })
  const at = (name: string): string => `${made.root}/\${{ store.id }}-\${{ device.id }}.${name}`
  made.write(
    'runbooks/mark.yaml',
    `name: mark
steps:
  - id: note
    file: {path: '${at('txt')}', content: "new\\n", mode: '0644'}
    rollback:
      - file: {path: '${at('txt')}', content: "old\\n", mode: '0644'}
      - command: {run: 'echo file >>${at('log')}', always: true}
  - id: say
    when: steps.note.changed
    command: {run: 'echo new >>${at('log')}', always: true}
    rollback:
      - id: unsay
        when: steps.say.changed && steps.note.changed
        command: {run: '${unsay} >>${at('log')}', always: true}
`,
  )
  return made
}

async function rolledBack(run: TestProject, ...args: string[]) {
  const { code, stdout } = await run.till('rollback', 'latest', '--yes', '--json', ...args)
  const result = JSON.parse(stdout)
  const devices: { device: string; state: string; undone?: boolean; failure?: { code: string } }[] = result.devices
  return { code, result, of: new Map(devices.map((one) => [one.device, one.failure?.code ?? one.state])), devices }
}

async function refusal(run: TestProject, ...args: string[]): Promise<string> {
  const { code, stderr } = await run.till('rollback', 'latest', '--yes', ...args)
  return code === 2 ? stderr : `exit code ${code}`
}

const textOf = (run: TestProject, name: string): string => readFileSync(join(run.root, name), 'utf8')

function linesOf(run: TestProject, name: string): string[] {
  const log = `${name}.log`
  return existsSync(join(run.root, log)) ? textOf(run, log).trim().split('\n') : []
}

describe('a run that is taken back', () => {
  it('is known by what its runbook calls itself, whatever the file is called and wherever it lies', async () => {
    project = greeting()
    const text = project.read('runbooks/mark.yaml')
    rmSync(project.path('runbooks/mark.yaml'))
    project.write('runbooks/repair.yaml', text)
    const first = ['--device', 'S-1/pos1', '--yes', '--json']
    expect((await project.till('apply', 'mark', ...first)).code).toBe(0)
    expect((await rolledBack(project)).of).toEqual(new Map([['S-1/pos1', 'changed']]))
    rmSync(project.path('runbooks/repair.yaml'))
    project.write('tools/fix.yaml', text)
    project.write('runbooks/mark.yaml', 'name: mark\nsteps: [{command: {run: "true", always: true}}]\n')
    expect((await project.till('apply', 'tools/fix.yaml', ...first)).code).toBe(0)
    expect((await rolledBack(project)).of).toEqual(new Map([['S-1/pos1', 'changed']]))
    expect(textOf(project, 'S-1-pos1.txt')).toBe('old\n')
  })

  it.each([[[]], [['--workers', '1']]])('undoes what it changed, the last first, and nothing else %j', async (more) => {
    project = greeting()
    writeFileSync(join(project.root, 'S-2-pos2.txt'), 'new\n', { mode: 0o644 })
    expect((await states(project)).code).toBe(0)
    const { code, result, of, devices } = await rolledBack(project, ...more)
    expect([code, errorsOf('result', result)]).toEqual([0, []])
    expect([...of].sort()).toEqual([
      ['S-1/pos1', 'changed'],
      ['S-1/pos2', 'changed'],
      ['S-2/pos1', 'changed'],
    ])
    expect(devices.every(({ undone }) => undone === true)).toBe(true)
    expect(textOf(project, 'S-1-pos1.txt')).toBe('old\n')
    expect(textOf(project, 'S-1-pos1.log')).toBe('new\nback\nfile\n')
    expect([textOf(project, 'S-2-pos2.txt'), existsSync(join(project.root, 'S-2-pos2.log'))]).toEqual(['new\n', false])
    // Nobody may take it for what the runbook wants.
    const status = JSON.parse((await project.till('status', '--json')).stdout)
    expect(status.devices.map(({ state }: { state: string }) => state).sort()).toEqual([
      'drifted',
      'drifted',
      'drifted',
      'in-sync',
    ])
    expect(await refusal(project)).toMatch(/RUN_NOT_REVERSIBLE.*has taken back/s)
  })

  it('stops within the number of devices that could not be brought back', async () => {
    const policy = `policies: {default: {rollback: {at_once: 4, stop_after: 1}, rollout: {${NO_WAVES}}}}`
    project = greeting({ unsay: 'false', policy })
    expect((await states(project)).code).toBe(0)
    const { code, of } = await rolledBack(project)
    const ends = [...of.values()].sort()
    expect([code, ends]).toEqual([4, ['CONVERGE_FAILED', 'ROLLBACK_STOPPED', 'ROLLBACK_STOPPED', 'ROLLBACK_STOPPED']])
    const shown = await project.till('runs', 'show', 'latest')
    expect(shown.stdout).toMatch(/^Take back mark of run 2.*\n/)
    // What failed on one device did not keep its other steps from being taken back.
    const texts = ['S-1-pos1', 'S-1-pos2', 'S-2-pos1', 'S-2-pos2'].map((name) =>
      textOf(project as TestProject, `${name}.txt`),
    )
    expect(texts.sort()).toEqual(['new\n', 'new\n', 'new\n', 'old\n'])
  })

  it('leaves what a device took back itself, whose check behind a change did not hold; that opens the breaker', async () => {
    const policy = `policies: {default: {caps: [], breakers: [{failures: 2, within: 1h}], rollout: {${NO_WAVES.replace('}', ', max_failures: [4]}')}}}}`
    project = greeting({ policy })
    const of = project
    const log = (): string[] => ['S-1-pos1', 'S-1-pos2', 'S-2-pos1', 'S-2-pos2'].flatMap((name) => linesOf(of, name))
    const check = '  - {id: proof, assert: {that: "${{ 1 == 2 }}", message: no}}\n'
    project.write('runbooks/mark.yaml', textOf(project, 'runbooks/mark.yaml') + check)
    const { of: ends } = await states(project, '--parallel', '1')
    expect([...ends.values()]).toEqual(['ASSERT_FALSE', 'ASSERT_FALSE', 'BREAKER_OPEN', 'BREAKER_OPEN'])
    expect(log()).toEqual(['new', 'back', 'file', 'new', 'back', 'file'])
    await project.till('breaker', '--close', 'seen')
    expect(await refusal(project)).toContain('took their changes back within the run')
    expect(log()).toHaveLength(6)
  })

  it('takes back what failed half-way by the same `when`, on the device within the run and by till rollback', async () => {
    project = chainOf(['S-1'], { policy: `policies: {default: {rollout: {${NO_WAVES}}}}`, hours: 'closed' })
    const { root } = project
    const back = `rollback: [{id: back, when: steps.half.changed, command: {run: 'test -e ${root}/may && echo back >>${root}/S-1.log', always: true}}]`
    // It does something, and fails then.
    const half = `  - {id: half, command: {run: 'echo half >>${root}/S-1.log; exit 7', always: true}, ${back}}\n`
    project.write('runbooks/mark.yaml', `name: mark\nsteps:\n${half}`)
    const device = ['--device', 'S-1/pos1', '--yes', '--json']
    const within = JSON.parse((await project.till('apply', 'mark', ...device)).stdout)
    const stateOf = (result: typeof within): string | undefined =>
      result.devices[0].steps.find(({ step }: { step: string }) => step === 'back')?.state
    expect(stateOf(within)).toBe('failed')
    project.write('may', '')
    expect(stateOf((await rolledBack(project)).result)).toBe('changed')
    expect(linesOf(project, 'S-1')).toEqual(['half', 'back'])
  })

  it('makes no step again that was made, by the device within the run or by a run that takes it back', async () => {
    project = chainOf(['S-1'], { policy: `policies: {default: {rollout: {${NO_WAVES}}}}`, hours: 'closed' })
    const { root } = project
    const back = (name: string): string =>
      `rollback: [{id: down-${name}, command: {run: 'test -e ${root}/may-${name} && echo ${name} >>${root}/S-1.log', always: true}}]`
    const ups = ['a', 'b', 'c'].map(
      (name) => `  - {id: up-${name}, command: {run: 'true', always: true}, ${back(name)}}\n`,
    )
    const check = '  - {id: proof, assert: {that: "${{ 1 == 2 }}", message: no}}\n'
    project.write('runbooks/mark.yaml', `name: mark\nsteps:\n${ups.join('')}${check}`)
    project.write('may-a', '')
    await states(project, '--device', 'S-1/pos1')
    expect(linesOf(project, 'S-1')).toEqual(['a'])
    const [{ run }] = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs
    for (const [name, code] of [
      ['b', 4],
      ['c', 0],
    ] as const) {
      project.write(`may-${name}`, '')
      expect((await project.till('rollback', run, '--yes')).code).toBe(code)
    }
    expect(linesOf(project, 'S-1')).toEqual(['a', 'b', 'c'])
  })

  it('takes back what a device did not, that failed at a step behind which it went on; guards of rollouts are asked', async () => {
    const guard = "guards: {drawer: {says: the drawer is open, script: {sh: 'echo free'}}}"
    const policy = `${guard}\npolicies: {default: {caps: [], repair: {guards: [], waves: false}, rollout: {guards: [drawer], waves: false}}}`
    project = greeting({ policy })
    const fails = "  - {id: fails, continue_on_failure: true, command: {run: 'exit 3', always: true}}\n"
    project.write('runbooks/mark.yaml', `purpose: repair\n${textOf(project, 'runbooks/mark.yaml')}${fails}`)
    expect((await states(project, '--device', 'S-1/pos1')).devices).toMatchObject([{ state: 'failed' }])
    expect(linesOf(project, 'S-1-pos1')).toEqual(['new'])
    const { code, of: ends } = await rolledBack(project)
    expect([code, [...ends]]).toEqual([0, [['S-1/pos1', 'changed']]])
    expect([textOf(project, 'S-1-pos1.txt'), linesOf(project, 'S-1-pos1')]).toEqual(['old\n', ['new', 'back', 'file']])
  })

  it('is taken back once, though two have worked out at one moment what is to be done', async () => {
    project = greeting()
    await states(project)
    const openings = [1, 2, 3].map(() => openController(project?.root ?? '', { warn: () => undefined }))
    const controllers = await Promise.all(openings)
    try {
      const works = await Promise.all(
        controllers.map(async (controller) => {
          const [fleet, store] = [await controller.fleet(), await controller.store()]
          const run = await resolveRun(store, 'latest')
          const { work, runbooks } = await rollbackWork(run, { project: controller.project, fleet, store }, () => true)
          const wanted = { project: controller.project, fleet, work, runbooks }
          return { ...wanted, mode: 'apply', undoes: run.run, origin: 'pipeline' } as const
        }),
      )
      const begin = async (index: number): Promise<number> => {
        const [controller, work] = [controllers[index], works[index]]
        if (!controller || !work) throw new Error('nobody asks')
        return (await (await controller.startRun(work)).finished).exitCode
      }
      const refused = expect.objectContaining({
        diagnostics: [expect.objectContaining({ code: 'RUN_NOT_REVERSIBLE' })],
      })
      const ends = await Promise.allSettled([begin(0), begin(1)])
      expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(ends).toContainEqual({ status: 'rejected', reason: refused })
      // And one that comes when that is done.
      await expect(begin(2)).rejects.toEqual(refused)
    } finally {
      for (const controller of controllers) await controller.close()
    }
    expect(linesOf(project, 'S-1-pos1')).toEqual(['new', 'back', 'file'])
  })

  it('is refused with the reason where it cannot be, and nothing is touched', async () => {
    project = greeting()
    await project.till('plan', 'mark', '--json')
    expect(await refusal(project)).toContain('It has only looked.')
    await states(project)
    const runbook = textOf(project, 'runbooks/mark.yaml')
    project.write('runbooks/mark.yaml', runbook.replace('echo back', 'echo other'))
    expect(await refusal(project)).toContain('Runbook "mark" is another by now.')
    project.write('runbooks/mark.yaml', runbook)
    const nobody = await project.till('rollback', 'latest')
    expect(nobody.stderr).toContain('Elsewhere give --yes.')
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('--yes is missing')])
    expect(await refusal(project, '--store', 'S-3')).toContain('S-3')
    expect(textOf(project, 'S-1-pos1.txt')).toBe('new\n')
    project.write('runbooks/mark.yaml', "name: mark\nsteps:\n  - command: {run: 'true', always: true}\n")
    await states(project)
    expect(await refusal(project)).toContain('no step of "mark" says how to take it back')
  })
})
