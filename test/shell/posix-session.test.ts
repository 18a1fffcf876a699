import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../../src/core/transport.ts'
import { MarkerCutter, parseErrorMarker, parseMarker, quotePosix } from '../../src/shell/posix.ts'
import { openPosixShell, type PosixShellOptions } from '../../src/shell/posix-channel.ts'
import { localTransport } from '../../src/transports/local.ts'
import { localTarget } from '../peers/targets.ts'
import { DEADLINES } from './shells.ts'

let connection: Connection
let folder: string
beforeAll(async () => {
  const connected = await localTransport.connect(localTarget(), new AbortController().signal)
  if (!connected.ok) throw new Error(connected.failure.message)
  connection = connected.value
  folder = mkdtempSync(join(tmpdir(), 'till-session-'))
})
afterAll(async () => {
  await connection.close()
  rmSync(folder, { recursive: true })
})

/** A channel to a device that runs `program` where a shell is asked for. */
function openOver(program: string | undefined, options: Partial<PosixShellOptions> = {}) {
  return openPosixShell({
    start: (command, input) => connection.exec(program ?? command, input),
    deadlines: DEADLINES,
    ...options,
  })
}

async function interruption(asked: Promise<unknown>): Promise<{ code: string; phase: string; evidence?: unknown }> {
  const error = await asked.then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!error?.failure) throw new Error(`No interruption but ${String(error)}`)
  return error.failure
}

