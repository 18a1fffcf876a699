// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { emptyCounts } from '../../src/core/run.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { chainOf } from '../cli/chain.ts'
import { ended, type TestProject, until } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

interface Options {
  /** So many devices of a wave of four work; the next one fails. */
  readonly good: number
  readonly rollback?: string
  /** What a device does while it is brought back. */
  readonly unsay?: string
  readonly more?: string
}

/** Four tills are the canary, and it stops at the first that fails; four more come behind them. */
function rollout({ good, rollback = 'automatic: wave', unsay = 'true', more = '' }: Options): TestProject {
  const waves =
    '{unit: device, canary: 4, canary_at_most: 4, shares: [100%], soak: 0s, pause: never, max_failures: [1]}'
  const policy = `caps: [], keep: [], rollback: {${rollback}}, rollout: {waves: ${waves}}${more}`
  const made = chainOf(
    ['W-1', 'W-2', 'W-3', 'W-4'].map((id) => `${id}-${process.pid}`),
    {
      policy: `run: {workers: 0}\npolicies: {default: {${policy}}}\n`,
      hours: 'closed',
    },
  )
  const at = (name: string): string => `${made.root}/\${{ store.id }}-\${{ device.id }}.${name}`
  made.write(
    'runbooks/mark.yaml',
    `name: mark
steps:
  - id: note
    file: {path: '${at('txt')}', content: "new\\n", mode: '0644'}
    rollback:
      - file: {path: '${at('txt')}', content: "old\\n", mode: '0644'}
      - id: unsay
        command: {run: 'echo back >>${at('log')}; ${unsay.replaceAll('ROOT', made.root)}', always: true}
  - id: proof
    command: {run: 'test $(ls ${made.root}/*.txt | wc -l) -le ${good}', always: true}
`,
  )
  return made
}

const apply = (of: TestProject, ...args: string[]) => of.till('apply', 'mark', '--yes', ...args)

function texts(of: TestProject): string[] {
  const names = readdirSync(of.root).filter((name) => name.endsWith('.txt'))
  return names.map((name) => readFileSync(join(of.root, name), 'utf8').trim()).sort()
}

function backs(of: TestProject): string[] {
  const names = readdirSync(of.root).filter((name) => name.endsWith('.log'))
  return names.flatMap((name) => readFileSync(join(of.root, name), 'utf8').trim().split('\n'))
}

