import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NotRun } from '../../../src/core/chain.ts'
import { Secret } from '../../../src/core/secret.ts'
import { openPowerShell } from '../../../src/shell/powershell-channel.ts'
import { type Answering, WindowsDevice, type WindowsOptions } from './windows-device.ts'

const DEADLINES = { open: 5_000, observe: 5_000, converge: 5_000 }
const echo: Answering = ({ name, values }) => ({ stdout: `${name} ${JSON.stringify(values)}`, stderr: 'zażółć' })

function open(options: Partial<WindowsOptions> = {}): {
  device: WindowsDevice
  shell: ReturnType<typeof openPowerShell>
} {
  const device = new WindowsDevice({ answer: echo, ...options })
  return { device, shell: openPowerShell({ connection: device.connection, deadlines: DEADLINES }) }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'answered',
    (error) => error.failure?.code ?? String(error),
  )
}

describe.each([{ inTurns: false }, { inTurns: true }])('PowerShell, inTurns: $inTurns', ({ inTurns }) => {
  it('asks everything of one turn in one exchange, and keeps its interpreter', async () => {
    const { device, shell } = open({ inTurns })
    const script = "'constant'"
    const answers = await Promise.all([
      shell.ask({ name: 'service.observe', script, values: { name: "it's ‘quoted’", count: 3, is: true } }),
      shell.ask({ name: 'service.observe', script, values: { name: '', share: 0.5 } }),
    ])
    expect(answers.map((answer) => answer.text)).toEqual([
      'service.observe {"name":"it\'s ‘quoted’","count":3,"is":true}',
      'service.observe {"name":"","share":0.5}',
    ])
    expect(answers[0]).toMatchObject({ exitCode: 0, errorText: 'zażółć', timedOut: false, truncated: false })
    expect(device.asked.map((ask) => ask.script)).toEqual(["'constant'\n", "'constant'\n"])
    expect(device.received).toHaveLength(inTurns ? 1 : 2)
    expect((await shell.ask({ script: 'other' })).text).toBe('adhoc.script {}')
    expect(device.starts).toBe(1)
    shell.close()
    expect(await codeOf(shell.ask({ script: 'after' }))).toBe('SESSION_LOST')
  })

  it('sends secrets on stdin alone, also with the first exchange', async () => {
    const { device, shell } = open({ inTurns })
    const values = { user: 'till', password: new Secret('hunter2-żółw'), none: new Secret('') }
    const answer = await shell.ask({ script: 'x', values })
    expect(JSON.parse(answer.text.slice('adhoc.script '.length))).toEqual({
      user: 'till',
      password: 'hunter2-żółw',
      none: '',
    })
    const start = device.received[0] ?? ''
    expect(start).not.toContain(Buffer.from('hunter2-żółw').toString('base64'))
    expect(start).not.toContain('hunter2')
  })

  it('uploads bytes, whatever they are, and asks on afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 70_000 }), { maxLength: 5 }),
        fc.boolean(),
        async (parts, repeats) => {
          const { device, shell } = open({ inTurns, repeats: inTurns && repeats })
          const stream = (async function* () {
            yield* parts
          })()
          const [before, upload, after] = await Promise.all([
            shell.ask({ script: 'a' }),
            shell.upload('C:\\till ż\\a b.bin', stream),
            shell.ask({ script: 'b' }),
          ])
          expect([before.exitCode, upload.exitCode, after.exitCode]).toEqual([0, 0, 0])
          expect(device.files.get('C:\\till ż\\a b.bin')).toEqual(Buffer.concat(parts))
          shell.close()
        },
      ),
      { numRuns: 15 },
    )
  })

  it('gives an upload up at its deadline, and tells whoever reads a file that cannot be read', async () => {
    const { device, shell } = open({ inTurns })
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(70_000)
      await new Promise((later) => setTimeout(later, 80))
      yield Buffer.alloc(70_000)
    }
    expect(await shell.upload('C:\\a', slow(), { timeoutMs: 40 })).toMatchObject({ timedOut: true, exitCode: 124 })
    const began = performance.now()
    const waitedMs = (): number => performance.now() - began
    expect(await shell.upload('C:\\b', slow(), { timeoutMs: 40, waitedMs })).toMatchObject({
      timedOut: false,
      exitCode: 0,
    })
    device.files.clear()
    const broken = (async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10)
      throw new Error('EIO')
    })()
    await expect(shell.upload('C:\\a', broken)).rejects.toThrow('EIO')
    expect(device.files.size).toBe(0)
    expect((await shell.ask({ script: 'x' })).exitCode).toBe(0)
  })

  it('takes a chain as far as its gates hold', async () => {
    const { device, shell } = open({
      inTurns,
      answer: ({ values, name }) => {
        if (name === 'adhoc.test') return { exitCode: Number(values['fails']) }
        return { exitCode: Number(values['exit'] ?? 0), stdout: String(values['says'] ?? '') }
      },
    })
    const as = await shell.ask({ script: 'look', values: { says: 'as before' } })
    const request = (values: Record<string, string | number>) => ({ script: 'x', values })
    const outcomes = await Promise.allSettled(
      shell.chain([
        { request: request({ says: 'as before' }), gate: { kind: 'same', as } },
        { request: request({ exit: 3 }), gate: { kind: 'exit', codes: [0, 3] } },
        { request: request({ fails: 0 }), gate: { kind: 'test', test: 'holds', values: { fails: 1 } } },
        { request: request({ says: 'not wanted' }) },
        { request: request({ says: 'undo' }), run: { brokenBy: 2 } },
        { request: request({ says: 'not this' }), run: { brokenBy: 1 } },
        { request: request({ says: 'always' }), run: 'always' },
        { request: request({ says: 'changed' }), gate: { kind: 'same', as }, run: 'always' },
      ]),
    )
    const seen = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.text || outcome.value.exitCode : outcome.reason instanceof NotRun,
    )
    expect(seen).toEqual(['as before', 3, 0, true, 'undo', true, 'always', true])
    expect(device.asked.filter((ask) => ask.values['says'] === 'not wanted')).toEqual([])
  })

  it('reads what a PowerShell under the interpreter says of its errors', async () => {
    const stderr =
      '#< CLIXML\r\n<Objs Version="1.1.0.1"><S S="Error">Nie ma _x0022_kasy_x0022_._x000D__x000A_</S></Objs>'
    const { shell } = open({ inTurns, answer: () => ({ exitCode: 1, stderr }) })
    const answer = await shell.ask({ script: 'x' })
    expect(answer.errorText).toBe('Nie ma "kasy".\r\n')
    expect(Buffer.from(answer.stderr).toString()).toBe(stderr)
  })

  it('says that a command was ended, and gives a session up that could not be', async () => {
    const { shell } = open({ inTurns, answer: ({ script }) => ({ how: script.trim() as 'late', exitCode: 124 }) })
    expect(await shell.ask({ script: 'late' })).toMatchObject({ timedOut: true, exitCode: 124 })
    expect(await codeOf(shell.ask({ script: 'stuck' }))).toBe('OBSERVE_TIMEOUT')
    const flooded = open({ inTurns, answer: () => ({ how: 'flood' }) })
    expect(await codeOf(flooded.shell.ask({ script: 'x' }))).toBe('OUTPUT_FLOODED')
  })

  it('does not say that nothing was run when it was delivered and never answers', async () => {
    const device = new WindowsDevice({ answer: echo, inTurns, spoil: () => '' })
    const shell = openPowerShell({ connection: device.connection, deadlines: { ...DEADLINES, open: 50 } })
    await expect(shell.ask({ script: 'x' })).rejects.toMatchObject({
      failure: { code: 'OPEN_TIMEOUT', phase: 'observe' },
    })
    expect(device.asked).toHaveLength(1)
  })

  it('refuses a PowerShell that is too old, in words', async () => {
    const { shell } = open({ inTurns, version: '2.0' })
    await expect(shell.ask({ script: 'x' })).rejects.toMatchObject({
      failure: { code: 'SHELL_UNUSABLE', phase: 'open', message: expect.stringContaining('PowerShell 2.0') },
    })
  })
})

