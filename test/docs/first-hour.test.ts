import { spawnSync } from 'node:child_process'
import { afterAll, expect, test } from 'vitest'
import { fencedBlocks } from '../../scripts/docs/markdown.ts'
import { TestProject } from '../cli/project.ts'
import { ROOT, readPage } from './pages.ts'

const [, firstHour = ''] = readPage('docs/guide-sysadmin.md').split(/^## The first hour$/m)
const [repository = '', sandbox = ''] = fencedBlocks(firstHour, 'sh')
const home = new TestProject({})
home.write('bin/till', `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/bin/till' "$@"\n`)

afterAll(async () => {
  bash('cd my-chain && till sandbox down')
  await home.remove()
})

test('the first hour of a sysadmin goes as the guide says', () => {
  expect(repository).toContain('till init')
  expect(bash(`set -e\nchmod +x bin/till\n${repository}`)).toMatchObject({ status: 0 })
  const lines = sandbox.trim().split('\n')
  const ended = lines.map((line) => ({ line, code: bash(`cd my-chain && ${line}`).status }))
  // A plan that has something to apply ends with 3.
  expect(ended).toEqual(lines.map((line, index) => ({ line, code: index === 1 ? 3 : 0 })))
})

function bash(script: string) {
  const env = { ...process.env, PATH: `${home.path('bin')}:${process.env['PATH']}`, NO_COLOR: '1' }
  return spawnSync('bash', ['-c', script], { cwd: home.root, env, encoding: 'utf8' })
}
