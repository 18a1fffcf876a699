import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Ended, TestProject } from '../cli/project.ts'
import { InstalledPackage } from './installed-package.ts'
import { nodes } from './nodes.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
let installed: InstalledPackage

beforeAll(() => {
  installed = new InstalledPackage()
})

afterAll(() => installed.remove())

describe('the package', () => {
  it('holds what users need, and nothing for us', () => {
    const folders = new Set(installed.files.map((file) => (file.includes('/') ? file.split('/')[0] : file)))
    expect([...folders].sort()).toEqual([
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'docs', 'oclif.manifest.json', 'package.json'],
      ...['packaging', 'runbooks', 'schemas'],
    ])
    expect(installed.files.filter((file) => /\.(map|ts)$/.test(file))).toEqual([])
    for (const name of readdirSync(join(ROOT, 'runbooks'))) expect(installed.files).toContain(`runbooks/${name}`)
    for (const name of readdirSync(join(ROOT, 'schemas'))) expect(installed.files).toContain(`schemas/${name}`)
    expect(installed.packedBytes).toBeLessThan(3_400_000)
  })

  it('brings few others along, and names those that are inside it', () => {
    expect(installed.others).toContain('ssh2')
    expect(installed.others).toContain('libsql')
    expect(installed.others.filter((name) => ['@oclif/core', 'listr2', 'vitest', 'typescript'].includes(name))).toEqual(
      [],
    )
    const notices = readFileSync(join(installed.folder, 'node_modules/tillwright/dist/THIRD-PARTY-NOTICES.txt'), 'utf8')
    const named = [...notices.matchAll(/^-{78}\n(\S+) \S+ \((.+)\)$/gm)]
    expect(named.map(([, name]) => name)).toEqual(expect.arrayContaining(['@oclif/core', 'ajv', 'kysely', 'yaml']))
    // MPL-2.0 covers files, not what they are bundled with; ours are unchanged.
    const free = [
      'MPL-2.0',
      'MIT',
      'MIT-0',
      'ISC',
      'Apache-2.0',
      'BSD-2-Clause',
      'BSD-3-Clause',
      'BlueOak-1.0.0',
      '0BSD',
    ]
    expect(named.filter(([, , licence = '']) => !free.includes(licence)).map(([line]) => line)).toEqual([])
  })
})

describe.each(nodes)('in an empty folder, on Node.js $version', ({ path }) => {
  let project: TestProject
  const till = (...args: string[]): Promise<Ended> => installed.till(path, project.root, ...args)

  // Of each test and each try its own: what one has left must not be found by the next.
  beforeEach(() => {
    project = new TestProject({})
  })
  afterEach(async () => {
    if (existsSync(project.path('.till'))) await till('sandbox', 'down')
    await project.remove()
  })

  it('says who it is and what it can do', async () => {
    expect((await till('--version')).stdout).toMatch(/^tillwright\/\d/)
    const help = await till('--help')
    expect(help).toMatchObject({ code: 0 })
    expect(help.stdout).toContain('inventory')
    expect(await till('inventry')).toMatchObject({ code: 2 })
    expect(await till('schema', 'runbook')).toMatchObject({ code: 0, stderr: '' })
  })

  it('keeps what was compiled, in a folder that is its own alone, and never in one of others', async () => {
    const kept = (home: string): string[] => {
      const folder = project.path(`${home}/tillwright`)
      return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
    }
    const help = (home: string): Promise<Ended> => {
      return installed.tillWith({ XDG_CACHE_HOME: project.path(home) }, path, project.root, '--help')
    }
    for (const home of ['own', 'open']) mkdirSync(project.path(home))
    chmodSync(project.path('open'), 0o777)
    const first = await help('own')
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(kept('own').length).toBeGreaterThan(2)
    expect(statSync(project.path('own/tillwright')).mode & 0o777).toBe(0o700)
    expect(await help('own')).toEqual(first)
    // As a power cut leaves them: cut off, or as long as they were, with a hole.
    for (const damaged of [
      (bytes: Buffer) => bytes.subarray(0, 7),
      (bytes: Buffer) => bytes.fill(0, bytes.length / 2),
    ]) {
      for (const file of kept('own').map((name) => project.path(`own/tillwright/${name}`))) {
        if (statSync(file).isFile()) writeFileSync(file, damaged(readFileSync(file)))
      }
      expect(await help('own')).toEqual(first)
    }
    for (const home of ['open', 'missing']) expect(await help(home)).toEqual(first)
    expect(kept('open')).toEqual([])
  })

  // All of it on the one that runs this and on the newest; those between are asked whether they read what they are brought.
  const isMiddle = path !== nodes[0]?.path && path !== nodes.at(-1)?.path
  it(`takes a fleet from the first line to ${isMiddle ? 'a repository that is valid' : 'a plan that is empty'}`, async () => {
    project.write('tillwright.yaml', 'inventory: inventory/\nrunbooks: runbooks/\n')
    cpSync(join(installed.folder, 'node_modules/tillwright/runbooks'), project.path('runbooks'), { recursive: true })
    expect(await till('inventory', 'generate', '--stores', '3', '--output', 'inventory')).toMatchObject({ code: 0 })
    expect(await till('validate')).toMatchObject({ code: 0 })
    if (isMiddle) return
    const linux = ['--where', "device.kind == 'till' && device.os.family == 'linux'", '--limit', '2']
    expect(await till('sandbox', 'up', '--drift', '1', '--detach', ...linux)).toMatchObject({ code: 0 })
    const run = async (...args: string[]): Promise<number | null> => (await till(...args, '--sandbox', ...linux)).code
    expect(await run('plan', 'agent-update')).toBe(3)
    expect(await run('apply', 'agent-update', '--yes')).toBe(0)
    expect(await run('plan', 'agent-update')).toBe(0)
    expect((await till('status', '--sandbox', '--json')).stdout).toContain('"in-sync":2')
  })
})

it('says why a library beside it does not load, and what helps', async () => {
  const library = join(installed.folder, 'node_modules/node-rdkafka')
  mkdirSync(library)
  writeFileSync(join(library, 'index.js'), "throw new Error('was compiled against another Node.js\\nmore')")
  const sinks = 'sinks:\n  stream: {kafka: {brokers: ["127.0.0.1:9"]}}\n'
  const project = new TestProject({ 'tillwright.yaml': `inventory: inventory/\nrunbooks: runbooks/\n${sinks}` })
  try {
    const { stderr } = await installed.till(process.execPath, project.root, 'sinks', 'drain')
    expect(stderr).toContain('node-rdkafka does not load: was compiled against another Node.js SINK_LIBRARY_MISSING')
    expect(stderr).toContain(`Have it built for Node.js ${process.version}: npm install --global node-rdkafka@`)
  } finally {
    await project.remove()
    rmSync(library, { recursive: true })
  }
})

it('answers --version as oclif would, which it does not load for that', async () => {
  const oclif = `const { main } = require(${JSON.stringify(join(ROOT, 'dist/cli/main.js'))})
    main(${JSON.stringify(ROOT)})`
  const slow = await new Promise<string>((resolve, reject) => {
    const args = ['--eval', oclif, 'till', '--version']
    execFile(process.execPath, args, (error, stdout) => (error === null ? resolve(stdout) : reject(error)))
  })
  expect(slow).toMatch(/^tillwright\/\d/)
  const quick = await installed.till(process.execPath, installed.folder, '--version')
  expect(quick).toEqual({ code: 0, stdout: slow, stderr: '' })
})
