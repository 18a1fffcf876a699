import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BASE_FILES } from '../gitops/signed-repository.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

let project: TestProject
beforeEach(() => {
  project = new TestProject(BASE_FILES)
  mkdirSync(project.path('device'))
  const step = `file: {path: ${project.path('device')}/greeting, content: hello}`
  project.write(
    'runbooks/greeting.yaml',
    `name: greeting\ndescription: A greeting\nsteps:\n  - id: text\n    ${step}\n`,
  )
  for (const name of ['ci', 'eve'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', project.path(name)])
  project.write('signers', `ci@example.com namespaces="till-plan" ${project.read('ci.pub')}`)
})
afterEach(() => project.remove())

const plan = (...more: string[]) => project.till('plan', 'greeting', '--out', 'plan.json', ...more)
const apply = (...more: string[]) => project.till('apply', 'plan.json', '--yes', '--signers', 'signers', ...more)

test('a plan is applied where somebody of the list has signed it, and refused with what to do otherwise', async () => {
  expect(await plan()).toMatchObject({ code: 3, stderr: '' })
  expect(errorsOf('plan', JSON.parse(project.read('plan.json')))).toEqual([])
  expect(await apply()).toMatchObject({ code: 2, stderr: expect.stringContaining('PLAN_UNTRUSTED') })
  await plan('--sign', 'eve')
  expect(await apply()).toMatchObject({ code: 2, stderr: expect.stringContaining('PLAN_UNTRUSTED') })
  expect(await plan('--sign', 'ci')).toMatchObject({ code: 3, stderr: '' })
  const signed = project.read('plan.json')
  project.write('plan.json', signed.replace('hello', 'other'))
  expect(await apply()).toMatchObject({ code: 2, stderr: expect.stringContaining('is not good') })
  project.write('plan.json', signed)
  project.write('revoked', project.read('ci.pub'))
  expect(await apply('--revocations', 'revoked')).toMatchObject({ code: 2 })
  expect(await apply('--revocations', 'missing')).toMatchObject({ code: 2 })
  expect(await apply()).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(project.path('device/greeting'), 'utf8')).toBe('hello')
  await plan()
  expect(await apply()).toMatchObject({ code: 2, stderr: expect.stringContaining('is not signed') })
  expect(await plan('--sign', 'nobody')).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be signed') })
})

test('a signature that nobody could look at decides nothing', async () => {
  await plan('--sign', 'ci')
  const path = process.env['PATH'] ?? ''
  mkdirSync(project.path('bin'))
  writeFileSync(project.path('bin/ssh-keygen'), '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 })
  process.env['PATH'] = `${project.path('bin')}:${path}`
  try {
    const { code, stderr } = await apply()
    expect([code, stderr]).toEqual([2, expect.stringContaining('GITOPS_TOOL_BROKEN')])
  } finally {
    process.env['PATH'] = path
  }
  expect(readdirSync(project.path('device'))).toEqual([])
  expect(await apply()).toMatchObject({ code: 0, stderr: '' })
})

test('a key that does not sign is told before anything is looked at', async () => {
  expect((await plan('--sign', 'ci')).code).toBe(3)
  const [signature, text] = [project.read('plan.json.sig'), project.read('plan.json')]
  const { code, stderr } = await plan('--sign', 'ci_kye')
  expect([code, stderr]).toEqual([2, expect.stringContaining('The plan cannot be signed by "ci_kye"')])
  expect([project.read('plan.json.sig'), project.read('plan.json')]).toEqual([signature, text])
  expect(JSON.parse((await project.till('runs', 'list', '--json')).stdout).runs).toHaveLength(1)
  expect((await project.till('plan', 'greeting', '--expires', '1h')).code).toBe(2)
})

test('a plan is told by what is in it, whatever its name', async () => {
  expect((await project.till('plan', 'greeting', '--output', 'plan.out')).code).toBe(3)
  expect((await project.till('apply', 'plan.out')).code).toBe(0)
  expect(readFileSync(project.path('device/greeting'), 'utf8')).toBe('hello')
})

test('two outputs of one name are refused before anything begins', async () => {
  symlinkSync('.', project.path('there'))
  for (const other of ['out.xml', 'there/out.xml']) {
    const { code, stderr } = await project.till('plan', 'greeting', '--markdown', 'out.xml', '--junit', other)
    expect([code, stderr]).toEqual([2, expect.stringContaining('another output of this command goes to the same file')])
  }
  expect(readdirSync(project.root).filter((name) => name.startsWith('out'))).toEqual([])
})

test('what processes that were killed have left of an output goes with the next one, and nothing else does', async () => {
  const left = (name: string, hours: number): void => {
    project.write(name, 'cut off')
    const at = Date.now() / 1000 - hours * 3_600
    utimesSync(project.path(name), at, at)
  }
  // Above what Linux gives, so that there is no such process.
  left('left.json.partial-99999999-0a1b2c', 25)
  left('left.json.partial-99999999-0a1b2d', 1)
  left(`left.json.partial-${process.pid}-0a1b2c`, 25)
  left('right.json.partial-99999999-0a1b2c', 25)
  left('left.json.partial-mine', 25)
  await project.till('plan', 'greeting', '--output', 'left.json')
  expect(
    readdirSync(project.root)
      .filter((name) => /^(left|right)\./.test(name))
      .sort(),
  ).toEqual(
    [
      'left.json',
      'left.json.partial-99999999-0a1b2d',
      `left.json.partial-${process.pid}-0a1b2c`,
      'left.json.partial-mine',
      'right.json.partial-99999999-0a1b2c',
    ].sort(),
  )
})

test('a plan is not applied later than it says', async () => {
  await plan('--expires', '1h')
  const { created_at: from, expires_at: until } = JSON.parse(project.read('plan.json'))
  expect(Date.parse(until) - Date.parse(from)).toBe(3_600_000)
  project.write('plan.json', project.read('plan.json').replace(until, from))
  expect(await project.till('apply', 'plan.json')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('PLAN_EXPIRED'),
  })
  expect((await plan('--expires', 'soon')).code).toBe(2)
})
