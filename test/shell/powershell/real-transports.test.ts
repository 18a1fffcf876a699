import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NotRun } from '../../../src/core/chain.ts'
import { Secret } from '../../../src/core/secret.ts'
import type { Connection } from '../../../src/core/transport.ts'
import { NOT_NOW_EXIT, type Warning } from '../../../src/core/warning.ts'
import { warningQuestion } from '../../../src/devices/guard/warning-question.ts'
import { warnPeople } from '../../../src/engine/device/warn-people.ts'
import { openPowerShell } from '../../../src/shell/powershell-channel.ts'
import type { ScriptForm } from '../../../src/shell/script-form.ts'
import { createHandshakeGate } from '../../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../../src/transports/ssh/ssh-transport.ts'
import { device } from '../../engine/bench.ts'
import { hasPowerShell, makeWindows, serverEnvironment, type WindowsMachine } from '../../peers/powershell.ts'
import {
  type ClientKeys,
  makeClientKeys,
  type SshServer,
  sshServers,
  startOpenSsh,
  targetOf,
} from '../../peers/ssh-servers.ts'
import { DEADLINES } from '../../peers/targets.ts'
import { hasWinRmPeer, startWinRmPeer, type WinRmPeer, winrmTarget } from '../../peers/winrm-peer.ts'
import { FAST, never, newTransport, value } from '../../winrm/program.ts'

const PATIENT = { ...DEADLINES, open: 60_000, observe: 60_000, converge: 60_000 }

/** What holds of the runner over either transport. */
async function converse(
  connection: Connection,
  machine: WindowsMachine,
  name: string,
  scripts?: ScriptForm,
): Promise<void> {
  const shell = openPowerShell({ connection, deadlines: PATIENT, ...(scripts && { scripts }) })
  const values = { text: 'Zażółć \'"`$(1)%PATH%', password: new Secret('hunter2') }
  const answer = await shell.ask({ script: '$v.text + " %_x005F_ \ud83e\uddfe_xyz " + $v.password.Length', values })
  expect(answer.text.trim()).toBe('Zażółć \'"`$(1)%PATH% %_x005F_ \ud83e\uddfe_xyz 7')
  expect((await shell.ask({ script: "'ab' * 40000" })).text.trim()).toBe('ab'.repeat(40_000))
  const content = Buffer.alloc(200_000, 7)
  expect((await shell.upload(`C:\\Till\\${name}.bin`, content)).exitCode).toBe(0)
  expect(readFileSync(machine.at(`C:\\Till\\${name}.bin`)).equals(content)).toBe(true)
  expect((await shell.ask({ script: "'again'" })).text.trim()).toBe('again')
  const said: unknown[] = []
  const warnings = [
    warningBy('late', "Write-Output 'not now, Anna'; exit 75"),
    warningBy('told', "'Zażółć'"),
    warningBy('gone', "& 'C:\\pos\\notify.exe'"),
  ]
  const emit = async (event: unknown): Promise<void> => void said.push(event)
  const people = await warnPeople(warnings, device('PL-0001/pos1'), { shell, emit, question: warningQuestion })
  expect(people).toMatchObject([
    { warning: 'late', says: 'not-now', exitCode: 75, detail: 'not now, Anna' },
    { warning: 'told', says: 'warned', exitCode: 0, detail: 'Zażółć' },
    { warning: 'gone', says: 'failed', exitCode: 1 },
  ])
  expect(said).toMatchObject([{ type: 'device.warned', device: 'PL-0001/pos1', says: 'not-now' }, {}, {}])
  shell.close()
}

/** A warning of a policy, by a text for PowerShell. */
function warningBy(name: string, powershell: string): Warning {
  return { ...WARNING, name, script: { powershell } }
}

const WARNING = {
  notNowExit: NOT_NOW_EXIT,
  timeoutMs: 60_000,
  waitMs: 0,
  againMs: 60_000,
  times: 3,
  afterLimit: 'defer',
  onFailure: 'defer',
  holdsMs: 60_000,
} as const

