import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ended, inventoryWith, TestProject } from '../cli/project.ts'

/** How often it is tried: more, when somebody asks for it. */
const ROUNDS = Number(process.env['TILL_ROUNDS'] ?? 2)
const LOCAL = '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n'

/** A runbook that writes down each of its changes on the device, and takes its time. */
function changesOf(project: TestProject, who: string, many: number): string {
  const steps = Array.from({ length: many }, (_, n) => {
    const run = `echo ${who} >> ${project.root}/device.log; sleep 0.2`
    return `  - {id: s${n}, command: {run: '${run}', always: true}}`
  })
  return `steps:\n${steps.join('\n')}\n`
}

function changes(project: TestProject): string[] {
  if (!existsSync(project.path('device.log'))) return []
  return readFileSync(project.path('device.log'), 'utf8').trimEnd().split('\n')
}

async function until(is: () => boolean, child: ChildProcess): Promise<void> {
  while (!is() && child.exitCode === null) await delay(5)
}

it(
  'a controller that was stopped for longer than its lease changes nothing more, as the device saw it',
  async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const project = new TestProject({
        'tillwright.yaml': 'run: {lease: 5s, workers: 0}\n',
        'inventory/stores.yaml': inventoryWith(LOCAL),
      })
      // The first has more to do than fits into its lease.
      project.write('runbooks/first.yaml', changesOf(project, 'first', 50))
      project.write('runbooks/second.yaml', changesOf(project, 'second', 5))
      const first = project.start('apply', 'first', '--yes', '--json')
      const end = ended(first)
      // At another place of its work each time.
      await until(() => changes(project).length > round % 8, first)
      first.kill('SIGSTOP')
      let taken = await project.till('apply', 'second', '--yes', '--json')
      while (taken.code === 6) {
        await delay(1_000)
        taken = await project.till('apply', 'second', '--yes', '--json')
      }
      first.kill('SIGCONT')
      const { stdout } = await end
      const seen = changes(project)
      const [from, to] = [seen.indexOf('second'), seen.lastIndexOf('second')]
      expect(from).toBeGreaterThan(0)
      expect(seen.slice(from).filter((who) => who === 'first')).toEqual([])
      expect(to - from + 1).toBe(5)
      expect(JSON.parse(taken.stdout).devices[0]).toMatchObject({ state: 'changed' })
      // The first says what it knows: that it no longer had the device.
      const [device] = JSON.parse(stdout).devices
      expect(['indeterminate', 'deferred', 'cancelled']).toContain(device.state)
      expect(device.failure.code).toMatch(/LEASE_LOST|CONVERGE_LOST/)
      await project.remove()
    }
  },
  120_000 * ROUNDS,
)
