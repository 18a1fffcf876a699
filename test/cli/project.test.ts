import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TestProject } from './project.ts'

test('a project is gone when it was removed, whatever still wrote into it', async () => {
  const project = new TestProject({})
  // As the command that a `till` which was killed had begun: it is in no group of its own, and nobody waits for it.
  const write = 'n=0; while :; do n=$((n + 1)); mkdir -p "$0/deep/$n"; done'
  const writer = spawn('sh', ['-c', write, project.root], { cwd: project.root, detached: true, stdio: 'ignore' })
  const ended = once(writer, 'exit')
  while (!existsSync(project.path('deep/50'))) await new Promise((resolve) => setTimeout(resolve, 5))
  await project.remove()
  expect(existsSync(project.root)).toBe(false)
  expect(await ended).toEqual([null, 'SIGKILL'])
})
