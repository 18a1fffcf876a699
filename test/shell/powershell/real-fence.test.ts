import { existsSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Fenced } from '../../../src/core/chain.ts'
import type { ShellRequest } from '../../../src/core/channel.ts'
import { SessionLost } from '../../../src/core/failure.ts'
import type { Fence } from '../../../src/core/fence.ts'
import type { Connection } from '../../../src/core/transport.ts'
import { openPowerShell, type PowerShell } from '../../../src/shell/powershell-channel.ts'
import { createHandshakeGate } from '../../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../../src/transports/ssh/ssh-transport.ts'
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

/** How a change ended: its output, or why it was not begun. */
async function endOf(answer: Promise<{ readonly text: string; readonly errorText: string }>): Promise<string> {
  try {
    const { text, errorText } = await answer
    return `${text.trim()}${errorText}`
  } catch (error) {
    if (error instanceof Fenced) return error.fence
    return error instanceof SessionLost ? error.failure.code : (error as Error).name
  }
}

function fence(lockName: string, more: Partial<Fence> = {}): Fence {
  return { ...{ lockName, authority: 'a', run: 'run-1', attempt: 1, epoch: 1, leftMs: () => 120_000 }, ...more }
}

const made = (of: Fence): ShellRequest => ({ script: "'made'", fence: of })

/** Waits in a program of its own, after it has said that it began. */
const waiting = (folder: string, name: string, more: Partial<ShellRequest>): ShellRequest => ({
  script: `[IO.File]::WriteAllText('${folder}\\${name}', 'begun')
[void](Invoke-TillProcess 'cmd.exe' ('/c ping.exe -n ' + $v.seconds + ' 127.0.77.1'))
[IO.File]::WriteAllText('${folder}\\${name}', 'whole')`,
  values: { seconds: 300 },
  timeoutMs: 60_000,
  ...more,
})

