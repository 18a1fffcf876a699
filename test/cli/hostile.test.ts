import { spawn } from 'node:child_process'
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { TILL } from '../peers/till.ts'
import { ended, inventoryOf, inventoryWith, TestProject } from './project.ts'

const hasOpenSsh = sshServers.some(({ name }) => name === 'OpenSSH')

describe('a command line that is not understood', () => {
  const project = new TestProject({ 'tillwright.yaml': '' })
  afterAll(() => project.remove())

  it.each([
    ['an unknown flag', ['plan', 'x', '--bogus']],
    ['a number out of range', ['plan', 'x', '--limit', '0']],
    ['flags that exclude each other', ['plan', 'x', '--ndjson']],
    ['a missing argument', ['plan']],
    ['an unknown command', ['plna']],
    ['an argument too many', ['status', 'pos1']],
  ])('is told as JSON to whoever asks for JSON: %s', async (_, args) => {
    const { code, stdout, stderr } = await project.till(...args, '--json')
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'till.diagnostics/1', diagnostics: [{ code: 'USAGE_INVALID' }] })
  })

  it('says which command was probably meant', async () => {
    const { code, stderr } = await project.till('plna')
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "plan"?') })
  })

  it('is no JSON request when --json belongs to the command of exec', async () => {
    const { code, stdout, stderr } = await project.till('exec', '--bogus', '--', 'ls', '--json')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('--bogus')
  })

  it('is also a command without words', async () => {
    const { code, stderr } = await project.till('exec', '--', '')
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('No command is given') })
  })
})

describe('where till is to work', () => {
  const project = new TestProject({
    'tillwright.yaml': '',
    'inventory/fleet.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n'),
    'envs/staging/tillwright.yaml': '',
    'envs/failed/x': '',
  })
  afterAll(() => project.remove())

  it.each(['envs/stagign', 'envs/failed', 'tillwright.yaml'])(
    'is no repository above the one that is named: %s',
    async (name) => {
      const { code, stdout } = await project.till('runs', 'list', '--project', name, '--json')
      expect([code, JSON.parse(stdout).diagnostics[0].code]).toEqual([2, 'PROJECT_UNKNOWN'])
    },
  )

  it('is the one that is named, or the one around the working directory', async () => {
    const named = await project.till('runs', 'list', '--project', 'envs/staging')
    const around = await ended(project.startIn('envs/failed', 'runs', 'list'))
    expect([named.code, around.code]).toEqual([0, 0])
  })

  it.each([
    ['true', 'sandbox'],
    [' TRUE ', 'sandbox'],
    ['on', 'sandbox'],
    ['0', 'real'],
    ['off', 'real'],
    ['x', 'refused'],
    ['', 'refused'],
  ])('TILL_SANDBOX=%j means %s', async (value, means) => {
    const env = { ...process.env, TILL_SANDBOX: value, NO_COLOR: '1' }
    const till = spawn(process.execPath, [TILL, 'drift', '--json'], { cwd: project.root, env })
    const { diagnostics } = JSON.parse((await ended(till)).stdout)
    const codes = { SANDBOX_MISSING: 'sandbox', SELECTOR_EMPTY: 'real', USAGE_INVALID: 'refused' }
    expect(codes[diagnostics[0].code as keyof typeof codes]).toBe(means)
  })
})

describe('a state file behind a link that leads nowhere', () => {
  it('is named, without a stack', async () => {
    const project = new TestProject({ 'tillwright.yaml': '' })
    symlinkSync('/nowhere/at/all', project.path('.till'))
    const { code, stderr } = await project.till('runs', 'list')
    await project.remove()
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/leads nowhere.*STATE_UNUSABLE/) })
  })
})

