import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { TILL } from '../peers/till.ts'
import { ended, inventoryOf, inventoryWith, TestProject } from './project.ts'

const hasOpenSsh = sshServers.some(({ name }) => name === 'OpenSSH')
/** Node.js ended by itself before it had read a line of ours: by a signal, or with an error of its loader. */
const NODE_GAVE_UP = /^$|^node:/
const NO_STACK = /\n {4}at |fault of Tillwright|INTERNAL_BUG/

let project: TestProject
beforeEach(() => {
  project = new TestProject({
    'tillwright.yaml': '',
    'inventory/fleet.yaml': inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n'),
    'runbooks/ok.yaml': 'name: ok\nsteps:\n  - assert: {that: true}\n',
  })
})
afterEach(() => project.remove())

describe('a file that is none, or has no end', () => {
  const places = ['inventory/x.yaml', 'runbooks/x.yaml', 'modules/x.yaml', 'tillwright.yaml'] as const
  const kinds: Readonly<Record<string, (path: string) => void>> = {
    'a pipe': (path) => spawnSync('mkfifo', [path]),
    'a link to a device without an end': (path) => symlinkSync('/dev/zero', path),
    'a huge file of NULs': (path) => {
      writeFileSync(path, '')
      truncateSync(path, 70 * 1024 * 1024)
    },
    'a file of NULs': (path) => writeFileSync(path, Buffer.alloc(1024)),
  }

  it.each(places.flatMap((place) => Object.keys(kinds).map((kind) => [kind, place] as const)))(
    'is refused: %s as %s',
    async (kind, place) => {
      mkdirSync(project.path('modules'), { recursive: true })
      spawnSync('rm', ['-f', project.path(place)])
      kinds[kind]?.(project.path(place))
      const args = place.startsWith('runbooks') ? ['plan', 'runbooks/x.yaml'] : ['validate']
      const { code, stderr } = await project.till(...args)
      // What is no file is no module.
      if (place.startsWith('modules') && !lstatSync(project.path(place)).isFile()) return expect(code).toBe(0)
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.not.stringMatching(NO_STACK) })
      expect(stderr).toMatch(/not a regular file|There is no runbook|too large|larger than|NUL character/)
    },
  )

  const here = inventoryWith('      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n')
  it.each([
    ['a pipe', 'the content of a file', (path: string) => `file: {path: /nowhere/x, source: ${path}}`],
    [
      'a link to a device without an end',
      'the content of a file',
      (path: string) => `file: {path: /nowhere/x, source: ${path}}`,
    ],
    [
      'a pipe',
      'a package',
      (path: string) => `package: {name: x, version: "1", file: {path: ${path}, sha256: ${'a'.repeat(64)}}}`,
    ],
    ['a pipe', 'a certificate', (path: string) => `http: {url: "https://127.0.0.1:9/", from: controller, ca: ${path}}`],
  ])('is handed to no device: %s as %s', async (kind, _, step) => {
    const path = project.path('strange')
    kinds[kind]?.(path)
    project.write('inventory/fleet.yaml', here)
    project.write('runbooks/hand.yaml', `name: hand\nsteps:\n  - ${step(path)}\n`)
    const { code, stdout } = await project.till('plan', 'hand', '--json')
    expect(stdout).toContain('it is a pipe, socket or device, and no file')
    expect([3, 4]).toContain(code)
  })

  it('is no list of those who sign plans', async () => {
    spawnSync('mkfifo', [project.path('signers')])
    project.write('tillwright.yaml', `plans: {signers: ${project.path('signers')}}\n`)
    const { code, stderr } = await project.till('validate')
    expect([code, stderr]).toEqual([2, expect.stringContaining('PLAN_UNTRUSTED')])
  })

  it('is no secret either', async () => {
    spawnSync('mkfifo', [project.path('pipe')])
    project.write(
      'runbooks/s.yaml',
      `name: s\nsteps:\n  - local: {run: ['true'], read_only: true, environment: {X: {secret: 'file:${project.path('pipe')}'}}}\n`,
    )
    const { code, stdout } = await project.till('plan', 's')
    expect({ code, stdout }).toEqual({ code: 4, stdout: expect.stringContaining('SECRET_UNREADABLE') })
  })
})

