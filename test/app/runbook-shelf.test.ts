import { writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { runbookShelf } from '../../src/app/hooks/runbook-shelf.ts'
import { openProject } from '../../src/app/project.ts'
import { HookProject } from '../cli/hook-project.ts'

let repository: HookProject

afterEach(() => repository.remove())

test('a runbook that is another by now is applied as it was when its revision came into force, with any of its values', async () => {
  repository = new HookProject()
  const project = await openProject(repository.root)
  const shelf = runbookShelf(project)
  const first = shelf('marker', { name: 'a' })
  writeFileSync(
    repository.path('runbooks/marker.yaml'),
    'name: marker\nsteps: [{command: {run: "false", always: true}}]\n',
  )
  const second = shelf('marker', { name: 'b' })
  expect([first, second].map(({ steps }) => steps.map(({ module }) => module))).toEqual([['file'], ['file']])
  expect(shelf('marker', { name: 'a' })).toBe(first)
  // Another revision has the new form.
  expect(runbookShelf(project)('marker', {}).steps.map(({ module }) => module)).toEqual(['command'])
  await project.close()
})