/** A chain of which the second link is not to begin once somebody said so during the first. */
async function breakOff(connection: Connection, machine: WindowsMachine, name: string): Promise<readonly string[]> {
  const shell = openPowerShell({ connection, deadlines: PATIENT })
  await shell.ask({ script: "'open'" })
  const write = (mark: string): string => `[IO.File]::WriteAllText('C:\\Till\\${name}-${mark}', 'x')`
  const links = shell.chain([
    {
      request: {
        script: `${write('first')}\nwhile (-not [IO.File]::Exists('C:\\Till\\${name}-go')) { Start-Sleep -Milliseconds 50 }`,
      },
    },
    { request: { script: write('second') } },
  ])
  const settled = Promise.allSettled(links)
  await expect.poll(() => existsSync(machine.at(`C:\\Till\\${name}-first`)), { timeout: 30_000 }).toBe(true)
  shell.breakChain?.()
  const temp = machine.at('C:\\Windows\\Temp')
  const { readdirSync, writeFileSync } = await import('node:fs')
  await expect.poll(() => readdirSync(temp).some((one) => one.endsWith('.stop')), { timeout: 30_000 }).toBe(true)
  writeFileSync(machine.at(`C:\\Till\\${name}-go`), '')
  const outcomes = await settled
  shell.close()
  expect(existsSync(machine.at(`C:\\Till\\${name}-second`))).toBe(false)
  return outcomes.map((one) => (one.status === 'fulfilled' ? 'run' : one.reason instanceof NotRun ? 'not run' : 'lost'))
}

describe.runIf(hasPowerShell && sshServers.some(({ name }) => name === 'OpenSSH'))('over a real sshd', () => {
  let machine: WindowsMachine
  let keys: ClientKeys
  let server: SshServer
  beforeAll(async () => {
    machine = makeWindows()
    keys = makeClientKeys()
    const variables = Object.entries(serverEnvironment(machine)).map(([name, text]) => `"${name}=${text}"`)
    server = await startOpenSsh(keys, '127.0.8.1', `SetEnv ${variables.join(' ')}\n`)
  }, 60_000)
  afterAll(async () => {
    await server?.stop()
    keys?.remove()
    machine?.remove()
  })

  const connect = async (): Promise<Connection> =>
    value(await sshTransport(createHandshakeGate(4)).connect(targetOf(server, keys), never))

  it('asks, uploads and keeps its interpreter', async () => {
    const connection = await connect()
    await converse(connection, machine, 'ssh')
    await connection.close()
  }, 180_000)

  it('so it does plain, and nothing that is run is packed on the way', async () => {
    const connection = await connect()
    const sent: string[] = []
    const exec: Connection['exec'] = async (command, input = '') => {
      sent.push(command, input)
      return connection.exec(command, input)
    }
    await converse({ ...connection, exec }, machine, 'ssh-plain', 'plain')
    expect(sent[0]).not.toMatch(/encoded/i)
    expect(sent[1]).toContain('function Invoke-TillExchange')
    expect(sent[1]).not.toMatch(/gzip/i)
    await connection.close()
  }, 180_000)

  it('Ctrl-C lets the link finish that the device is at, and none behind it begins', async () => {
    const connection = await connect()
    expect(await breakOff(connection, machine, 'ssh')).toEqual(['run', 'not run'])
    await connection.close()
  }, 180_000)
})

describe.runIf(hasPowerShell && hasWinRmPeer)('over WinRM', () => {
  let machine: WindowsMachine
  let peer: WinRmPeer
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
  const connect = async (): Promise<Connection> => {
    const transport = newTransport({ ...FAST, operationTimeoutS: 2, answerGraceMs: 20_000 })
    return value(await transport.connect(winrmTarget(peer), never))
  }

  it('asks, uploads and keeps its interpreter, and leaves no shell', async () => {
    const connection = await connect()
    await converse(connection, machine, 'winrm')
    await connection.close()
    await expect.poll(async () => (await peer.state()).shells_open, { timeout: 15_000 }).toBe(0)
  }, 180_000)

  it('so it does plain, and no command line is encoded', async () => {
    await peer.reset()
    const before = peer.events().length
    const connection = await connect()
    await converse(connection, machine, 'winrm-plain', 'plain')
    await connection.close()
    await expect.poll(async () => (await peer.state()).shells_open, { timeout: 15_000 }).toBe(0)
    const began = JSON.stringify(
      peer
        .events()
        .slice(before)
        .filter(({ ev }) => ev === 'cmd_start'),
    )
    expect(began).toContain('-Command \\". ([')
    expect(began).not.toMatch(/encoded|TILL_1/i)
  }, 180_000)

  it('Ctrl-C lets the link finish that the device is at, and none behind it begins', async () => {
    const connection = await connect()
    expect(await breakOff(connection, machine, 'winrm')).toEqual(['run', 'not run'])
    await connection.close()
  }, 180_000)

  it('where the device refuses to delete the shell, nothing goes on in it', async () => {
    await peer.reset()
    await peer.fault('fault@Delete:5')
    const connection = await connect()
    const shell = openPowerShell({ connection, deadlines: PATIENT })
    const pid = Number((await shell.ask({ script: '$PID' })).text)
    shell.close()
    await connection.close()
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 15_000 }).toBe(false)
    await peer.reset()
  }, 180_000)
})