describe('a plan file', () => {
  it('reads and shows nothing outside of the repository', async () => {
    const { code } = await project.till('plan', 'ok', '--output', 'plan.json')
    expect(code).toBe(0)
    const outside = new TestProject({ 'secret.yaml': 'root:hunter2:0:0\n' })
    symlinkSync(outside.path('secret.yaml'), project.path('runbooks/link.yaml'))
    for (const file of [
      '/etc/passwd',
      outside.path('secret.yaml'),
      'runbooks/link.yaml',
      `../${outside.root.split('/').at(-1)}/secret.yaml`,
    ]) {
      const plan = JSON.parse(project.read('plan.json'))
      plan.runbook.file = file
      project.write('other.json', JSON.stringify(plan))
      const { code, stdout, stderr } = await project.till('apply', 'other.json', '--yes')
      expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining('PLAN_INVALID') })
      expect(stderr).not.toMatch(/hunter2|root:/)
    }
    await outside.remove()
  })
})

describe('what others could alter', () => {
  it('is never made, whatever the umask, and is taken back', async () => {
    const till = spawn('sh', ['-c', `umask 000; exec "${process.execPath}" "${TILL}" plan ok`], { cwd: project.root })
    expect((await ended(till)).code).toBe(0)
    const modes = (path: string): string[] => {
      const mode = (statSync(path).mode & 0o777).toString(8)
      return [
        mode,
        ...(statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => modes(join(path, name))) : []),
      ]
    }
    expect([...new Set(modes(project.path('.till')))].sort()).toEqual(['600', '700'])
    chmodSync(project.path('.till'), 0o777)
    chmodSync(project.path('.till/state.db'), 0o666)
    const { code, stderr } = await project.till('runs', 'list')
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/Others could write to ".*\.till" \(mode 0777\)[\s\S]*state\.db" \(mode 0666\)/),
    })
    expect((await project.till('runs', 'list')).stderr).toBe('')
  })

  it('is not believed: a compiled inventory', async () => {
    await project.till('inventory', 'list')
    const pack = project.path('.till/cache/inventory.pack')
    const before = statSync(pack).mtimeMs
    chmodSync(pack, 0o666)
    expect((await project.till('inventory', 'list')).code).toBe(0)
    expect(statSync(pack).mode & 0o777).toBe(0o600)
    expect(statSync(pack).mtimeMs).toBeGreaterThan(before)
  })
})

describe('a state file of a version that is not understood', () => {
  it.each([
    "UPDATE state_schema SET version = 'x'",
    'UPDATE state_schema SET version = -3',
    'DELETE FROM state_schema',
    "UPDATE state_schema SET version = 99; UPDATE state_facts SET value = '99' WHERE name = 'usable_from'",
  ])('is told, without a stack: %s', async (statement) => {
    await project.till('plan', 'ok')
    const database = new Database(project.path('.till/state.db'), { timeout: 30_000 })
    database.exec(statement)
    database.close()
    const { code, stderr } = await project.till('runs', 'list')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('STATE_UNUSABLE') })
    expect(stderr).not.toMatch(NO_STACK)
  })
})

describe('what runs out', () => {
  it('file handles: says so, and how to have more', async () => {
    let told = 0
    for (let limit = 18; limit < 60; limit += limit < 30 ? 1 : 5) {
      const till = spawn('sh', ['-c', `ulimit -n ${limit}; exec "${process.execPath}" "${TILL}" plan ok`], {
        cwd: project.root,
      })
      const { code, stderr } = await ended(till)
      if (code === 0) break
      // With fewer, Node.js ends before it has read a line of ours: how many it needs itself differs from line to line.
      if (told === 0 && NODE_GAVE_UP.test(stderr)) continue
      expect({ limit, code, stderr }).toEqual({
        limit,
        code: 2,
        stderr: expect.stringMatching(/Too many files are open[\s\S]*ulimit -n/),
      })
      told++
    }
    expect(told).toBeGreaterThan(0)
  })

  it('the disk: names every file that is lost', async () => {
    symlinkSync('/dev/full', project.path('a.xml'))
    symlinkSync('/dev/full', project.path('b.md'))
    const full = openSync('/dev/full', 'w')
    const { code, stderr } = await project.till(
      'plan',
      'ok',
      '--output',
      '/dev/full',
      '--junit',
      'a.xml',
      '--markdown',
      'b.md',
    )
    closeSync(full)
    expect(code).toBe(1)
    for (const name of ['/dev/full', 'a.xml', 'b.md'])
      expect(stderr).toContain(`error "${name}" cannot be written: the disk is full`)
  })

  it.runIf(spawnSync('unshare', ['-rm', 'true']).status === 0)('the disk: tells that it took only a part', async () => {
    const script = `mount -t tmpfs -o size=8k none inventory && "$@" schema runbook > inventory/a
echo $? $(($(stat -c %s inventory/a) > 0))`
    const args = ['-rm', 'sh', '-c', script, 'sh', process.execPath, TILL]
    const { stdout, stderr } = await ended(spawn('unshare', args, { cwd: project.root }))
    expect([stdout, stderr]).toEqual([
      '1 1\n',
      expect.stringMatching(/^error stdout cannot be written: the disk is full/),
    ])
  })
})

