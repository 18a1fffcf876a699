import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NotRun } from '../../../src/core/chain.ts'
import { Secret } from '../../../src/core/secret.ts'
import type { PowerShell } from '../../../src/shell/powershell-channel.ts'
import { CHILD } from '../../../src/shell/powershell-prelude.ts'
import { hasPowerShell, makeWindows, openWindows, type WindowsMachine } from '../../peers/powershell.ts'

/** The runner, the bootstrap and the prelude as a real PowerShell runs them. */
describe.runIf(hasPowerShell)('the runner under a real PowerShell', () => {
  let machine: WindowsMachine
  let shell: PowerShell
  beforeAll(async () => {
    machine = makeWindows()
    shell = await openWindows(machine)
  }, 60_000)
  afterAll(() => {
    shell?.close()
    machine?.remove()
  })

  it('gives values as they are, keeps their kind, and has secrets from stdin only', async () => {
    const text = 'Zażółć «kasa» \u{1f9fe} \'"`$(1)%PATH%\n'
    const secret = `hunter2-${randomBytes(8).toString('hex')}`
    const script = `$around = [Environment]::CommandLine + (@([Environment]::GetEnvironmentVariables().Values) -join ' ')
Write-TillJson @{ text = $v.text; kinds = (@($v.whole, $v.part, $v.is) | ForEach-Object { $_.GetType().Name }) -join ' '; secret = $v.secret; leaked = $around.Contains($v.secret) }`
    const values = { text, whole: 4711, part: 0.5, is: true, secret: new Secret(secret) }
    const answer = await shell.ask({ script, values })
    expect(JSON.parse(answer.text)).toEqual({ text, kinds: 'Int64 Double Boolean', secret, leaked: false })
  }, 60_000)

  it('writes arrays of none, one and two as arrays', async () => {
    const answer = await shell.ask({ script: 'Write-TillJson @{ a = @(); b = @(1); c = @(1, 2) }' })
    expect(JSON.parse(answer.text)).toEqual({ a: [], b: [1], c: [1, 2] })
  })

  it('says what was thrown, with its exit code, and keeps what was put out before', async () => {
    const answer = await shell.ask({ script: "'before'\nStop-Till 75 'Kasa jest zajęta.'" })
    expect([answer.exitCode, answer.text, answer.errorText]).toEqual([75, 'before\n', 'Kasa jest zajęta.'])
  })

  it('ends what hangs at its deadline with all that it started, and goes on', async () => {
    const script = "[void](Invoke-TillProcess 'cmd.exe' ('/c ping.exe -n 60 ' + $v.mark))"
    const values = { mark: `127.0.0.${100 + Math.floor(Math.random() * 100)}` }
    expect(await shell.ask({ script, values, timeoutMs: 1_500 })).toMatchObject({ timedOut: true, exitCode: 124 })
    const left = await shell.ask({
      script:
        '@(Get-CimInstance -ClassName Win32_Process | Where-Object { $_.CommandLine -like "*-n 60 $($v.mark)*" }).Count',
      values,
    })
    expect(left.text.trim()).toBe('0')
  }, 60_000)

  it('keeps the beginning of what is too much, whole characters only', async () => {
    const answer = await shell.ask({ script: "'ż' * 1000", maxOutputBytes: 501 })
    expect([answer.truncated, answer.text]).toEqual([true, 'ż'.repeat(250)])
  })

  it('takes a chain as far as its gates hold', async () => {
    const as = await shell.ask({ script: "'as before'" })
    const outcomes = await Promise.allSettled(
      shell.chain([
        { request: { script: "'as before'" }, gate: { kind: 'same', as } },
        { request: { script: "Stop-Till 3 'three'" }, gate: { kind: 'exit', codes: [0, 3] } },
        {
          request: { script: "'seen'" },
          gate: {
            kind: 'test',
            test: "if ($v.till_seen.Trim() -ne $v.want) { Stop-Till 1 'no' }",
            values: { want: 'other' },
          },
        },
        { request: { script: "'not wanted'" } },
        { request: { script: "'undone'" }, run: { brokenBy: 2 } },
        { request: { script: "'always'" }, run: 'always' },
      ]),
    )
    const seen = outcomes.map((one) =>
      one.status === 'fulfilled' ? one.value.text.trim() || one.value.exitCode : one.reason instanceof NotRun,
    )
    expect(seen).toEqual(['as before', 3, 'seen', true, 'undone', 'always'])
  })

  it('takes a file byte by byte, and leaves nothing of one that is given up', async () => {
    const content = randomBytes(300_001)
    expect((await shell.upload('C:\\Till\\up.bin', content)).exitCode).toBe(0)
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
    expect(digest(readFileSync(machine.at('C:\\Till\\up.bin')))).toBe(digest(content))
    const slow = (async function* () {
      yield Buffer.alloc(70_000)
      await new Promise((later) => setTimeout(later, 80))
      yield Buffer.alloc(70_000)
    })()
    expect(await shell.upload('C:\\Till\\slow.bin', slow, { timeoutMs: 40 })).toMatchObject({ timedOut: true })
    expect(existsSync(machine.at('C:\\Till\\slow.bin'))).toBe(false)
  }, 60_000)

  it("runs a user's text in an interpreter of its own, in its own folder and environment", async () => {
    const answer = await shell.ask({
      script: `Complete-Till (Invoke-TillScript '"$word $env:KASA"; [Console]::Error.WriteLine("nie ma"); exit 7' @{ word = $v.word } @{ environment = @{ KASA = 'ż' } })`,
      values: { word: 'kasa ż' },
    })
    expect([answer.exitCode, answer.text.trim(), answer.errorText.trim()]).toEqual([7, 'kasa ż ż', 'nie ma'])
  }, 60_000)

  it('a text that did not arrive whole is no success', async () => {
    const child = CHILD.replaceAll("'", "''")
    const start = (stdin: string): string =>
      `Complete-Till (Invoke-TillProcess (Join-Path $PSHOME 'powershell.exe') ('-NoProfile -Command "${child}"') @{ stdin = ${stdin} })`
    for (const stdin of ["$nl + '!!' + $nl + '.' + $nl", "$nl + 'MQ==' + $nl"]) {
      const answer = await shell.ask({ script: start(stdin) })
      expect([stdin, answer.exitCode, answer.errorText]).toEqual([
        stdin,
        214,
        expect.stringContaining('did not arrive'),
      ])
    }
  }, 180_000)
})
