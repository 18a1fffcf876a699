// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chainOf, runbookThatWaits } from './chain.ts'
import { type Ended, ended, type TestProject, until } from './project.ts'

const STORES = ['S-1', 'S-2', 'S-3', 'S-4']
const DEVICES = STORES.flatMap((store) => [`${store}-pos1`, `${store}-pos2`])

let project: TestProject
beforeEach(() => {
  const policy =
    'policies: {default: {caps: [], rollout: {waves: {canary: 1, shares: [100%], soak: 0s, pause: never}}}}\n'
  project = chainOf(STORES, { policy, hours: 'closed' })
  project.write('runbooks/visited.yaml', runbookThatWaits(project.root, '${{ store.id }}-${{ device.id }}'))
  writeFileSync(project.path('hold'), '')
})
afterEach(() => project.remove())

const state = (name = 'state.db') => project.path(`.till/${name}`)
const begun = () => (existsSync(project.path('begun')) ? project.read('begun').trimEnd().split('\n') : [])

/** A run of which something is done to the state file while its first device is in the middle of its change. */
async function runWhile(disturb: () => void): Promise<Ended> {
  const child = project.start('apply', 'visited', '--yes', '--json')
  const end = ended(child)
  await until(child, () => begun().length > 0)
  disturb()
  rmSync(project.path('hold'))
  return end
}

test('a run whose state file is moved away begins nothing more, says so, and is resumed when the file is back', async () => {
  const cut = await runWhile(() => renameSync(state(), state('away.db')))
  expect(cut.code).toBe(4)
  expect(cut.stderr).toContain('STATE_UNUSABLE')
  expect(cut.stderr).toContain('was moved away or deleted while it was in use')
  expect(cut.stderr).toContain('put the file back that was there, and go on with `till resume`')
  expect(begun().length, 'the first wave, at most').toBeLessThanOrEqual(2)
  const { devices } = JSON.parse(cut.stdout) as { devices: { failure: { code: string; message: string } }[] }
  const codes = devices.map(({ failure }) => failure.code)
  expect(codes.sort()).toEqual([...Array<string>(7).fill('RUN_LOST'), 'RUN_LOST_CONVERGING'])
  const waited = devices.map(({ failure }) => failure.message)
  expect(waited).toContain('The run ended while this device waited. Wave 1 is not done.')
  renameSync(state('away.db'), state())
  const resumed = await project.till('resume', 'latest', '--json')
  expect(resumed.code).toBe(0)
  expect(begun().sort(), 'each device once').toEqual(DEVICES)
})

test('a run whose state file is replaced by an older copy does not go on in the one that nobody sees', async () => {
  const cut = await runWhile(() => {
    copyFileSync(state(), state('copy.db'))
    renameSync(state(), state('away.db'))
    renameSync(state('copy.db'), state())
  })
  expect(cut.code).toBe(4)
  expect(cut.stderr).toContain('STATE_UNUSABLE')
  expect(cut.stderr).toContain('was replaced by another file while it was in use')
  expect(begun().length, 'the first wave, at most').toBeLessThanOrEqual(2)
})
