import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { TILL } from '../peers/till.ts'
import { type Ended, ended, inventoryWith, TestProject, until } from './project.ts'

const hasOpenSsh = sshServers.some(({ name }) => name === 'OpenSSH')
const SERVERS = 5
const DEVICES = SERVERS + 1

interface EndedDevice {
  readonly device: string
  readonly state: string
  readonly failure?: { readonly code: string }
}

describe.skipIf(!hasOpenSsh)('a machine that has too little of something', () => {
  let keys: ClientKeys
  let servers: readonly SshServer[] = []
  let project: TestProject

  beforeAll(async () => {
    keys = makeClientKeys()
    servers = await Promise.all(Array.from({ length: SERVERS }, (_, at) => startOpenSsh(keys, `127.8.1.${at + 10}`)))
    const lines = servers.map(({ address, port, hostKeys }, at) => {
      const type = at === 2 ? 'openssh' : 'ssh'
      const transport = `{type: ${type}, port: ${port}, host_keys: ['${hostKeys.join("', '")}']}`
      return `      pos${at + 1}: {profile: till, address: ${address}, transport: ${transport}}`
    })
    const here = '      here: {profile: till, transport: {type: local}}'
    project = new TestProject({
      'tillwright.yaml': '',
      'inventory/fleet.yaml': inventoryWith(
        `${lines.join('\n')}\n${here}\n`,
        `  transport: {user: ${userInfo().username}, keys: [${keys.ed25519}]}\n`,
      ),
    })
    project.write('runbooks/look.yaml', "name: look\nsteps:\n  - command: {run: 'echo seen', read_only: true}\n")
    mkdirSync(project.path('marks'))
    project.write(
      'runbooks/mark.yaml',
      `name: mark\nsteps:\n  - command: {run: 'mktemp ${project.path('marks')}/XXXXXX', always: true}\n`,
    )
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    await project.remove()
    keys.remove()
  })

  const within = (limit: string, ...args: string[]): Promise<Ended> => {
    const line = `${limit} && exec "$@"`
    const env = { ...process.env, NO_COLOR: '1' }
    const words = ['-c', line, 'bash', process.execPath, TILL, ...args]
    return ended(spawn('bash', words, { cwd: project.root, env, stdio: ['ignore', 'pipe', 'pipe'] }))
  }
  const failuresOf = (devices: readonly EndedDevice[]): readonly (string | undefined)[] =>
    devices.filter(({ state }) => state !== 'in-sync').map(({ failure }) => failure?.code)

  it.each([34, 44])('blames no device for want of files, and works on fewer at a time: %i files', async (files) => {
    const { code, stdout, stderr } = await within(`ulimit -n ${files}`, 'plan', 'look', '--json')
    if (code === 2) return expect(`${stdout}${stderr}`).toContain('EMFILE')
    expect(stderr).toMatch(/few files: \d+ devices? at a time/)
    const { devices } = JSON.parse(stdout) as { devices: readonly EndedDevice[] }
    expect(devices).toHaveLength(DEVICES)
    expect(new Set(failuresOf(devices).filter((failure) => failure !== 'CONTROLLER_EXHAUSTED'))).toEqual(new Set())
    expect(code).toBe(failuresOf(devices).length > 0 ? 4 : 0)
  })

  it('blames no device for want of memory, and no breaker opens for it', async () => {
    const only = ['--where', "device.transport.type == 'ssh'"]
    const { stdout } = await within('ulimit -v 1500000', 'apply', 'mark', '--yes', '--json', ...only)
    // Some Node.js does not even start in so little.
    const { devices } = JSON.parse(stdout || '{"devices": []}') as { devices: readonly EndedDevice[] }
    for (const { state, failure } of devices) {
      expect(['changed', 'failed', 'deferred']).toContain(state)
      if (state === 'failed') expect(failure?.code).toBe('CONTROLLER_EXHAUSTED')
    }
    expect(readdirSync(project.path('marks'))).toHaveLength(devices.filter(({ state }) => state === 'changed').length)
    expect((await project.till('breaker')).code).toBe(0)
  })

  it('ends with 4, and says why once, where the state can be written no longer in the middle of an apply', async () => {
    const marks = (): number => readdirSync(project.path('marks')).length
    const before = marks()
    const words = ['-c', `trap '' XFSZ; exec "$@"`, 'bash', process.execPath, TILL, 'apply', 'mark', '--yes']
    const env = { ...process.env, NO_COLOR: '1' }
    const till = spawn('bash', words, { cwd: project.root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const end = ended(till)
    await until(till, () => marks() > before)
    spawnSync('prlimit', ['--fsize=4096', '--pid', String(till.pid)])
    const { code, stderr } = await end
    expect({ code, stderr }).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^error The state file .*STATE_UNUSABLE\n/),
    })
    expect(stderr.match(/The state file/g)).toHaveLength(1)
    const resumed = await project.till('resume', 'latest', '--json')
    const { devices } = JSON.parse(resumed.stdout) as { devices: readonly EndedDevice[] }
    expect(devices).toHaveLength(DEVICES)
    const ends = devices.map(({ state }) => state)
    // A till in doubt holds back the others of its store.
    expect(ends.filter((state) => !['changed', 'indeterminate', 'deferred'].includes(state))).toEqual([])
    const changed = ends.filter((state) => state === 'changed').length
    const doubted = ends.filter((state) => state === 'indeterminate').length
    expect(marks() - before).toBeGreaterThanOrEqual(changed)
    expect(marks() - before).toBeLessThanOrEqual(changed + doubted)
    expect(resumed.code).toBe(doubted > 0 ? 4 : 0)
  })

  it('does not wait for a pipe that nobody reads, and feeds one that is read', async () => {
    spawnSync('mkfifo', [project.path('pipe')])
    const alone = await project.till('plan', 'look', '--output', 'pipe')
    expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining('nobody reads from this pipe yet (ENXIO)') })
    const reader = spawn('cat', [project.path('pipe')], { stdio: ['ignore', 'pipe', 'inherit'] })
    const read = ended(reader)
    // It is in its open(2).
    await until(
      reader,
      () => readFileSync(`/proc/${reader.pid}/wchan`, 'utf8').includes('fifo') || isAsleep(reader.pid),
    )
    await project.till('plan', 'look', '--output', 'pipe')
    expect(JSON.parse((await read).stdout)).toMatchObject({ schema: 'till.plan/1' })
  })
})

function isAsleep(pid: number | undefined): boolean {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
  return fields[1] === '(cat)' && fields[2] === 'S'
}
