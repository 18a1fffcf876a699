import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import type { Connection } from '../../../src/core/transport.ts'
import { openPowerShell } from '../../../src/shell/powershell-channel.ts'
import { localTransport } from '../../../src/transports/local.ts'
import { DEADLINES, localTarget } from '../../peers/targets.ts'
import { hasWinRmPeer, startWinRmPeer, type WinRmPeer, winrmTarget } from '../../peers/winrm-peer.ts'
import { FAST, newTransport } from '../../winrm/program.ts'

let folder: string
let connection: Connection
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'till-powershell-'))
  const standIn = join(import.meta.dirname, 'stand-in-process.ts')
  const program = `#!/bin/sh\nexec '${process.execPath}' --import tsx '${standIn}' "$@"\n`
  writeFileSync(join(folder, 'powershell.exe'), program)
  chmodSync(join(folder, 'powershell.exe'), 0o755)
  const connected = await localTransport.connect(localTarget(), new AbortController().signal)
  if (!connected.ok) throw new Error(connected.failure.message)
  connection = connected.value
})
afterAll(async () => {
  await connection.close()
  rmSync(folder, { recursive: true })
})

/** A real shell starts the command line, as the sshd of Windows has cmd.exe do, and a real process reads the pipes. */
function open() {
  const exec: Connection['exec'] = (command, input) => connection.exec(`PATH='${folder}':"$PATH" ${command}`, input)
  return openPowerShell({ connection: { exec }, deadlines: { ...DEADLINES, open: 30_000 } })
}

it('starts by a command line and goes on over the pipes of one process', async () => {
  const shell = open()
  const values = { text: 'it\'s "ż" $(x) %PATH%\n', password: new Secret('hunter2') }
  const [first, second] = await Promise.all([
    shell.ask({ name: 'service.observe', script: 'x', values }),
    shell.ask({ script: 'y' }),
  ])
  expect(JSON.parse(first.text)).toMatchObject({
    name: 'service.observe',
    values: { text: values.text, password: 'hunter2' },
    args: ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass'],
  })
  expect(JSON.parse(second.text)).toMatchObject({ name: 'adhoc.script', values: {} })
  expect((await shell.upload('C:\\x', Buffer.alloc(3_000_000, 7))).text).toBe('3000000')
  expect(JSON.parse((await shell.ask({ script: 'z', values: { password: new Secret('again') } })).text).values).toEqual(
    {
      password: 'again',
    },
  )
  shell.close()
}, 60_000)

it('says what was started instead', async () => {
  const exec: Connection['exec'] = () => connection.exec('echo "powershell.exe is not recognized" >&2; exit 9')
  const shell = openPowerShell({ connection: { exec }, deadlines: DEADLINES })
  await expect(shell.ask({ script: 'x' })).rejects.toMatchObject({
    failure: { code: 'SHELL_UNUSABLE', message: expect.stringContaining('is not recognized (exit code 9)') },
  })
})

describe.runIf(hasWinRmPeer)('over WinRM', () => {
  let peer: WinRmPeer
  beforeAll(async () => {
    const PATH = `${folder}:${process.env['PATH']}`
    peer = await startWinRmPeer(['--auth', 'ntlm', '--require-encryption', '--exec', 'sh'], { PATH })
  })
  afterAll(() => peer.stop())

  async function connect(): Promise<Connection> {
    const transport = newTransport({ ...FAST, operationTimeoutS: 10, answerGraceMs: 10_000 })
    const connected = await transport.connect(winrmTarget(peer), new AbortController().signal)
    if (!connected.ok) throw new Error(connected.failure.message)
    // The peer runs a bootstrap of its own kind in the place of PowerShell's.
    const bootstrap = (): string => '#!sh\nexec powershell.exe'
    const over = connected.value
    const start = over.startPowerShell?.bind(over)
    if (!start) throw new Error('it starts no PowerShell')
    return {
      exec: over.exec.bind(over),
      forward: over.forward.bind(over),
      closed: over.closed,
      close: () => over.close(),
      startPowerShell: (program) => start({ ...program, bootstrap }),
    }
  }

  it('answers everything that is asked at once after five round trips, and leaves no shell behind', async () => {
    await peer.reset()
    const over = await connect()
    const shell = openPowerShell({ connection: over, deadlines: { ...DEADLINES, open: 60_000 } })
    const asked = Array.from({ length: 12 }, (_, n) => shell.ask({ name: 'disk.observe', script: 'x', values: { n } }))
    const answers = await Promise.all(asked)
    expect(answers.map((answer) => JSON.parse(answer.text).values.n)).toEqual([...asked.keys()])
    expect((await peer.state()).http).toBeLessThanOrEqual(5)
    shell.close()
    await over.close()
    await expect.poll(async () => (await peer.state()).shells_open, { timeout: 15_000 }).toBe(0)
    expect((await peer.state()).http).toBeLessThanOrEqual(6)
  }, 60_000)

  it('goes on in turns: secrets, uploads, and further exchanges in the same interpreter', async () => {
    const over = await connect()
    const shell = openPowerShell({ connection: over, deadlines: { ...DEADLINES, open: 60_000, converge: 60_000 } })
    const first = await shell.ask({ script: 'x', values: { password: new Secret('hunter2') } })
    expect(JSON.parse(first.text).values).toEqual({ password: 'hunter2' })
    expect((await shell.upload('C:\\x', Buffer.alloc(400_000, 7))).text).toBe('400000')
    expect(JSON.parse((await shell.ask({ script: 'y' })).text).name).toBe('adhoc.script')
    const ran = peer.events().filter(({ ev }) => ev === 'cmd_start')
    expect(JSON.stringify(ran)).not.toContain('hunter2')
    shell.close()
    await over.close()
    await expect.poll(async () => (await peer.state()).shells_open, { timeout: 15_000 }).toBe(0)
  }, 60_000)
})