async function json(of: TestProject, ...args: string[]) {
  const { stdout, stderr, code } = await of.till(...args)
  if (!stdout.startsWith('{')) throw new Error(`${code}: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}

describe('a wave that failed', () => {
  it('is taken back by a run of its own, where the policy asks for it, and the run is over', async () => {
    project = rollout({ good: 2 })
    const applied = await apply(project, '--json')
    const result = JSON.parse(applied.stdout)
    expect([applied.code, errorsOf('result', result)]).toEqual([4, []])
    expect(result.summary.counts).toMatchObject({ changed: 2, failed: 1, deferred: 5 })
    const { rollback } = result
    expect(rollback).toMatchObject({ wave: 1, failed: 1, limit: 1, devices: 2, exit_code: 0 })
    expect(rollback.counts.changed).toBe(2)
    // The third has taken itself back.
    expect([texts(project), backs(project)]).toEqual([
      ['old', 'old', 'old'],
      ['back', 'back', 'back'],
    ])
    const undone = await json(project, 'runs', 'show', rollback.rollback_run, '--json')
    expect(undone.run.undoes).toBe(result.run.run)
    expect(undone.devices.every((one: { undone?: boolean }) => one.undone === true)).toBe(true)
    const id = result.run.run
    const shown = await project.till('runs', 'show', id)
    expect(shown.stdout).toContain(`Wave 1 has failed (1 device, it stops at 1). It was taken back on 2 devices`)
    expect(shown.stdout).not.toMatch(/till (resume|approve)/)
    const events = (await project.till('runs', 'show', id, '--ndjson')).stdout.trim().split('\n')
    const told = events.map((line) => JSON.parse(line))
    for (const event of told) expect(errorsOf('event', event)).toEqual([])
    const ends = told.filter(({ type }) => type.startsWith('run.') && type !== 'run.overloaded').slice(-3)
    expect(ends.map(({ type }) => type)).toEqual(['run.rollback', 'run.rolled_back', 'run.finished'])
    const again = await project.till('resume', id, '--yes')
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/Wave 1 of run .*RUN_ROLLED_BACK/)])
    const approved = await project.till('approve', id, '--because', 'looks fine')
    expect([approved.code, approved.stderr]).toEqual([2, expect.stringMatching(/APPROVAL_UNFIT.*is taken back/s)])
    const audited = await json(project, 'audit', 'list', '--json')
    const kinds = audited.rows.map(({ entry }: { entry: { kind: string } }) => entry.kind)
    expect(kinds).toContain('run.rollback')
  })

  it('stays where the policy does not ask, and where nothing of it would take anything back', async () => {
    project = rollout({ good: 2, rollback: 'at_once: 4' })
    const applied = await apply(project, '--json')
    expect(JSON.parse(applied.stdout).rollback).toBeUndefined()
    expect(texts(project)).toEqual(['new', 'new', 'old'])
    await project.remove()
    project = rollout({ good: 0 })
    const first = await apply(project, '--json')
    expect(JSON.parse(first.stdout).rollback).toBeUndefined()
    expect(first.stderr).toContain('Wave 1 failed, and there is nothing to take back')
  })

  it('is left to people where the breaker is open, and what they have taken back is not taken back once more', async () => {
    project = rollout({ good: 2, more: ', breakers: [{failures: 1, within: 1h}]' })
    const { stderr, stdout } = await apply(project)
    expect(stderr).toMatch(
      /Wave 1 failed, but the breaker is open \(.*\): it is not taken back by itself. By hand: till rollback 2/,
    )
    expect(stdout).not.toContain('taken back')
    expect(texts(project)).toEqual(['new', 'new', 'old'])
    const [, run = ''] = /till rollback (\S+)/.exec(stderr) ?? []
    const held = await json(project, 'rollback', run, '--yes', '--json')
    expect([held.exit_code, held.summary.counts.deferred]).toEqual([6, 2])
    await project.till('breaker', '--close', 'mended')
    expect((await project.till('rollback', run, '--yes')).stderr).toContain(`till resume ${held.run.run}`)
    expect((await project.till('resume', run, '--yes')).stderr).toContain('another run is to do so')
    expect((await json(project, 'resume', held.run.run, '--yes', '--json')).summary.counts.changed).toBe(2)
    const resumed = await project.till('resume', run, '--yes', '--json')
    expect(resumed.stderr).toContain('there is nothing to take back: another run has done so')
    expect(JSON.parse(resumed.stdout).rollback).toBeUndefined()
    expect([texts(project), backs(project)]).toEqual([
      ['old', 'old', 'old'],
      ['back', 'back', 'back'],
    ])
  })

  it('is left as it is where somebody takes the waves before it back as well', async () => {
    project = rollout({ good: 6 })
    const { run, rollback } = JSON.parse((await apply(project, '--json')).stdout)
    expect(rollback).toMatchObject({ wave: 2, devices: 2, exit_code: 0 })
    const { stdout, stderr } = await project.till('rollback', run.run, '--yes', '--json')
    expect(stderr).toContain('Taken back before, and left as it is: ')
    const rest = JSON.parse(stdout)
    expect(rest.summary.counts.changed).toBe(4)
    expect(rest.devices).toHaveLength(4)
    expect([texts(project), backs(project)]).toEqual([Array(7).fill('old'), Array(7).fill('back')])
    const again = await project.till('rollback', run.run, '--yes')
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('That was done by run')])
    expect(again.stderr).toContain(rest.run.run)
    expect(backs(project)).toHaveLength(7)
  })

  it('says on the terminal what is taken back, and what could not be, which is gone on with', async () => {
    project = rollout({
      good: 3,
      rollback: 'automatic: wave, at_once: 1, stop_after: 1',
      unsay: 'test -e ROOT/mended',
    })
    const { code, stdout } = await apply(project)
    expect(code).toBe(4)
    expect(stdout).toMatch(/Wave 1 has failed \(1 device, it stops at 1\): taking it back on 4 devices, run 2/)
    expect(stdout).toMatch(/Not all of it could be taken back \(1 failed, 3 deferred\): till runs show 2/)
    const [, run = ''] = /taking it back on 4 devices, run (\S+)/.exec(stdout) ?? []
    project.write('mended', '')
    // Whoever goes on with it has seen the one that failed. The one that failed in the run could not take itself back, either.
    const resumed = await json(project, 'resume', run, '--yes', '--json')
    expect(resumed.summary.counts).toMatchObject({ changed: 3, failed: 1, deferred: 0 })
  })

  it('is taken back to the end by whoever resumes a run that was killed in the middle of it, and by nobody else', async () => {
    // Each waits until somebody lets it go on.
    const unsay = 'n=$(cat ROOT/*.log | wc -l); while ! test -e ROOT/go-$n; do sleep 0.05; done'
    project = rollout({ good: 7, rollback: 'automatic: wave, at_once: 1', unsay })
    const of = project
    const go = (n: number): void => of.write(`go-${n}`, '')
    // The device that fails takes itself back at once.
    go(1)
    const child = project.start('apply', 'mark', '--yes', '--json')
    await until(child, () => backs(of).length >= 2)
    const [newest] = (await json(project, 'runs', 'list', '--json')).runs.filter(
      ({ counts }: { counts: Record<string, number> }) => counts['failed'] === 1,
    )
    const paused = await project.till('pause', newest.run, '--because', 'x')
    expect([paused.code, paused.stderr]).toEqual([
      2,
      expect.stringMatching(/Its wave 2 is being taken back.*RUN_NOT_PAU/s),
    ])
    child.kill('SIGKILL')
    await ended(child)
    for (const n of [2, 3, 4]) go(n)
    const byHand = await project.till('rollback', newest.run, '--yes')
    expect([byHand.code, byHand.stderr]).toEqual([2, expect.stringContaining(`till resume ${newest.run}`)])
    // None of its own devices is left.
    const listed = await json(project, 'resume', '--list', '--json')
    expect(errorsOf('unfinished', listed)).toEqual([])
    expect(listed.runs.map(({ run }: { run: string }) => run)).toContain(newest.run)
    // What was begun comes to its end, whatever is wanted by now.
    project.write('tillwright.yaml', project.read('tillwright.yaml').replace('automatic: wave, ', ''))
    const resumed = await json(project, 'resume', newest.run, '--yes', '--json')
    expect(errorsOf('result', resumed)).toEqual([])
    expect(resumed.rollback).toMatchObject({ wave: 2, devices: 3 })
    const { counts } = resumed.rollback
    expect(counts.changed + counts.indeterminate).toBe(3)
    expect(texts(project)).toEqual([...Array(4).fill('new'), ...Array(4).fill('old')])
    // An action is never repeated: each device has done it once.
    expect(backs(project)).toHaveLength(4)
    expect((await project.till('resume', newest.run, '--yes')).stderr).toContain('RUN_ROLLED_BACK')
  })

  it('is taken back later where somebody stops it, as it begins or in the middle', async () => {
    project = rollout({ good: 7, rollback: 'automatic: wave, at_once: 1', unsay: 'sleep 1' })
    const child = project.start('apply', 'mark', '--yes', '--ndjson')
    let told = ''
    child.stdout?.on('data', (chunk) => {
      const wasTold = told.includes('"run.rollback"')
      told += chunk
      if (!wasTold && told.includes('"run.rollback"')) child.kill('SIGINT')
    })
    const { code } = await ended(child)
    expect(code).toBe(130)
    expect(backs(project).length).toBeLessThan(4)
    const [{ run }] = told
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect((await project.till('runs', 'show', run)).stdout).toMatch(
      new RegExp(`which takes it back, was cut off[^]*till resume ${run}`),
    )
    const resumed = await json(project, 'resume', run, '--yes', '--json')
    expect(resumed.rollback).toMatchObject({ wave: 2, devices: 3, counts: { changed: 3 } })
    expect(backs(project)).toHaveLength(4)
  })

  it('ends the run of a process that was killed when it was taken back', async () => {
    project = rollout({ good: 2, unsay: 'test ! -e ROOT/slow || sleep 1; touch ROOT/slow' })
    const of = project
    const child = project.start('apply', 'mark', '--yes', '--json')
    await until(child, () => backs(of).length >= 2)
    child.kill('SIGKILL')
    await ended(child)
    const store = await openSqliteStore(project.path('.till/state.db'))
    const [{ run = '' } = {}] = (await store.runs()).filter(({ counts }) => counts.failed === 1)
    const [begun] = await store.reads.ofTypes(run, ['run.rollback'])
    const rollback_run = begun?.rollback_run ?? ''
    // The version before would apply the runbooks once more: it refuses what has this number.
    expect((await store.kept.of(rollback_run))?.order).toMatchObject({ version: 2, undoes: run })
    const told = { schema: 'till.event/1', run, at: new Date().toISOString(), type: 'run.rolled_back' } as const
    await store.append([{ ...told, rollback_run, counts: emptyCounts(), exit_code: 0 }])
    await store.close()
    const listed = await json(project, 'resume', '--list', '--json')
    expect(listed.runs.map((one: { run: string }) => one.run)).not.toContain(run)
    expect((await project.till('resume', run, '--yes')).stderr).toContain('RUN_ROLLED_BACK')
    const runs = (await json(project, 'runs', 'list', '--json')).runs
    expect(runs.find((one: { run: string }) => one.run === run)).toMatchObject({ state: 'finished', exit_code: 4 })
  })
})
