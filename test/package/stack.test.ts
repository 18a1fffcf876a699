import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import Module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
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
    await project.remove()
  }
})

it.skipIf('enableCompileCache' in Module)(
  'a command that ends for the first time renews compiled code that another one has kept',
  async () => {
    const project = new TestProject({})
    try {
      const kept = async (...words: readonly string[]): Promise<ReadonlyMap<string, number>> => {
        const env = { ...process.env, XDG_CACHE_HOME: project.root }
        await promisify(execFile)(process.execPath, [TILL, ...words], { env })
        const builds = project.path('tillwright/builds')
        const files = readdirSync(builds, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
        return new Map(files.map((name) => [name, statSync(join(builds, name)).mtimeMs]))
      }
      const first = await kept('explain', 'INTERNAL_BUG')
      const second = await kept('module', 'list')
      const renewed = [...first].filter(([name, at]) => second.get(name) !== at).map(([name]) => name)
      expect(renewed).toContainEqual(expect.stringMatching(/cli-main\.js$/))
      expect(renewed).not.toContainEqual(expect.stringMatching(/commands-explain\.js$/))
      expect(await kept('explain', 'INTERNAL_BUG')).toEqual(second)
    } finally {
      await project.remove()
    }
  },
)

it('a program that nothing keeps going any more before its end says so, and does not look as if all were well', async () => {
  const project = new TestProject({
    'package.json': '{}',
    'bin/package.json': '{"type": "commonjs"}',
    'dist/package.json': '{"type": "commonjs", "build": "unended"}',
    'dist/cli/main.js': 'exports.main = () => new Promise(() => {})',
  })
  try {
    for (const name of ['till', 'keep-compiled.js'])
      project.write(`bin/${name}`, readFileSync(new URL(`../../bin/${name}`, import.meta.url), 'utf8'))
    const ended = await new Promise((resolve) => {
      execFile(process.execPath, [project.path('bin/till'), 'status'], (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      )
    })
    expect(ended).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^error till ended in the middle/) })
  } finally {
    await project.remove()
  }
})