describe('output that is not whole', () => {
  it('is never taken for an answer: a byte changed, lost or doubled anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom('flip', 'drop', 'double', 'insert'), async (where, how) => {
        let at = where % 900
        const spoil = (text: string): Uint8Array => {
          const bytes = Buffer.from(text, 'latin1')
          const place = at
          at -= bytes.length
          if (place < 0 || place >= bytes.length) return bytes
          const [head, rest] = [bytes.subarray(0, place), bytes.subarray(place + 1)]
          if (how === 'flip') return Buffer.concat([head, Buffer.from([(bytes[place] ?? 0) ^ 1]), rest])
          if (how === 'drop') return Buffer.concat([head, rest])
          const more = how === 'double' ? bytes.subarray(place, place + 1) : Buffer.from('X')
          return Buffer.concat([head, more, bytes.subarray(place)])
        }
        const device = new WindowsDevice({ answer: () => ({ stdout: 'the truth', stderr: 'x'.repeat(700) }), spoil })
        const signal = AbortSignal.timeout(150)
        const shell = openPowerShell({ connection: device.connection, deadlines: DEADLINES, signal })
        const outcomes = await Promise.allSettled([shell.ask({ script: 'x' }), shell.ask({ script: 'y' })])
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') expect(outcome.value.text).toBe('the truth')
          else expect(['SESSION_GARBLED', 'RUN_CANCELLED']).toContain(outcome.reason.failure.code)
        }
        shell.close()
      }),
      { numRuns: 60 },
    )
  })

  it('is refused when it is said twice, out of order, or for another', async () => {
    for (const spoil of [
      (text: string) => text + text,
      (text: string) => text.replace(/ (begin|answer) \d/, ' $1 7'),
      (text: string) => (text.includes(' begin ') ? '' : text),
    ]) {
      const { shell } = open({ spoil })
      const outcomes = await Promise.all([codeOf(shell.ask({ script: 'x' })), codeOf(shell.ask({ script: 'y' }))])
      expect(outcomes).toContain('SESSION_GARBLED')
      shell.close()
    }
  })

  it('does not mind what others write between the frames', async () => {
    const { shell } = open({ spoil: (text) => `WARNING: noise\r\n${text}` })
    expect((await shell.ask({ script: 'x' })).exitCode).toBe(0)
  })
})