describe.skipIf(!hasOpenSsh)('where what a run says cannot be written', () => {
  let keys: ClientKeys
  let server: SshServer
  let project: TestProject

  beforeAll(async () => {
    keys = makeClientKeys()
    server = await startOpenSsh(keys, '127.8.1.1')
    project = new TestProject({ 'tillwright.yaml': '', 'inventory/fleet.yaml': inventoryOf([server], keys) })
    mkdirSync(project.path('device'))
    project.write('runbooks/mark.yaml', runbook('mark'))
  })
  afterAll(async () => {
    await server.stop()
    await project.remove()
    keys.remove()
  })

  function runbook(name: string): string {
    return `name: ${name}\nsteps:\n  - file: {path: ${join(project.root, 'device', name)}, content: x}\n`
  }

  it.each([
    ['a folder', () => project.root],
    ['below a file', () => project.path('tillwright.yaml/x.json')],
    ['in a place where nothing can be made', () => '/proc/x.json'],
  ])('an apply does not begin: %s', async (_, output) => {
    const { code, stdout, stderr } = await project.till('apply', 'mark', '--yes', '--output', output())
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error ".*" cannot be written: .*FILE_UNWRITABLE/)
    expect(existsSync(project.path('device/mark'))).toBe(false)
  })

  it.each([['--help'], ['init', '--help'], ['module', 'list'], ['schema', 'runbook']])(
    'a reader that goes away is no fault of anybody: %s %s',
    async (...args) => {
      const till = spawn(process.execPath, [TILL, ...args], { cwd: project.root, stdio: ['ignore', 'pipe', 'pipe'] })
      till.stdout.destroy()
      expect(await ended(till)).toEqual({ code: 0, stdout: '', stderr: '' })
    },
  )

  it('a full disk does not end an apply in the middle, and is told', async () => {
    for (const to of ['stdout', 'file'] as const) {
      project.write(`runbooks/full-${to}.yaml`, runbook(`full-${to}`))
      const full = openSync('/dev/full', 'w')
      const more = to === 'file' ? ['--output', '/dev/full'] : []
      const stdout = to === 'file' ? 'pipe' : full
      const args = [TILL, 'apply', `full-${to}`, '--yes', ...more]
      const till = spawn(process.execPath, args, { cwd: project.root, stdio: ['ignore', stdout, 'pipe'] })
      const { code, stderr } = await ended(till)
      closeSync(full)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^error .* cannot be written: the disk is full/)
      expect(stderr).not.toMatch(/\n {4}at |fault of Tillwright/)
      expect(readFileSync(project.path(`device/full-${to}`), 'utf8')).toBe('x')
    }
    const { runs } = JSON.parse((await project.till('runs', 'list', '--json')).stdout)
    expect(runs.map(({ state }: { state: string }) => state)).toEqual(['finished', 'finished'])
  })

  it('a device of this machine keeps its name, a link stays a link', async () => {
    project.write('real.json', '')
    symlinkSync(project.path('real.json'), project.path('link.json'))
    await project.till('plan', 'mark', '--output', '/dev/null')
    await project.till('plan', 'mark', '--output', project.path('link.json'))
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true)
    expect(lstatSync(project.path('link.json')).isSymbolicLink()).toBe(true)
    expect(JSON.parse(project.read('real.json'))).toMatchObject({ schema: 'till.plan/1' })
  })

  it('a plan takes no flag that seems to narrow it, and an empty one is applied at once', async () => {
    project.write('runbooks/two.yaml', runbook('two'))
    await project.till('plan', 'two', '--output', 'two.json')
    const narrowed = await project.till('apply', 'two.json', '--device', 'PL-0001/pos1', '--param', 'a=b')
    expect(narrowed).toMatchObject({ code: 2, stderr: expect.stringContaining('--param, --device cannot stand') })
    expect(await project.till('apply', 'two.json')).toMatchObject({ code: 0, stderr: '' })
    await project.till('plan', 'two', '--output', 'two.json')
    const again = await project.till('apply', 'two.json', '--json')
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(again.stdout)).toMatchObject({ devices: [] })
  })
})
