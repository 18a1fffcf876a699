import { afterAll, expect, test } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'

const project = new TestProject({
  'tillwright.yaml': '{}\n',
  'inventory/fleet.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n'),
})
afterAll(() => project.remove())

const runbook = (path: string): string => `name: motd
description: The greeting
steps:
  - id: greeting
    file: {path: ${path}, state: absent}
`

test('a name is that of a runbook, also where a file of that name lies; a path is a file', async () => {
  project.write('runbooks/motd.yaml', runbook(project.path('nowhere')))
  project.write('motd', 'anything else')
  expect(await project.till('plan', 'motd')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 in-sync') })
  expect(await project.till('plan', './motd')).toMatchObject({ code: 2, stderr: expect.stringContaining('motd') })
  project.write('elsewhere.yaml', runbook(project.path('motd')))
  expect(await project.till('plan', 'elsewhere.yaml')).toMatchObject({ code: 3 })
})