function isAlive(pid: number): boolean {
  try {
    return !/^[0-9]+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('what is no shell', () => {
  test.each([
    ['echoes what it is sent', 'cat'],
    ['says that there is none', 'echo This account is not available; exit 1'],
    ['is a router that knows no sh', 'read -r x; echo "bad command name sh (line 1 column 1)"; exit 127'],
    ['talks without end', 'yes'],
  ])('is found out: it %s', async (_what, program) => {
    const failure = await interruption(openOver(program).ask({ script: ':' }))
    expect(failure).toMatchObject({ code: 'SHELL_UNUSABLE', phase: 'open' })
  })

  test('shows what it said', async () => {
    const failure = await interruption(openOver('echo This account is not available; exit 1').ask({ script: ':' }))
    expect(failure.evidence).toEqual({ answer: 'This account is not available' })
  })

  test('is waited for as long as the deadline of opening says', async () => {
    const shell = openOver('sleep 30', { deadlines: { ...DEADLINES, open: 200 } })
    expect(await interruption(shell.ask({ script: ':' }))).toMatchObject({ code: 'OPEN_TIMEOUT', phase: 'open' })
  })
})

describe('a session', () => {
  test('ignores what comes before the shell: banners and noise on both streams', async () => {
    const shell = openOver('echo "Welcome"; echo noise >&2; printf "no newline"; exec sh')
    expect(await shell.ask({ script: 'echo yes' })).toMatchObject({ text: 'yes\n', errorText: '' })
    shell.close()
  })

  test('sends what is asked in one turn in one write', async () => {
    const writes: string[] = []
    const shell = openPosixShell({
      deadlines: DEADLINES,
      start: async (command, input = '') => {
        const started = await connection.exec(command, input)
        if (!started.ok) return started
        writes.push(input)
        const stream = started.value
        const write = (data: Uint8Array | string): void => {
          writes.push(String(data))
          stream.write(data)
        }
        return {
          ok: true,
          value: new Proxy(stream, {
            get: (of, name) => {
              if (name === 'write') return write
              const member = Reflect.get(of, name)
              return typeof member === 'function' ? member.bind(of) : member
            },
          }),
        }
      },
    })
    const later = Promise.resolve().then(() => shell.ask({ script: 'echo 2' }))
    const answers = await Promise.all([shell.ask({ script: 'echo 1' }), later])
    expect([answers.map((answer) => answer.text), writes.length]).toEqual([['1\n', '2\n'], 1])
    shell.close()
  })

  test('ends when the interpreter does, for all that was asked and will be', async () => {
    const shell = openOver(undefined)
    const asked = [shell.ask({ script: 'kill -9 $$' }), shell.ask({ script: ':' })]
    for (const one of asked) expect(await interruption(one)).toMatchObject({ code: 'SESSION_LOST', phase: 'observe' })
    expect(await interruption(shell.ask({ script: ':' }))).toMatchObject({ code: 'SESSION_LOST' })
  })

  test('ends nothing but its own where the interpreter is gone and its process group is that of a server', async () => {
    const pids = (name: string): number[] => readFileSync(join(folder, name), 'utf8').trim().split('\n').map(Number)
    const started = `sleep 300 >/dev/null 2>&1 </dev/null & echo $! >>${folder}/others; sh; wait`
    const shell = openOver(`setsid -w sh -c ${quotePosix(started)}`)
    const script = `sleep 301 >/dev/null 2>&1 </dev/null & echo $! >${folder}/own; kill -9 $$`
    const asked = await interruption(shell.ask({ script, timeoutMs: 700 }))
    expect(['OBSERVE_TIMEOUT', 'SESSION_LOST']).toContain(asked.code)
    shell.close()
    await expect.poll(() => pids('own').some(isAlive), { timeout: 10_000 }).toBe(false)
    const others = pids('others')
    const living = others.filter(isAlive)
    for (const pid of living) process.kill(pid)
    expect(living).toEqual(others)
  })

  test('is cut off when it is flooded', async () => {
    const shell = openOver(undefined)
    const flood = shell.ask({ script: 'yes', maxOutputBytes: 10 })
    expect(await interruption(flood)).toMatchObject({ code: 'OUTPUT_FLOODED', phase: 'observe' })
    expect(await interruption(shell.ask({ script: ':' }))).toMatchObject({ code: 'OUTPUT_FLOODED' })
  })

  test('is stopped with the run', async () => {
    const stop = new AbortController()
    const shell = openOver(undefined, { signal: stop.signal })
    await shell.ask({ script: ':' })
    const hanging = [shell.ask({ script: 'sleep 30' }), shell.upload(join(folder, 'slow'), slowly())]
    setTimeout(() => stop.abort(), 100)
    for (const one of hanging) expect(await interruption(one)).toMatchObject({ code: 'RUN_CANCELLED' })
    expect(await interruption(shell.ask({ script: ':' }))).toMatchObject({ code: 'RUN_CANCELLED' })
  })

  test('is given up when what hangs cannot be ended', async () => {
    let started = 0
    const shell = openPosixShell({
      deadlines: { ...DEADLINES, open: 5_000 },
      start: (command, input) => connection.exec(started++ === 0 ? command : 'sleep 300', input),
    })
    const hung = shell.ask({ script: 'sleep 300', timeoutMs: 100 })
    expect(await interruption(hung)).toMatchObject({ code: 'OBSERVE_TIMEOUT', phase: 'observe' })
  })

  test('outlives what hangs, however long the way takes of what ends it', async () => {
    let started = 0
    const shell = openPosixShell({
      // A second channel, or a login of its own, over a long line.
      start: async (command, input) => {
        if (started++ > 0) await sleep(6_000)
        return connection.exec(command, input)
      },
      deadlines: DEADLINES,
    })
    const hung = await shell.ask({ script: 'sleep 60', timeoutMs: 200 })
    expect(hung.timedOut).toBe(true)
    expect((await shell.ask({ script: 'echo on' })).text).toBe('on\n')
    shell.close()
  })

  test('keeps its token from the scripts, so that none can forge an answer', async () => {
    const shell = openOver(undefined)
    const found = await shell.ask({ script: 'set; env; cat /proc/$$/cmdline /proc/$$/environ' })
    expect(/[0-9a-f]{32}/.test(found.text)).toBe(false)
    shell.close()
  })

  test('rejects a value that no shell can hold, and only this ask', async () => {
    const shell = openOver(undefined)
    const asked = [
      shell.ask({ script: ':', values: { v: 'a\0b' } }),
      shell.ask({ script: ':', values: { 'x;y': '1' } }),
      shell.ask({ script: 'echo on' }),
    ]
    await expect(asked[0]).rejects.toThrow('NUL')
    await expect(asked[1]).rejects.toThrow('no name')
    expect((await asked[2])?.text).toBe('on\n')
    shell.close()
  })

  test('ends a hanging ask without touching the one behind it, whenever the deadline strikes', async () => {
    const shell = openOver(undefined)
    for (const ms of [180, 200, 220]) {
      const [first, second] = await Promise.all([
        shell.ask({ script: 'sleep 0.2; echo first', timeoutMs: ms }),
        shell.ask({ script: 'sleep 0.3; echo second' }),
      ])
      expect(second).toMatchObject({ text: 'second\n', exitCode: 0, timedOut: false })
      expect(first.timedOut || first.text === 'first\n').toBe(true)
    }
    shell.close()
  })

  test('leaves no process behind', async () => {
    const mark = `till-left-${process.pid}`
    const shell = openOver(undefined)
    await shell.ask({ script: `trap '' TERM HUP; sh -c 'trap "" TERM; sleep 41; : ${mark}'; :`, timeoutMs: 200 })
    shell.close()
    const running = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(mark))
    expect(running).toEqual([])
  })
})

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

async function* slowly(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.from('x')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('cutting a stream', () => {
  const token = 'a1b2'
  const text = fc.array(fc.constantFrom('a', 'a1', 'a1b', 'a1b2', ' ', '\n', 'x', '\0'), { maxLength: 30 })

  test('gives the same parts wherever the chunks end, and loses nothing', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(40)), (pieces, cuts) => {
        // Whole lines behind every token, so that nothing is held back for good.
        const stream = Buffer.from(`${pieces.join('').replaceAll('a1b2 ', 'a1b2 m\n')}~`)
        expect(cut([...chunks(stream, cuts)])).toEqual(cut([stream]))
        const put = cut([stream])
          .map((part) => (part.startsWith('marker ') ? `a1b2 ${part.slice(7)}\n` : part.slice(5)))
          .join('')
        expect(put).toBe(stream.toString())
      }),
    )
  })

  function cut(parts: readonly Buffer[]): string[] {
    const cutter = new MarkerCutter(token)
    const found: string[] = []
    for (const part of parts.flatMap((chunk) => cutter.push(chunk))) {
      if (part.kind === 'marker') found.push(`marker ${part.text}`)
      else if (found.at(-1)?.startsWith('data ')) found.push(`${found.pop()}${part.bytes}`)
      else found.push(`data ${part.bytes}`)
    }
    return found
  }

  function* chunks(stream: Buffer, cuts: readonly number[]): Generator<Buffer> {
    let at = 0
    for (const length of cuts) {
      yield stream.subarray(at, at + length)
      at = Math.min(stream.length, at + length)
    }
    yield stream.subarray(at)
  }

  test('takes nothing for a marker that is none', () => {
    const lines = ['h $$ $((6*7))', 'b 1', 'b x 1', 'e 1', 'e 1 1000', 'h 1 41', '', 'e 1 1 ']
    expect(lines.map(parseMarker)).toEqual(lines.map(() => undefined))
    expect(['E', 'E x', 'H 1', 'e 1'].map(parseErrorMarker)).toEqual([undefined, undefined, undefined, undefined])
    expect(() => quotePosix('a\0')).toThrow()
  })
})

describe('an upload whose receiver never starts', () => {
  const never = { start: () => new Promise<never>(() => undefined) }

  test('ends at its deadline', async () => {
    const shell = openOver(undefined, never)
    const upload = shell.upload('/nowhere', new Uint8Array(), { timeoutMs: 100 })
    expect(await interruption(upload)).toMatchObject({ code: 'OPEN_TIMEOUT', phase: 'open' })
  })

  test('ends with the run', async () => {
    const stop = new AbortController()
    const upload = interruption(openOver(undefined, { ...never, signal: stop.signal }).upload('/x', new Uint8Array()))
    stop.abort()
    expect(await upload).toMatchObject({ code: 'RUN_CANCELLED' })
  })
})

test('a start that throws costs this session only', async () => {
  const shell = openOver(undefined, { start: () => Promise.reject(new Error('no more processes')) })
  expect(await interruption(shell.ask({ script: ':' }))).toMatchObject({ code: 'INTERNAL_BUG', phase: 'open' })
})
