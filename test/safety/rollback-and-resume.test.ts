// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { existsSync, writeFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { chainOf, states } from '../cli/chain.ts'
import { ended, type TestProject, until } from '../cli/project.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

/** Of two stores, one of which is held: what a run has changed in the other can be taken back, which waits for a file called `go`. */
async function halfDone(): Promise<{ readonly of: TestProject; readonly run: string }> {
  const made = chainOf(['S-1', 'S-2'], { policy: 'policies: {default: {rollout: {waves: false}}}', hours: 'closed' })
  const text = `${made.root}/\${{ store.id }}-\${{ device.id }}.txt`
  const wait = `touch ${made.root}/begun; until [ -e ${made.root}/go ]; do sleep 0.1; done`
  made.write(
    'runbooks/mark.yaml',
    `name: mark
steps:
  - file: {path: '${text}', content: "new\\n"}
    rollback:
      - file: {path: '${text}', content: "old\\n"}
      - command: {run: '${wait}', always: true}
`,
  )
  await made.till('hold', 'S-2', '--until', '2h', '--because', 'cabling')
  const { code, of: ends } = await states(made)
  expect([code, ends.get('S-1/pos1'), ends.get('S-2/pos1')]).toEqual([6, 'changed', 'HOLD_ACTIVE'])
  await made.till('hold', 'release', 'S-2')
  const { runs } = JSON.parse((await made.till('resume', '--list', '--json')).stdout)
  return { of: made, run: runs[0].run }
}

it('a run that is being taken back is not gone on with meanwhile', async () => {
  const { of, run } = await halfDone()
  project = of
  const child = of.start('rollback', run, '--yes', '--json')
  const end = ended(child)
  await until(child, () => existsSync(of.path('begun')))
  const resumed = await of.till('resume', run, '--yes')
  expect([resumed.code, resumed.stderr]).toEqual([
    2,
    expect.stringMatching(/is being taken back by run 2\d+T.*RUN_IN_PROGRESS/s),
  ])
  writeFileSync(of.path('go'), '')
  expect((await end).code).toBe(0)
  expect([of.read('S-1-pos1.txt'), existsSync(of.path('S-2-pos1.txt'))]).toEqual(['old\n', false])
})

it('what is left of a run that was taken back is done by its id alone', async () => {
  const { of, run } = await halfDone()
  project = of
  writeFileSync(of.path('go'), '')
  expect((await of.till('rollback', run, '--yes')).code).toBe(0)
  const latest = await of.till('resume', 'latest', '--yes')
  expect([latest.code, latest.stderr]).toEqual([2, expect.stringMatching(/was taken back by run 2.*RUN_ROLLED_BACK/s)])
  expect([of.read('S-1-pos1.txt'), existsSync(of.path('S-2-pos1.txt'))]).toEqual(['old\n', false])
  const named = await of.till('resume', run, '--yes')
  expect([named.code, named.stderr]).toEqual([
    0,
    expect.stringMatching(/What run \S+ has taken back .* stays as it is/),
  ])
  expect([of.read('S-1-pos1.txt'), of.read('S-2-pos1.txt')]).toEqual(['old\n', 'new\n'])
})

it('a run is gone on with as the latest where what was to take it back was aborted before its first device', async () => {
  const { of, run } = await halfDone()
  project = of
  await of.till('hold', 'S-1', '--until', '2h', '--because', 'cabling')
  const held = await of.till('rollback', run, '--yes', '--json')
  expect(held.code).toBe(6)
  const undoing = JSON.parse(held.stdout).run.run
  expect((await of.till('abort', undoing, '--because', 'it is meant to be so')).code).toBe(0)
  await of.till('hold', 'release', 'S-1')
  const latest = await of.till('resume', 'latest', '--yes')
  expect([latest.code, latest.stderr]).toEqual([0, expect.not.stringMatching(/taken back/)])
  expect([of.read('S-1-pos1.txt'), of.read('S-2-pos1.txt')]).toEqual(['new\n', 'new\n'])
})
