import { afterAll, expect, it } from 'vitest'
import { openProject } from '../../../src/app/project.ts'
import { unknownServed } from '../../../src/app/worker/unknown-served.ts'
import { inventoryWith, TestProject } from '../../cli/project.ts'

const project = new TestProject({
  'tillwright.yaml': '',
  'inventory/stores.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n'),
})
afterAll(() => project.remove())

it('a worker is told of what it serves that its inventory does not have', async () => {
  const opened = await openProject(project.root)
  expect(await unknownServed(opened, 'all')).toEqual([])
  expect(await unknownServed(opened, 'kind:till,store:PL-0001')).toEqual([])
  expect(await unknownServed(opened, 'kind:till,region:mian')).toEqual([
    'The inventory of this worker has no device of region:mian: is the name right? See: till inventory list',
  ])
  await opened.close()
})
