// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { ended, type TestProject, until } from '../cli/project.ts'
import { type Device, lines, MAKE_ROOMS, projectOf, type Result, resumed, WORK } from './run-to-resume.ts'

/** `npm run kills` makes them many more. */
const RUNS = Number(process.env['KILL_RUNS'] ?? 1)
const DEVICES = Number(process.env['KILL_DEVICES'] ?? 6)
const KILLS = Number(process.env['KILLS'] ?? 8)
const PARALLEL = Number(process.env['KILL_PARALLEL'] ?? 2)
/** The longest time in milliseconds for which a process lives. */
const LIVES_MS = Number(process.env['KILL_LIVES'] ?? 1_200)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

let project: TestProject | undefined
afterEach(() => project?.remove())

/** Without what differs from run to run. */
function shown({ devices }: Result, root: string) {
  const of = ({ device, state, steps }: Device) => [
    device,
    state,
    steps.map(({ step, state: ended, changes }) => [step, ended, changes?.map(({ path }) => path)]),
  ]
  const text = JSON.stringify([...devices].sort((a, b) => (a.device < b.device ? -1 : 1)).map(of))
  return JSON.parse(text.replaceAll(root, 'ROOT')) as [string, string, [string, string, string[]][]][]
}

it.each(Array.from({ length: RUNS }, (_, index) => SEED + index))(
  'what is killed at random and resumed ends as what nobody disturbed, and nothing ran twice (seed %i)',
  async (seed) => {
    let state = seed
    const random = (): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state / 2_147_483_648
    }
    const calm = projectOf(DEVICES, MAKE_ROOMS + WORK)
    const wanted = shown(
      JSON.parse((await calm.till('apply', 'work', '--yes', '--json', '--parallel', String(PARALLEL))).stdout),
      calm.root,
    )
    await calm.remove()
    project = projectOf(DEVICES, MAKE_ROOMS + WORK)
    const args = ['--parallel', String(PARALLEL), '--yes', '--json']
    let kills = 0
    let isOver = false
    while (kills < KILLS && !isOver) {
      const child = project.start(...(kills === 0 ? ['apply', 'work', ...args] : ['resume', 'latest', ...args]))
      const end = ended(child)
      // At its first it must have got so far that there is a run.
      if (kills === 0) await until(child, () => lines(project as TestProject, 'pos1.log').length > 0)
      await Promise.race([end, delay(300 + random() * (LIVES_MS - 300))])
      isOver = child.exitCode !== null
      child.kill('SIGKILL')
      await end
      kills += 1
    }
    const last = isOver ? undefined : await resumed(project)
    const { stdout } = await project.till('runs', 'show', 'latest', '--json')
    const result = JSON.parse(stdout) as Result
    if (last) expect(shown(last.result, project.root)).toEqual(shown(result, project.root))
    const found = shown(result, project.root)
    expect(found.map(([device]) => device)).toEqual(wanted.map(([device]) => device))
    for (const [index, device] of found.entries()) {
      const log = lines(project, `pos${index + 1}.log`)
      for (const what of ['restart', 'once'])
        expect([what, log.filter((line) => line === what).length <= 1]).toEqual([what, true])
      if (device[1] === 'indeterminate') {
        const { failure } = result.devices.find((one) => one.device === device[0]) as Device
        expect(failure).toMatchObject({ code: 'RUN_LOST_CONVERGING', phase: 'verify' })
        expect(failure?.message).toMatch(/"(restart|once)"/)
      } else {
        expect(device).toEqual(wanted[index])
        expect(log.filter((line) => line !== 'made').sort()).toEqual(['once', 'restart'])
      }
    }
    const { counts } = result.summary
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(DEVICES)
    expect(result.exit_code).toBe(found.some(([, ending]) => ending === 'indeterminate') ? 4 : 0)
    const doubt = found.filter(([, ending]) => ending === 'indeterminate').length
    console.log(`kills: ${kills} of ${DEVICES} devices, ${doubt} in doubt, seed ${seed}`)
  },
  120_000 + KILLS * DEVICES * 1_000,
)
