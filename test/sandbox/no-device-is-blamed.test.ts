import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestProject } from '../cli/project.ts'

/** TILL_BUSY_DEVICES=1000 is the whole proof; here a part of it. */
const DEVICES = Number(process.env['TILL_BUSY_DEVICES'] ?? 24)
const IS_WHOLE = DEVICES > 100
/** One for each processor; in the whole proof with the same right to it as everybody. */
const PROGRAMS = availableParallelism()
const BUSY = ['-n', IS_WHOLE ? '0' : '19', 'sh', '-c', 'while :; do :; done']
/** A store of the made-up chain has more than one till, of Linux or of Windows. */
const STORES = DEVICES
const MINUTES = 60_000

describe.skipIf(process.platform !== 'linux')('a fleet, while something else has the processors', () => {
  const project = new TestProject({
    'tillwright.yaml': '{}\n',
    'runbooks/look.yaml': 'name: look\nsteps:\n  - {id: what, facts: {}}\n',
  })
  const programs: ChildProcess[] = []

  beforeAll(async () => {
    const made = await project.till('inventory', 'generate', '--stores', `${STORES}`, '--output', 'inventory')
    expect(made.code, made.stderr).toBe(0)
    const up = await project.till('sandbox', 'up', '--detach')
    expect(up.code, up.stderr).toBe(0)
  }, 10 * MINUTES)
  afterAll(async () => {
    for (const program of programs) program.kill('SIGKILL')
    await project.till('sandbox', 'down')
    await project.remove()
  }, MINUTES)

  it(
    'blames no device of it',
    async () => {
      const where = "device.kind == 'till'"
      const listed = await project.till('inventory', 'list', '--where', where, '--json')
      const names = (JSON.parse(listed.stdout).devices as readonly { name: string }[]).slice(0, DEVICES)
      expect(names).toHaveLength(DEVICES)
      for (let n = 0; n < PROGRAMS; n += 1) programs.push(spawn('nice', BUSY, { stdio: 'ignore' }))
      const chosen = names.flatMap(({ name }) => ['--device', name])
      const { stdout, stderr } = await project.till('plan', 'look', '--sandbox', '--json', ...chosen)
      const { devices, overloaded } = JSON.parse(stdout) as {
        devices: readonly { device: string; state: string; failure?: { code: string; message: string } }[]
        overloaded?: object
      }
      expect(devices, stderr).toHaveLength(DEVICES)
      // What came too late is the fault of this machine, and said to be.
      const blamed = devices.filter(
        ({ state, failure }) => state !== 'in-sync' && failure?.code !== 'CONTROLLER_OVERLOADED',
      )
      expect(blamed).toEqual([])
      if (IS_WHOLE)
        console.log(`${DEVICES - devices.filter(({ failure }) => failure).length} of ${DEVICES} in-sync`, overloaded)
    },
    30 * MINUTES,
  )
})