describe.runIf(hasPowerShell && sshServers.some(({ name }) => name === 'OpenSSH'))('the fence over a real sshd', () => {
  let machine: WindowsMachine
  let keys: ClientKeys
  let server: SshServer
  const open: { readonly shell: PowerShell; readonly connection: Connection }[] = []
  beforeAll(async () => {
    machine = makeWindows()
    keys = makeClientKeys()
    const variables = Object.entries(serverEnvironment(machine)).map(([name, text]) => `"${name}=${text}"`)
    server = await startOpenSsh(keys, '127.0.8.4', `SetEnv ${variables.join(' ')}\n`)
  }, 60_000)
  afterEach(async () => {
    for (const { shell, connection } of open.splice(0)) {
      shell.close()
      await connection.close()
    }
  })
  afterAll(async () => {
    await server?.stop()
    keys?.remove()
    machine?.remove()
  })

  const session = async (lockName: string) => {
    const connection = value(await sshTransport(createHandshakeGate(4)).connect(targetOf(server, keys), never))
    const opened = { shell: openPowerShell({ connection, deadlines: PATIENT, lockName }), connection }
    open.push(opened)
    return opened
  }
  const at = (name: string): string => machine.at(`C:\\ProgramData\\Tillwright\\device-${name}`)
  const there = (path: string, is: boolean) => expect.poll(() => existsSync(path), { timeout: 40_000 }).toBe(is)

  it('a change stands in a record while its session lives; one that comes too late is not begun, in a chain too', async () => {
    const { shell, connection } = await session('S-1/pos1')
    expect(await endOf(shell.ask({ script: "'seen'" }))).toBe('seen')
    expect(existsSync(at('S-1_pos1.lock'))).toBe(false)
    expect(await endOf(shell.ask(made(fence('S-1/pos1', { leftMs: () => -1 }))))).toBe('late')
    expect(await endOf(shell.ask(made(fence('S-1/pos1', { attempt: 3, epoch: 7 }))))).toBe('made')
    const record = readFileSync(at('S-1_pos1.txt'), 'utf8').split(' ')
    expect([...record.slice(3, 7), ...record.slice(10)]).toEqual(['a', 'run-1', '3', '7', '-', 'at'])
    const short = fence('S-1/pos1', { epoch: 7, leftMs: () => 8_000 })
    const links = [1, 2, 3].map((n) => ({ request: { ...made(short), script: `Start-Sleep 9\n'${n}'` } }))
    expect(await Promise.all(shell.chain(links).map(endOf))).toEqual(['1', 'late', 'NotRun'])
    shell.close()
    await connection.close()
    await there(at('S-1_pos1.txt'), false)
  }, 120_000)

  it('a later holder ends what an earlier one has going on, and says so; another controller is kept out', async () => {
    const first = await session('S-1/pos2')
    const early = endOf(first.shell.ask(waiting('C:\\Till', 'early', { fence: fence('S-1/pos2') })))
    await there(machine.at('C:\\Till\\early'), true)
    const second = await session('S-1/pos2')
    expect(await endOf(second.shell.ask({ script: "'looked'" }))).toBe('looked')
    expect(second.shell.leftovers?.()).toMatchObject([{ run: 'run-1', state: 'running' }])
    const other = fence('S-1/pos2', { authority: 'b', run: 'run-9', epoch: 99 })
    expect(await endOf(second.shell.ask(made(other)))).toBe('DEVICE_BUSY')
    const later = fence('S-1/pos2', { run: 'run-2', epoch: 2 })
    expect(await endOf(second.shell.ask(made(later)))).toBe('moved')
    expect(second.shell.leftovers?.()).toMatchObject([{ run: 'run-1', state: 'ended' }])
    expect(await early).toBe('SESSION_LOST')
    expect(await endOf(second.shell.ask(made(later)))).toBe('made')
    second.shell.close()
    await there(at('S-1_pos2.txt'), false)
    const third = await session('S-1/pos2')
    expect(await endOf(third.shell.ask(made(fence('S-1/pos2'))))).toBe('LEASE_LOST')
  }, 180_000)

  it('when its connection is gone a change ends with all that it started; one that must not be cut is let finish', async () => {
    const cut = await session('S-1/pos3')
    const isWhole = await session('S-1/pos4')
    const ends = [
      cut.shell.ask(waiting('C:\\Till', 'cut', { fence: fence('S-1/pos3') })),
      isWhole.shell.ask(
        waiting('C:\\Till', 'whole', { fence: fence('S-1/pos4'), whole: true, values: { seconds: 12 } }),
      ),
    ].map(endOf)
    await there(machine.at('C:\\Till\\cut'), true)
    await there(machine.at('C:\\Till\\whole'), true)
    await Promise.all([cut.connection.close(), isWhole.connection.close()])
    expect(await Promise.all(ends)).toEqual(['SESSION_LOST', 'SESSION_LOST'])
    const next = await session('S-1/pos4')
    const waited = fence('S-1/pos4', { authority: 'b', run: 'run-2' })
    expect(await endOf(next.shell.ask(made(waited)))).toBe('moved')
    expect(next.shell.leftovers?.()).toMatchObject([{ run: 'run-1', state: 'awaited' }])
    expect(readFileSync(machine.at('C:\\Till\\whole'), 'utf8')).toBe('whole')
    await there(at('S-1_pos3.txt'), false)
    expect(readFileSync(machine.at('C:\\Till\\cut'), 'utf8')).toBe('begun')
    const left = await next.shell.ask({
      script:
        "@(Get-CimInstance -ClassName Win32_Process | Where-Object { $_.CommandLine -like '*-n 300 127.0.77.1*' }).Count",
    })
    expect(left.text.trim()).toBe('0')
  }, 180_000)
})

describe.runIf(hasPowerShell && hasWinRmPeer)('the fence over WinRM', () => {
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

  it('lets a change begin in time, refuses one that is late, and tells whom it met', async () => {
    const transport = newTransport({ ...FAST, operationTimeoutS: 2, answerGraceMs: 20_000 })
    const sessions = []
    for (const run of ['run-1', 'run-2']) {
      const connection = value(await transport.connect(winrmTarget(peer), never))
      const shell = openPowerShell({ connection, deadlines: PATIENT, lockName: 'S-2/pos1' })
      sessions.push({ shell, connection })
      const epoch = sessions.length
      expect(await endOf(shell.ask(made(fence('S-2/pos1', { leftMs: () => -1 }))))).toBe('late')
      const change = fence('S-2/pos1', { run, epoch })
      expect(await endOf(shell.ask(made(change)))).toBe(epoch === 1 ? 'made' : 'moved')
    }
    expect(sessions[1]?.shell.leftovers?.()).toMatchObject([{ run: 'run-1', state: 'ended' }])
    for (const { shell, connection } of sessions) {
      shell.close()
      await connection.close()
    }
  }, 120_000)
})
