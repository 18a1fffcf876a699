import { existsSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { ended, inventoryWith, TestProject, until } from '../cli/project.ts'

const projects: TestProject[] = []
afterAll(async () => {
  for (const project of projects) await project.remove()
})

function projectOf(run: (path: (name: string) => string) => string): TestProject {
  const devices = '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n'
  const project = new TestProject({ 'tillwright.yaml': '{}\n', 'inventory/fleet.yaml': inventoryWith(devices) })
  const path = (name: string): string => project.path(name)
  project.write(
    'runbooks/work.yaml',
    `name: work\nsteps:\n  - {id: a, command: {run: "${run(path)}", creates: ${path('done')}}}\n`,
  )
  projects.push(project)
  return project
}

it('repositories whose devices on this machine have the same name do not wait for each other', async () => {
  const slow = projectOf(
    (path) => `:>${path('began')}; while [ ! -e ${path('go')} ]; do sleep 0.1; done; :>${path('done')}`,
  )
  const quick = projectOf((path) => `:>${path('done')}`)
  const first = slow.start('apply', 'work', '--yes')
  const end = ended(first)
  await until(first, () => existsSync(slow.path('began')))
  const second = await quick.till('apply', 'work', '--yes', '--json')
  expect(existsSync(slow.path('done'))).toBe(false)
  slow.write('go', '')
  expect(JSON.parse(second.stdout).devices).toEqual([expect.objectContaining({ state: 'changed' })])
  expect(JSON.parse(second.stdout).devices[0]).not.toHaveProperty('leftovers')
  expect((await end).code).toBe(0)
})
