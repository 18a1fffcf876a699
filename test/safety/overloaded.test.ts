import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server, type Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, inventoryWith, TestProject, until } from '../cli/project.ts'
import { TILL } from '../peers/till.ts'

/** What wants the processors; it gets little of them, so that other tests go on. */
const PROGRAMS = 6 * availableParallelism()

/** A device that takes connections and says nothing: with enough to do here, nobody can know whether it would have. */
describe.runIf(process.platform === 'linux')('a machine that has no time for its own work', () => {
  const sockets = new Set<Socket>()
  const programs: ChildProcess[] = []
  let silent: Server
  let project: TestProject

  beforeAll(async () => {
    silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined)))
    await new Promise<void>((resolve) => silent.listen(0, '127.8.5.1', resolve))
    const { port } = silent.address() as { port: number }
    project = new TestProject({
      'tillwright.yaml': '{}\n',
      'inventory/fleet.yaml': inventoryWith(
        `      pos1: {profile: till, address: 127.8.5.1, transport: {port: ${port}, host_keys: ['ssh-ed25519 AAAA']}}\n` +
          '      printer1: {profile: printer, address: 127.8.5.1}\n',
        '  transport: {user: nobody, password: {secret: "env:NO_SUCH"}, timeouts_ms: {identify: 3000}}\n',
      ).replace('profiles:', 'profiles:\n  printer: {kind: receipt-printer, os: {family: none}}'),
      'runbooks/look.yaml': 'name: look\nsteps:\n  - {id: a, file: {path: /etc/motd, state: absent}}\n',
      'runbooks/print.yaml': `name: print\nsteps:\n  - {id: a, printer: {protocol: escpos, port: ${port}}}\n`,
      'runbooks/ask.yaml': `name: ask\nsteps:\n  - {id: a, http: {from: controller, url: "http://127.8.5.1:${port}/", timeout_ms: 2000}}\n`,
    })
    process.env['NO_SUCH'] = 'no such password'
  })
  afterAll(async () => {
    for (const program of programs) program.kill('SIGKILL')
    for (const socket of sockets) socket.destroy()
    silent.close()
    await project.remove()
  })

  const plan = async (runbook: string, device: string): Promise<Record<string, never>> =>
    JSON.parse((await project.till('plan', runbook, `--device=${device}`, '--json')).stdout)

  it('says so, and blames no device', async () => {
    for (let n = 0; n < PROGRAMS; n += 1) programs.push(spawn('nice', ['-n', '19', 'sh', '-c', 'while :; do :; done']))
    const { devices, overloaded, exit_code } = await plan('look', 'PL-0001/pos1')
    expect(devices).toEqual([
      expect.objectContaining({
        state: 'failed',
        failure: expect.objectContaining({ code: 'CONTROLLER_OVERLOADED', phase: 'identify' }),
      }),
    ])
    expect(exit_code).toBe(4)
    // It was tried once more, after logins were slowed down.
    expect(sockets.size).toBe(2)
    expect(overloaded).toEqual({
      at: expect.any(String),
      wanted: expect.any(Number),
      late_ms: expect.any(Number),
      processors: availableParallelism(),
    })
    const { stdout } = await project.till('runs', 'show', 'latest')
    expect(stdout).toMatch(
      /^This machine is overloaded \(\d+ programs want its \d+ processors?\): logins are slowed down/m,
    )
  }, 120_000)

  it('calls no printer down that may have answered since, and no server', async () => {
    const { devices } = await plan('print', 'PL-0001/printer1')
    const [{ steps }] = devices as unknown as [{ steps: [{ state: string; value: { fault: string; detail: string } }] }]
    expect(steps[0]).toMatchObject({ state: 'unknown', value: { fault: 'not-known' } })
    expect(JSON.stringify(steps[0])).toContain('this machine was overloaded meanwhile')
    const asked = await plan('ask', 'PL-0001/printer1')
    expect(asked['devices']).toEqual([
      expect.objectContaining({ state: 'failed', failure: expect.objectContaining({ code: 'CONTROLLER_OVERLOADED' }) }),
    ])
    for (const program of programs.splice(0)) program.kill('SIGKILL')
  }, 120_000)

  it('knows it by its own delay where the system does not count who wants the processors', async () => {
    sockets.clear()
    const hidden = ['-rm', 'sh', '-c', 'mount --bind /dev/null /proc/loadavg && exec "$@"', 'sh']
    const words = ['plan', 'look', '--json', '--device=PL-0001/pos1']
    const child = spawn('unshare', [...hidden, process.execPath, TILL, ...words], { cwd: project.root })
    const end = ended(child)
    await until(child, () => sockets.size > 0)
    const stopping = setInterval(() => {
      child.kill('SIGSTOP')
      setTimeout(() => child.kill('SIGCONT'), 450)
    }, 500)
    const { stdout } = await end
    clearInterval(stopping)
    const { devices, overloaded } = JSON.parse(stdout)
    expect(devices[0].failure.code).toBe('CONTROLLER_OVERLOADED')
    expect(overloaded).toMatchObject({ wanted: 0 })
    expect(overloaded.late_ms).toBeGreaterThan(200)
    const { stdout: told } = await project.till('runs', 'show', 'latest')
    expect(told).toMatch(/^This machine is overloaded \(till itself is \d+ ms late with what is due\)/m)
  }, 120_000)
})
