import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ended, inventoryWith, TestProject, until } from '../cli/project.ts'
import { hasPowerShell, makeWindows, serverEnvironment, type WindowsMachine } from '../peers/powershell.ts'
import { hasWinRmPeer, startWinRmPeer, type WinRmPeer } from '../peers/winrm-peer.ts'

/** Counts in a file that is named by the pid of its PowerShell, with a program of its own for each number. */
const COUNT = (times: number): string =>
  `for ($n = 1; $n -le ${times}; $n++) { [IO.File]::WriteAllText("C:\\Till\\$PID", "$n"); cmd.exe /c ping.exe -n 0.2 127.0.77.1 }`
const ENDLESS = COUNT(3_000)

/**
 * Over WinRM nothing tells a device that its controller is gone: the service ends the shell after three idle minutes. Until
 * then the next run meets what that one began.
 */
describe.runIf(hasPowerShell && hasWinRmPeer)('what a run began on Windows over WinRM', () => {
  let machine: WindowsMachine
  let peer: WinRmPeer
  let project: TestProject
  let other: TestProject

  beforeAll(async () => {
    machine = makeWindows()
    peer = await startWinRmPeer(
      ['--auth', 'ntlm', '--require-encryption', '--exec', 'line'],
      serverEnvironment(machine),
    )
  }, 60_000)
  afterAll(async () => {
    await peer?.stop()
    machine?.remove()
  })
  beforeEach(() => {
    const device = `      pos1: {profile: windows, address: 127.0.0.1, transport: {port: ${peer.port}}}\n`
    const fleet = inventoryWith(
      device,
      '  transport: {user: posadmin, password: {secret: "file:secret"}, timeouts_ms: {open: 60000, observe: 60000}}\n',
    ).replace('profiles:\n', 'profiles:\n  windows: {kind: till, os: {family: windows}, transport: {type: winrm}}\n')
    const make = (): TestProject => {
      const made = new TestProject({ 'tillwright.yaml': '{}\n', 'inventory/fleet.yaml': fleet, secret: 'S3cret!pw' })
      chmodSync(made.path('secret'), 0o600)
      return made
    }
    project = make()
    other = make()
    for (const [name, run] of [
      ['slow', ENDLESS],
      ['quick', COUNT(1)],
    ] as const) {
      const command = `{run: '${run}', creates: 'C:\\Till\\none'}`
      project.write(`runbooks/${name}.yaml`, `name: ${name}\nsteps:\n  - id: count\n    command: ${command}\n`)
    }
    for (const name of readdirSync(machine.at('C:\\Till'))) rmSync(join(machine.at('C:\\Till'), name))
  })
  afterEach(async () => {
    await project.remove()
    await other.remove()
  })

  /** Which PowerShells have counted, and how far they came. */
  const counts = (): [number, number][] =>
    readdirSync(machine.at('C:\\Till')).map((pid) => [
      Number(pid),
      Number(readFileSync(join(machine.at('C:\\Till'), pid), 'utf8')),
    ])
  const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)
  const leftovers = ({ stdout }: { readonly stdout: string }): unknown => JSON.parse(stdout).devices[0].leftovers

  it.each([
    ['apply', ['apply', 'slow', '--yes'], ['apply', 'quick', '--yes', '--json']],
    [
      'exec',
      ['exec', '--device=PL-0001/pos1', '--', ENDLESS],
      ['exec', '--device=PL-0001/pos1', '--json', '--', COUNT(1)],
    ],
  ])(
    'is ended by the next %s, which says so, when the first one was killed',
    async (_, began, next) => {
      const first = project.start(...began)
      const end = ended(first)
      await until(first, () => counts().some(([, n]) => n > 2))
      const [[pid]] = counts() as [[number, number]]
      first.kill('SIGKILL')
      await end
      expect(isAlive(pid)).toBe(true)
      const second = await project.till(...next)
      expect(leftovers(second)).toEqual([expect.objectContaining({ state: 'ended' })])
      expect([isAlive(pid), counts().length]).toEqual([false, 2])
      expect((await project.till('runs', 'show', 'latest')).stdout).toContain('had left running there was ended')
    },
    240_000,
  )

  it('is waited for when it is of another controller, which exec says', async () => {
    const first = other.start('exec', '--device=PL-0001/pos1', '--', COUNT(40))
    const end = ended(first)
    await until(first, () => counts().length > 0)
    const second = await project.till('exec', '--device=PL-0001/pos1', '--json', '--', COUNT(1))
    expect([second.code, (await end).code]).toEqual([0, 0])
    expect(
      counts()
        .map(([, n]) => n)
        .sort(),
    ).toEqual([1, 40])
    expect(leftovers(second)).toEqual([expect.objectContaining({ state: 'awaited' })])
  }, 240_000)
})
