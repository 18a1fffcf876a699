import Database from 'libsql'
import { expect, onTestFinished, test } from 'vitest'
import { inventoryWith, TestProject } from './project.ts'

test('a history of which nothing can be forgotten any more is told, and the run goes on', async () => {
  const project = new TestProject({
    'tillwright.yaml': '',
    'inventory/fleet.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n').replace(
      'type: ssh',
      'type: local',
    ),
    'runbooks/look.yaml': 'name: look\nsteps:\n  - command: {run: ["true"], read_only: true}\n',
  })
  onTestFinished(() => project.remove())
  expect((await project.till('runs', 'list')).code).toBe(0)
  const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
  database.exec(
    `CREATE TRIGGER strange BEFORE INSERT ON availability_runs BEGIN SELECT RAISE(ABORT, 'nobody knows this one'); END`,
  )
  database.close()
  const { stderr } = await project.till('plan', 'look')
  expect(stderr).toMatch(/What is too old in the state store was not forgotten: .*nobody knows this one/)
})