describe.skipIf(!hasOpenSsh)('with devices', () => {
  let keys: ClientKeys
  let servers: readonly SshServer[]

  beforeAll(async () => {
    keys = makeClientKeys()
    servers = await Promise.all(Array.from({ length: 6 }, (_, index) => startOpenSsh(keys, `127.8.4.${index + 1}`)))
  })
  afterAll(async () => {
    await Promise.all((servers ?? []).map((server) => server.stop()))
    keys?.remove()
  })

  it('six who record host keys at once lose none, and a link stays a link', async () => {
    mkdirSync(project.path('keys'))
    writeFileSync(project.path('keys/real'), '# ours\n')
    symlinkSync('../keys/real', project.path('inventory/known_hosts'))
    project.write('inventory/fleet.yaml', inventoryOf(servers, keys).replaceAll(/, host_keys: \[.*?\]/g, ''))
    const all = await Promise.all(
      servers.map((_, index) => project.till('trust', '--yes', '--device', `PL-0001/pos${index + 1}`)),
    )
    expect(all.map(({ code, stderr }) => ({ code, stderr }))).toEqual(servers.map(() => ({ code: 0, stderr: '' })))
    const lines = project.read('keys/real').split('\n')
    for (const server of servers) {
      for (const key of server.hostKeys) expect(lines).toContain(`[${server.address}]:${server.port} ${key}`)
    }
    expect(lines[0]).toBe('# ours')
    expect(lstatSync(project.path('inventory/known_hosts')).isSymbolicLink()).toBe(true)
    expect(readdirSync(project.path('keys'))).toEqual(['real'])
  })

  it('a lock that a killed process left does not keep anybody out', async () => {
    project.write(
      'inventory/fleet.yaml',
      inventoryOf(servers.slice(0, 1), keys).replaceAll(/, host_keys: \[.*?\]/g, ''),
    )
    const dead = spawnSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).stdout.trim()
    const host = spawnSync('hostname', { encoding: 'utf8' }).stdout.trim()
    project.write('inventory/known_hosts.lock', `${dead} 1 ${host} 00\n`)
    const { code } = await project.till('trust', '--yes')
    expect(code).toBe(0)
    expect(existsSync(project.path('inventory/known_hosts.lock'))).toBe(false)
  })

  it('a NUL that a device sends, and a text without measure, are refused where they would be used', async () => {
    project.write('inventory/fleet.yaml', inventoryOf(servers.slice(0, 1), keys))
    project.write(
      'runbooks/nul.yaml',
      `name: nul
steps:
  - id: said
    command: {run: "printf 'x\\\\0y'", read_only: true}
  - command: {run: [echo, "\${{ steps.said.value.stdout }}"], read_only: true}
`,
    )
    project.write(
      'runbooks/long.yaml',
      `name: long\nsteps:\n  - command: {run: [echo, "${'x'.repeat(5 * 1024 * 1024)}"], read_only: true}\n`,
    )
    for (const [name, why] of [
      ['nul', /PARAMS_INVALID[\s\S]*holds a NUL character/],
      ['long', /PARAMS_INVALID[\s\S]*characters; 4194304 are the most/],
    ] as const) {
      const { code, stdout, stderr } = await project.till('plan', name)
      expect({ code, stdout }).toEqual({ code: 4, stdout: expect.stringMatching(why) })
      expect(stdout + stderr).not.toMatch(NO_STACK)
    }
  })

  it('a device cannot print a line that looks like the answer of another', async () => {
    project.write('inventory/fleet.yaml', inventoryOf(servers.slice(0, 1), keys))
    const { stdout } = await project.till(
      'exec',
      '--',
      "printf 'a\\n── PL-0009/pos9 · exit code 0\\n\\n9 devices, 1 different answer.\\n'",
    )
    expect(stdout.split('\n').filter((line) => /^(──|\d+ device)/.test(line))).toEqual([
      '── PL-0001/pos1 · exit code 0',
      '1 device, one answer.',
    ])
  })
})
