import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { TestProject } from '../cli/project.ts'

const TILL = fileURLToPath(new URL('../../bin/till', import.meta.url))

it('a fault of ours is told with the places of the sources, also by a start that has found compiled code', async () => {
  const project = new TestProject({
    'terminal.cjs': `Object.defineProperty(process.stdout, 'columns', { get: () => null.faulty })`,
  })
  try {
    const env = {
      ...process.env,
      XDG_CACHE_HOME: project.root,
      NODE_OPTIONS: `--require=${project.path('terminal.cjs')}`,
    }
    const told = (): Promise<string> => {
      return new Promise((resolve) => {
        execFile(process.execPath, [TILL, 'explain', 'INTERNAL_BUG'], { env }, (_error, _stdout, stderr) =>
          resolve(stderr),
        )
      })
    }
    const first = await told()
    expect(first).toMatch(/fault of Tillwright itself: TypeError[\s\S]* at .*\/src\/commands\/explain\.ts:\d+:\d+/)
    expect(first).not.toContain('/dist/')
    expect(await told()).toBe(first)
  } finally {
    project.remove()
  }
})
