import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NOT_BEGUN } from '../../src/shell/powershell.ts'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { hasWinRmPeer, startWinRmPeer, type WinRmPeer } from '../peers/winrm-peer.ts'

const RUNBOOK = `name: look
description: Looks only.
steps:
  - id: disk
    disk: {path: 'C:\\', free_min: 1%}
`

/** A device whose PowerShell ends before it has said a word, as one does that is ended from outside. */
describe.runIf(hasWinRmPeer)('a PowerShell that ends without a word over WinRM', () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-silent-'))
  let code = 0
  let starts = 0
  let standIn: Server
  let peer: WinRmPeer
  let project: TestProject
  beforeAll(async () => {
    const socket = join(folder, 'socket')
    standIn = createServer((line) => {
      line.on('error', () => undefined)
      line.once('data', () => {
        starts += 1
        const said = Buffer.from('Zablokowano\r\n').toString('base64')
        line.end(`${JSON.stringify(['stderr', said])}\n${JSON.stringify(['exit', code])}\n`)
      })
    })
    await new Promise<void>((resolve) => standIn.listen(socket, resolve))
    peer = await startWinRmPeer(['--require-encryption', '--stand-in', socket])
    const device = `      pos1: {profile: windows, address: 127.0.0.1, transport: {port: ${peer.port}}}\n`
    const inventory = inventoryWith(device, '  transport: {user: posadmin, password: {secret: "file:secret"}}\n')
    const profile = '  windows: {kind: till, os: {family: windows}, transport: {type: winrm}}\n'
    project = new TestProject({
      'tillwright.yaml': 'inventory: inventory\nrunbooks: runbooks\n',
      'inventory/fleet.yaml': inventory.replace('profiles:\n', `profiles:\n${profile}`),
      'runbooks/look.yaml': RUNBOOK,
      secret: 'S3cret!pw',
    })
    chmodSync(project.path('secret'), 0o600)
  })
  afterAll(async () => {
    await peer?.stop()
    standIn?.close()
    await project?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  async function till(verb: string, ...args: string[]): Promise<{ code: number | null; device: unknown }> {
    starts = 0
    const ended = await project.till(verb, '--json', ...args)
    const [device] = JSON.parse(ended.stdout).devices
    return { code: ended.code, device }
  }

  test('may have run the command that it was given, and is not started again', async () => {
    code = -1
    const { code: exit, device } = await till('exec', '--device', 'PL-0001/pos1', '--', 'Restart-Computer')
    expect(device).toMatchObject({ state: 'indeterminate', failure: { code: 'CONVERGE_LOST' } })
    expect(JSON.stringify(device)).toContain('ended on the device without a word of what it did: Zablokowano')
    expect([exit, starts]).toEqual([4, 1])
  })

  test('ran nothing when it says so', async () => {
    code = NOT_BEGUN
    const { code: exit, device } = await till('exec', '--device', 'PL-0001/pos1', '--', 'Restart-Computer')
    expect(device).toMatchObject({ state: 'unreachable', failure: { code: 'SHELL_UNUSABLE', phase: 'open' } })
    expect([exit, starts]).toEqual([5, 1])
  })

  test('changed nothing in a plan', async () => {
    code = -1
    const { device } = await till('plan', 'look')
    expect(device).toMatchObject({ state: 'unreachable', failure: { code: 'SHELL_UNUSABLE', phase: 'observe' } })
    expect((await peer.state()).shells_open).toBe(0)
  })
})
