import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Ended, TestProject } from './project.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

/** The package as it would be installed: what `npm pack` takes, with the dependencies of users and no others. */
const installed = mkdtempSync(join(tmpdir(), 'till-package-'))
const project = new TestProject({ 'tillwright.yaml': '' })

beforeAll(() => {
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', installed], { cwd: ROOT })
  execFileSync('tar', ['-xzf', 'tillwright-0.1.0.tgz'], { cwd: installed })
  for (const name of Object.keys(dependencies)) {
    const link = join(installed, 'package/node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
})

afterAll(() => {
  rmSync(installed, { recursive: true, force: true })
  project.remove()
})

function node(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: project.root }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

function till(...args: string[]): Promise<Ended> {
  return node(join(installed, 'package/bin/till'), ...args)
}

it('works as packed: its help, an inventory, its state', async () => {
  const help = await till('--help')
  expect(help).toEqual(await project.till('--help'))
  expect(help.stdout).toContain('inventory')
  expect(await till('inventory', 'generate', '--stores', '3', '--output', 'inventory')).toMatchObject({ code: 0 })
  const list = await till('inventory', 'list')
  expect(list).toMatchObject({ code: 0 })
  expect(list.stdout).toContain('pos1')
  expect(await till('status', '--json')).toMatchObject({ code: 0 })
  expect(await till('inventry')).toMatchObject({ code: 2 })
})

it('answers --version as oclif would, which it does not load for that', async () => {
  const bin = pathToFileURL(join(ROOT, 'bin/till')).href
  const oclif = `const { main } = await import(${JSON.stringify(new URL('../dist/app/main.js', bin).href)})
    await main(${JSON.stringify(bin)})`
  const slow = await node('--input-type=module', '--eval', oclif, 'till', '--version')
  expect(slow.stdout).toMatch(/^tillwright\/\d/)
  expect(await project.till('--version')).toEqual(slow)
})
