import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Ended, ended, snapshot, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

let project: TestProject
let first: Ended

beforeAll(async () => {
  project = new TestProject({})
  first = await project.till('init')
})
afterAll(async () => {
  await project.till('sandbox', 'down')
  await project.remove()
})

function files(): readonly string[] {
  return (readdirSync(project.root, { recursive: true }) as string[])
    .filter((name) => statSync(project.path(name)).isFile() && !name.startsWith('.till/'))
    .sort()
}

describe('till init', () => {
  it('makes a repository, and says what comes next', () => {
    expect(first).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('till plan first-look') })
    expect(files()).toEqual([
      '.github/workflows/tillwright.yml',
      '.gitignore',
      '.gitlab-ci.yml',
      '.vscode/extensions.json',
      '.vscode/settings.json',
      'inventory/fleet.yaml',
      'inventory/stores.yaml',
      'runbooks/first-look.yaml',
      'schemas/inventory.schema.json',
      'schemas/project.schema.json',
      'schemas/runbook.schema.json',
      'tillwright.yaml',
    ])
  })

  it('what it made is valid, and what is said of the state says what it is for', async () => {
    const { code, stdout, stderr } = await project.till('validate')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('With one machine there is nothing to do.')
    expect(stdout).toContain('`till state adopt`')
  })

  it('begins no repository within another one by a slip', async () => {
    const before = snapshot(project.root)
    const { code, stderr } = await project.till('init', 'shop')
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('lies within a repository') })
    expect(stderr).toContain('till init .')
    expect(stderr).toContain('--nested')
    expect(await ended(project.startIn('inventory', 'init'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('till init ..'),
    })
    expect(snapshot(project.root)).toEqual(before)
  })

  it('every file of ours begins with a line that leads an editor to its schema, which holds for it', () => {
    const own = ['tillwright.yaml', 'inventory/fleet.yaml', 'inventory/stores.yaml', 'runbooks/first-look.yaml']
    for (const name of own) {
      const text = project.read(name)
      const [, reference = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? []
      const schema = JSON.parse(project.read(join(name, '..', reference)))
      const validate = new Ajv({ strict: false, allowUnionTypes: true }).compile(schema)
      expect(validate(parse(text)) || validate.errors).toBe(true)
    }
  })

  it('files for others are what these can read', () => {
    const settings = JSON.parse(project.read('.vscode/settings.json'))
    for (const schema of Object.keys(settings['yaml.schemas'])) expect(existsSync(project.path(schema))).toBe(true)
    expect(parse(project.read('.github/workflows/tillwright.yml'))).toMatchObject({ jobs: { validate: { steps: {} } } })
    expect(parse(project.read('.gitlab-ci.yml'))).toMatchObject({ validate: { script: expect.any(Array) } })
  })

  it('pipelines install a tarball by its checksum, never a name, and apply the plan that was reviewed', () => {
    const github = parse(project.read('.github/workflows/tillwright.yml'))
    const gitlab = parse(project.read('.gitlab-ci.yml'))
    const steps = Object.values(github.jobs as Record<string, { steps: { run?: string }[] }>).flatMap(
      (job) => job.steps,
    )
    const scripts: string[] = steps.flatMap(({ run }) => run ?? [])
    for (const job of [gitlab.default, gitlab.validate, gitlab.plan, gitlab.apply])
      scripts.push(...[job.before_script, job.script, job.after_script].flatMap((lines) => lines ?? []))
    for (const script of scripts) {
      const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' })
      expect([script, status, stderr]).toEqual([script, 0, ''])
      expect(script).not.toMatch(/npm install(?! --global --no-audit --no-fund \.\/till\.tgz)/)
    }
    for (const job of [github.jobs.plan, github.jobs.apply, gitlab.plan, gitlab.apply])
      expect(JSON.stringify(job)).toContain('plan.json')
    const fetch = (gitlab.default.before_script as string[]).slice(0, 2).join('\n')
    const tarball = project.path('package.tgz')
    project.write('package.tgz', 'a package')
    const sha = createHash('sha256').update('a package').digest('hex')
    const run = (sum: string | undefined) =>
      spawnSync('sh', ['-e'], {
        cwd: project.root,
        input: fetch,
        encoding: 'utf8',
        env: {
          PATH: process.env['PATH'],
          TILL_TARBALL: `file://${tarball}`,
          ...(sum !== undefined && { TILL_SHA256: sum }),
        },
      })
    expect(run(sha)).toMatchObject({ status: 0, stderr: '' })
    expect(run('0'.repeat(64)).status).not.toBe(0)
    expect(run(undefined).stderr).toContain('set this variable to the sha256')
  })

  it('overwrites nothing, ever', async () => {
    project.write('tillwright.yaml', `${project.read('tillwright.yaml')}# mine\n`)
    const before = snapshot(project.root)
    const again = await project.till('init', '--json')
    const answer = JSON.parse(again.stdout)
    expect(errorsOf('init', answer)).toEqual([])
    expect(answer).toMatchObject({ written: [], kept: expect.arrayContaining(['tillwright.yaml']) })
    expect(snapshot(project.root)).toEqual(before)
  })

  it('says what a .gitignore of yours is missing, and leaves out pipelines that are not wanted', async () => {
    project.write('other/.gitignore', 'node_modules/\n')
    const { stdout } = await project.till('init', 'other', '--nested', '--ci', 'none')
    expect(stdout).toContain('kept     .gitignore')
    expect(stdout).toContain('Add a line ".till/" to .gitignore')
    expect(existsSync(project.path('other/.gitlab-ci.yml'))).toBe(false)
    expect(await project.till('validate', '--project', 'other')).toMatchObject({ code: 0 })
  })

  it('takes the hosts of Ansible in place of its own', async () => {
    project.write('hosts.ini', '[tills]\npl-0001-pos1 ansible_host=10.0.0.1\n')
    const made = await project.till('init', 'moved', '--nested', '--from-ansible', 'hosts.ini')
    expect(made).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('written  inventory/imported.yaml'),
    })
    expect(existsSync(project.path('moved/inventory/stores.yaml'))).toBe(false)
    expect(await project.till('validate', '--project', 'moved')).toMatchObject({ code: 0, stderr: '' })
    const json = await project.till('init', 'moved2', '--nested', '--from-ansible', 'hosts.ini', '--json')
    expect(errorsOf('init', JSON.parse(json.stdout))).toEqual([])
    const again = await project.till('init', 'moved', '--nested', '--from-ansible', 'hosts.ini')
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('`till inventory import … --force`') })
    const { stdout } = await project.till('inventory', 'list', '--ndjson', '--project', 'moved')
    expect(JSON.parse(stdout)).toMatchObject({ name: 'pl-0001/pos1', address: '10.0.0.1' })
  })

  it('adds no store and no runbook where there is an inventory already', async () => {
    const profiles = 'profiles: {box: {kind: till, os: {family: linux}}}\n'
    project.write('theirs/inventory/fleet.yaml', `fleet: {name: Theirs, time_zone: Europe/Warsaw}\n${profiles}`)
    project.copy(project.path('moved/inventory/imported.yaml'), 'theirs/inventory/own.yaml')
    const before = await project.till('validate', '--project', 'theirs')
    expect(before.stderr).toContain('PROJECT_UNKNOWN')
    const { code, stdout } = await project.till('init', 'theirs', '--nested', '--ci', 'gitlab')
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('kept     inventory/fleet.yaml'),
    })
    expect(stdout).not.toContain('first-look')
    expect(readdirSync(project.path('theirs')).sort()).toEqual(
      ['.gitignore', '.gitlab-ci.yml', '.vscode', 'inventory', 'schemas', 'tillwright.yaml'].sort(),
    )
    expect(readdirSync(project.path('theirs/inventory')).sort()).toEqual(['fleet.yaml', 'own.yaml'])
    expect(await project.till('validate', '--project', 'theirs')).toMatchObject({ code: 0, stderr: '' })
  })

  it('leaves nothing of a repository whose hosts cannot be read, and says what is wrong once', async () => {
    const { code, stderr } = await project.till('init', 'half/way', '--nested', '--from-ansible', 'nope.ini')
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('no such file or folder') })
    expect(stderr).not.toContain('no devices')
    expect(existsSync(project.path('half'))).toBe(false)
    project.write('begun/README.md', 'mine')
    expect(await project.till('init', 'begun', '--nested', '--from-ansible', 'nope.ini')).toMatchObject({ code: 2 })
    expect(readdirSync(project.path('begun'))).toEqual(['README.md'])
  })

  it('is told where it cannot write', async () => {
    project.write('file', '')
    const { code, stderr } = await project.till('init', 'file/inside', '--nested')
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('FILE_UNWRITABLE') })
  })

  it('its runbook shows drift in the sandbox, mends it, and finds nothing left', async ({ skip }) => {
    const up = await project.till('sandbox', 'up', '--detach')
    if (up.stderr.includes('SANDBOX_UNAVAILABLE') && !process.env['CI']) skip('no sandbox on this machine')
    const plan = await project.till('plan', 'first-look', '--sandbox', '--json')
    expect([plan.code, JSON.parse(plan.stdout).summary.counts]).toMatchObject([3, { drifted: 1 }])
    expect(await project.till('apply', 'first-look', '--sandbox', '--yes')).toMatchObject({ code: 0 })
    expect(await project.till('drift', '--sandbox')).toMatchObject({ code: 0 })
  })
})
