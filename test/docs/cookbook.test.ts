import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { fencedBlocks } from '../../scripts/docs/markdown.ts'
import { TestProject } from '../cli/project.ts'
import { ROOT, readPage } from './pages.ts'

const page = readPage('docs/cookbook.md')
const recipes = page
  .split(/^### /m)
  .slice(1)
  .map((text) => ({ title: text.slice(0, text.indexOf('\n')), lines: linesOf(text) }))
const tried = recipes.filter(({ lines }) => lines.length > 0)
const project = new TestProject({ 'tillwright.yaml': 'inventory: inventory/\nrunbooks: runbooks/\n' })

beforeAll(async () => {
  expect(await project.till('inventory', 'generate', '--stores', '4', '--output', 'inventory')).toMatchObject({
    code: 0,
  })
  for (const name of ['runbooks', 'tillwright.yaml']) cpSync(join(ROOT, name), project.path(name), { recursive: true })
  for (const text of fencedBlocks(page, 'yaml runbook')) {
    const { name } = parse(text) as { name: string }
    project.write(`runbooks/${name}.yaml`, text)
  }
  mkdirSync(project.path('bin'))
  writeFileSync(project.path('bin/till'), `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/bin/till' "$@"\n`, {
    mode: 0o755,
  })
  const up = await project.till('sandbox', 'up', '--drift', '0.5', '--fault', 'paper-out=PL-0002/fiscal1', '--detach')
  expect(up).toMatchObject({ code: 0 })
})

afterAll(async () => {
  await project.till('sandbox', 'down')
  await project.remove()
})

test('there are enough recipes, and most of them are run', () => {
  expect(recipes.length).toBeGreaterThanOrEqual(30)
  expect(tried.length).toBeGreaterThanOrEqual(25)
})

describe.each(tried)('$title', ({ lines }) => {
  test.each(lines)('$command', ({ command, codes }) => {
    const env = {
      ...process.env,
      PATH: `${project.path('bin')}:${process.env['PATH']}`,
      TILL_SANDBOX: 'true',
      NO_COLOR: '1',
    }
    const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
      cwd: project.root,
      env,
      encoding: 'utf8',
    })
    expect(codes, `${stdout}${stderr}`).toContain(status)
    expect(stderr).not.toMatch(/fault of Tillwright/)
  })
})

interface Line {
  readonly command: string
  /** Exit codes that the line may end with: `# exit 0 3`, or 0. */
  readonly codes: readonly number[]
}

/** What is to be typed in a recipe, as far as it can be tried on a sandbox. */
function linesOf(text: string): readonly Line[] {
  const lines = fencedBlocks(text, 'sh sandbox').flatMap((block) => block.trim().split('\n'))
  return lines.map((line) => {
    const [command = '', codes = '0'] = line.split(/ # exit (?=[\d ]+$)/)
    return { command, codes: codes.split(' ').map(Number) }
  })
}
