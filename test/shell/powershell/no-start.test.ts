import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProcessStream } from '../../../src/core/channel.ts'
import { fail, success } from '../../../src/core/failure.ts'
import { Secret } from '../../../src/core/secret.ts'
import type { Connection } from '../../../src/core/transport.ts'
import { encodedCommand } from '../../../src/shell/encoded-command.ts'
import { NOT_BEGUN, NOT_WHOLE, powerShellBootstrap, TOO_LATE } from '../../../src/shell/powershell.ts'
import { openPowerShell } from '../../../src/shell/powershell-channel.ts'
import { exchangeText } from '../../../src/shell/powershell-exchange.ts'
import { endedEarly } from '../../../src/shell/powershell-no-start.ts'
import { firstScript } from '../../../src/shell/powershell-runner.ts'
import { scriptLine } from '../../../src/shell/script-form.ts'
import { hasPowerShell, makeWindows, type WindowsMachine } from '../../peers/powershell.ts'
import { DEADLINES } from '../../peers/targets.ts'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const clixml = (text: string): string => `#< CLIXML\r\n<Objs><S S="Error">${text}</S></Objs>`

describe('a PowerShell that ends before it has said a word', () => {
  it.each([
    // Of 5.1 with an antimalware provider (about_Antimalware Scan Interface): the id is in no language.
    [
      1,
      clixml('Ten skrypt zawiera zlosliwa zawartosc. + FullyQualifiedErrorId : ScriptContainedMaliciousContent'),
      'SHELL_BLOCKED',
      'open',
    ],
    [NOT_BEGUN, clixml('FullyQualifiedErrorId : ScriptContainedMaliciousContent'), 'SHELL_BLOCKED', 'open'],
    // cmd.exe, sh and PowerShell as the shell of sshd.
    [
      1,
      "Nazwa 'powershell.exe' nie jest rozpoznawana jako polecenie wewnetrzne lub zewnetrzne.\r\n",
      'SHELL_MISSING',
      'open',
    ],
    [9009, "'powershell.exe' is not recognized as an internal or external command\r\n", 'SHELL_MISSING', 'open'],
    [127, 'sh: 1: powershell.exe: not found\n', 'SHELL_MISSING', 'open'],
    [TOO_LATE, '', 'OPEN_TIMEOUT', 'open'],
    [NOT_BEGUN, clixml('no'), 'SHELL_UNUSABLE', 'open'],
    [1, clixml('At line:1 char:1 powershell.exe'), 'SHELL_UNUSABLE', 'observe'],
    [4_294_967_295, '', 'SHELL_UNUSABLE', 'observe'],
  ] as const)('%i %j is %s in phase %s', (code, raw, expected, phase) => {
    expect(endedEarly({ code, raw, said: raw, mayHaveRun: true })).toMatchObject({ code: expected, phase })
  })

  it.each([
    [true, 'open'],
    [false, 'observe'],
  ])('is in doubt only where the device does not answer any more: %s', async (answers, phase) => {
    const silent: ProcessStream = {
      write: () => undefined,
      drain: async () => undefined,
      end: () => undefined,
      onStdout: () => undefined,
      onStderr: () => undefined,
      onExit: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      destroy: () => undefined,
    }
    const exec: Connection['exec'] = async (command) =>
      command === 'exit' && !answers
        ? fail({ code: 'SESSION_LOST', phase: 'open', message: 'The connection broke.' })
        : success(silent)
    const shell = openPowerShell({ connection: { exec }, deadlines: { ...DEADLINES, open: 30 } })
    await expect(shell.ask({ script: 'x' })).rejects.toMatchObject({ failure: { code: 'OPEN_TIMEOUT', phase } })
  })
})

describe.runIf(hasPowerShell)('a real PowerShell', () => {
  let machine: WindowsMachine
  beforeAll(() => {
    machine = makeWindows()
  }, 60_000)
  afterAll(() => machine?.remove())

  /** Starts it on an exchange, with an answer to what it says; resolves to its exit code. */
  function run(script: string, onHello?: (child: ChildProcessWithoutNullStreams) => void): Promise<Ended> {
    const environment = { ...process.env, ...machine.environment }
    const words = encodedCommand(powerShellBootstrap('stdin')).split(' ').slice(1)
    const child = spawn(join(machine.bin, 'powershell.exe'), words, { env: environment })
    let stdout = ''
    let stderr = ''
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', (chunk) => {
      const before = stdout
      stdout += chunk
      if (!before.includes(' 42') && stdout.includes(' 42')) onHello?.(child)
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.stdin.write(`${scriptLine(script, 'packed')}\n`)
    if (!onHello) child.stdin.end()
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
  }
  const ask = (mark: string, patienceMs: number): string => {
    const script = `[IO.File]::WriteAllText('C:\\Till\\${mark}', 'x')`
    const line = {
      kind: 'ask',
      id: 0,
      name: 'adhoc.script',
      script,
      values: {},
      timeoutMs: 20_000,
      keepBytes: 100,
    } as const
    return firstScript(exchangeText('0123456789abcdef', [line], { patienceMs }).text, 'packed')
  }

  it('that comes to life late asks whether to go on, and does', async () => {
    const ended = await run(ask('went', 0), (child) => child.stdin.end('1 go\n'))
    expect(ended.stdout).toMatch(/ hello \d+ \S+ 42 go\?\n(.*\n)+.* end 1\n/)
    expect(existsSync(machine.at('C:\\Till\\went'))).toBe(true)
  }, 60_000)

  it('that comes to life when nobody waits any more runs nothing', async () => {
    const ended = await run(ask('late', 0), (child) => child.stdin.end())
    expect([ended.code, existsSync(machine.at('C:\\Till\\late'))]).toEqual([TOO_LATE, false])
  }, 60_000)

  it('that is given something with a byte too few or another runs nothing of it', async () => {
    for (const spoil of [
      (script: string) => script.replace('spoilt', 'spoilT'),
      (script: string) => script.replace(/\nend 1\n/, '\n'),
    ]) {
      const ended = await run(spoil(ask('spoilt', 60_000)), () => undefined)
      expect([ended.code, existsSync(machine.at('C:\\Till\\spoilt'))]).toEqual([NOT_WHOLE, false])
    }
  }, 90_000)

  it('that is not given its secrets runs nothing', async () => {
    const script = `[IO.File]::WriteAllText('C:\\Till\\secret', 'x')`
    const values = { password: new Secret('hunter2') }
    const line = {
      kind: 'ask',
      id: 0,
      name: 'adhoc.script',
      script,
      values,
      timeoutMs: 20_000,
      keepBytes: 100,
    } as const
    const text = firstScript(exchangeText('0123456789abcdef', [line]).text, 'packed')
    // Its input ends where the line of secrets is due.
    expect(await run(text)).toMatchObject({ code: NOT_WHOLE })
    expect(existsSync(machine.at('C:\\Till\\secret'))).toBe(false)
  }, 60_000)
})

it('what comes before the hello loads no module', () => {
  expect(powerShellBootstrap('stdin')).not.toMatch(/New-Object|Get-Item|Test-Path/)
})
