// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { chainOf, NO_WAVES, runbookThat, states } from '../cli/chain.ts'
import { ended, type TestProject, until } from '../cli/project.ts'
import { errorsOf } from '../cli/published.ts'

const CLOSED = 'closed'
const STORES = [`A-${process.pid}`, `B-${process.pid}`, `C-${process.pid}`] as const

let project: TestProject | undefined
afterEach(() => project?.remove())

const chain = (policy: string, hours: string): TestProject => chainOf(STORES, { policy, hours })

describe('a run that waits for people', () => {
  it('goes on with a held run in the waves that it had, once somebody has approved it', async () => {
    project = chain('policies: {default: {rollout: {waves: {canary: 1, soak: 0s, pause: always}}}}', CLOSED)
    const held = await project.till('apply', 'mark', '--yes')
    expect([held.code, held.stdout]).toEqual([
      6,
      expect.stringMatching(/till approve \S+ --because WHY\n.*till resume/),
    ])
    const [{ run }] = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs
    const still = await project.till('resume', run, '--yes', '--json')
    expect([still.code, JSON.parse(still.stdout).summary.counts]).toMatchObject([6, { changed: 2, deferred: 4 }])
    const approved = await project.till('approve', 'latest', '--because', 'they print', '--json')
    expect([approved.code, errorsOf('approval', JSON.parse(approved.stdout))]).toEqual([0, []])
    expect(JSON.parse(approved.stdout)).toMatchObject({ run, ready: true, released: [1], approvals: [] })
    const rest = await project.till('resume', run, '--yes', '--json')
    const { devices, summary } = JSON.parse(rest.stdout)
    expect([rest.code, summary.counts.changed, devices.length]).toEqual([0, 6, 6])
    // The canary was not made again, and what was said is in the journal.
    const events = (await project.till('runs', 'show', run, '--ndjson')).stdout
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l))
    expect(events.filter(({ type }) => type === 'step.converging')).toHaveLength(6)
    expect(events.find(({ type }) => type === 'run.approved')).toMatchObject({ why: 'they print' })
    const over = await project.till('approve', run, '--because', 'again', '--json')
    expect([over.code, JSON.parse(over.stdout).diagnostics[0].code]).toEqual([2, 'APPROVAL_UNFIT'])
  })

  it('goes on behind a wave that was stopped by failures, which are forgiven by whoever approves', async () => {
    project = chain(
      'policies: {default: {rollout: {waves: {canary: 1, soak: 0s, pause: never, max_failures: [1]}}}}',
      CLOSED,
    )
    project.write('runbooks/mark.yaml', runbookThat(`[ -e ${project.root}/mended ] || exit 7`))
    expect((await states(project)).code).toBe(4)
    project.write('mended', '')
    const approved = await project.till('approve', 'latest', '--because', 'the mirror is back', '--json')
    // No wave that nobody has seen.
    expect([approved.code, JSON.parse(approved.stdout)]).toMatchObject([0, { ready: true, released: [1] }])
    const rest = JSON.parse((await project.till('resume', 'latest', '--yes', '--json')).stdout)
    expect(rest.summary.counts).toMatchObject({ failed: 1, changed: 4, deferred: 1 })
    // Its neighbour waits for the one that failed, which is out until it is seen in order.
    const codes = rest.devices.flatMap(({ failure }: { failure?: { code: string } }) => failure?.code ?? [])
    expect(codes.sort()).toEqual(['CAP_REACHED', 'CONVERGE_FAILED'])
  })

  it('changes nothing before people have approved, and never by the word of who asked', async () => {
    const approval = (fourEyes: boolean) =>
      `policies: {default: {rollout: {approval: {people: 1, four_eyes: ${fourEyes}}, ${NO_WAVES}}}}`
    project = chain(approval(true), CLOSED)
    const first = await states(project)
    expect([first.code, new Set(first.of.values())]).toEqual([6, new Set(['APPROVAL_MISSING'])])
    const own = await project.till('approve', 'latest', '--because', 'me', '--json')
    expect([own.code, JSON.parse(own.stdout).diagnostics[0].code]).toEqual([2, 'APPROVAL_UNFIT'])
    await project.remove()
    project = chain(approval(false), CLOSED)
    expect((await states(project)).code).toBe(6)
    const said = await project.till('approve', 'latest', '--because', 'me', '--json')
    expect([said.code, JSON.parse(said.stdout)]).toMatchObject([
      0,
      { approvals: [{ people: 1, given: [{ why: 'me' }] }] },
    ])
    // Two that go on with it at once start it once.
    const ran = project
    const both = await Promise.all([1, 2].map(() => ran.till('resume', 'latest', '--yes', '--json')))
    const started = both.filter(({ stdout }) => stdout.includes('till.result/1'))
    expect(started).toHaveLength(1)
    expect(JSON.parse(started[0]?.stdout ?? '').summary.counts.changed).toBe(6)
  })

  it('asks about each wave when those before it have passed, and does not watch one in which nothing was done', async () => {
    const policyOf = (soak: string): string =>
      `policies: {default: {rollout: {approval: {people: 1, four_eyes: false, each: wave}, waves: {canary: 1, soak: ${soak}, pause: never}}}}\n`
    project = chain(policyOf('10m'), CLOSED)
    // The canary of which nothing was approved is over at once.
    const first = await states(project)
    expect([first.code, first.of.get(first.devices[0]?.device ?? '')]).toEqual([6, 'APPROVAL_MISSING'])
    project.write('tillwright.yaml', policyOf('0s'))
    expect((await states(project)).code).toBe(6)
    const asked: number[] = []
    const changed: number[] = []
    for (let code: number | null = 6; code === 6 && asked.length < 5; ) {
      const said = await project.till('approve', 'latest', '--because', 'it prints', '--json')
      expect([said.code, JSON.parse(said.stdout)]).toMatchObject([0, { ready: true, released: [] }])
      asked.push(JSON.parse(said.stdout).approvals.length)
      const rest = await project.till('resume', 'latest', '--yes', '--json')
      code = rest.code
      changed.push(JSON.parse(rest.stdout).summary.counts.changed)
    }
    expect(asked.slice(0, 2)).toEqual([1, 2])
    expect([changed[0], changed.at(-1)]).toEqual([2, 6])
    expect(asked).toHaveLength(changed.length)
  }, 180_000)

  it('ends a run for good by till abort, in progress or held', async () => {
    project = chain('policies: {default: {rollout: {waves: {canary: 1, soak: 0s, pause: always}}}}', CLOSED)
    await project.till('apply', 'mark', '--yes')
    expect((await project.till('abort', 'latest', '--because', 'withdrawn')).code).toBe(0)
    const [{ run }] = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs
    const gone = await project.till('resume', run, '--yes', '--json')
    expect([gone.code, JSON.parse(gone.stdout).diagnostics[0]]).toMatchObject([
      2,
      { code: 'RUN_ABORTED', summary: expect.stringContaining('withdrawn') },
    ])
    project.write('runbooks/mark.yaml', runbookThat(`touch ${project.root}/begun; sleep 10`))
    const child = project.start('apply', 'mark', '--yes', '--parallel', '1', '--go-on')
    const end = ended(child)
    await until(child, () => existsSync((project as TestProject).path('begun')))
    const [newest] = JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs
    expect((await project.till('abort', newest.run, '--because', 'withdrawn, too')).stdout).toContain(
      'finishes what is being changed',
    )
    expect((await end).code).toBe(130)
    expect((await project.till('resume', newest.run, '--yes')).stderr).toContain('withdrawn, too')
  })
})
