import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ShellRequest } from '../../../src/core/channel.ts'
import { escpos } from '../../../src/devices/escpos/client.ts'
import type { Endpoint } from '../../../src/devices/line/endpoint.ts'
import type { Conversation, Line, Turn } from '../../../src/devices/line/line.ts'
import { posixLine } from '../../../src/devices/line/posix-line.ts'
import { thermal } from '../../../src/devices/thermal/client.ts'
import { escposEmulator } from '../../../src/sandbox/printers/escpos.ts'
import { thermalEmulator } from '../../../src/sandbox/printers/thermal.ts'
import { listening } from '../../peers/dial.ts'
import { openLocalShell, shells } from '../../shell/shells.ts'
import { ASKING, names, printerWith, reading } from '../printers/bench.ts'

const BRIDGE = join(import.meta.dirname, '../../peers/pty-bridge.py')
const hasPython = ((): boolean => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import pty'])
    return true
  } catch {
    if (process.env['CI']) throw new Error('python3 is missing: install the package python3.')
    console.warn('Skipped: tests with a serial port; install the package python3.')
    return false
  }
})()
const isRoot = process.getuid?.() === 0
if (!isRoot) console.warn('Skipped: tests with a serial port; only root sees who has one open.')

const servers: Server[] = []
const bridges: ChildProcess[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const bridge of bridges.splice(0)) bridge.stdin?.end()
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

async function serve(act: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    act(socket)
  })
  servers.push(server)
  return listening(server)
}

/** A terminal that does this with whoever opens it. */
async function terminal(act: (socket: Socket) => void): Promise<string> {
  const bridge = spawn('/usr/bin/python3', [BRIDGE, String(await serve(act))], { stdio: ['pipe', 'pipe', 'inherit'] })
  bridges.push(bridge)
  return new Promise((resolve) => bridge.stdout.once('data', (name) => resolve(String(name).trim())))
}

const serial = (port: string): Endpoint => ({
  kind: 'serial',
  port,
  baud: 9600,
  dataBits: 8,
  parity: 'none',
  stopBits: 1,
})
const settings = (port: string): string => execFileSync('stty', ['-F', port, '-g']).toString().trim()
const ask = (until: Turn['until'], more: Partial<Turn> = {}): Turn => ({
  send: Buffer.from('?'),
  until,
  timeoutMs: 400,
  ...more,
})
const texts = ({ replies }: Conversation): string[] =>
  replies.map(({ state, bytes }) => `${state}:${Buffer.from(bytes).toString('latin1')}`)
const answering =
  (...pieces: string[]) =>
  (socket: Socket) =>
    void socket.on('data', () => socket.write(Buffer.from(pieces.shift() ?? '', 'latin1')))

describe.each(shells)('a line over a port of a till, by $name', ({ path }) => {
  let shell: Awaited<ReturnType<typeof openLocalShell>>
  beforeAll(async () => {
    shell = await openLocalShell(path)
  })
  afterAll(() => shell.close())

  const lineTo = (endpoint: Endpoint, budgetMs = 3_000): Line =>
    posixLine({ name: 'it', shell: shell.shell, endpoint, budgetMs })
  const converse = async (endpoint: Endpoint, turns: readonly Turn[]): Promise<Conversation> => {
    const said = await lineTo(endpoint).converse(turns)
    if (!said.ok) throw new Error(said.failure.message)
    return said.value
  }

  describe.skipIf(!hasPython || !isRoot)('a serial port', () => {
    it.each<[string, Turn['until'], string, string]>([
      ['so many bytes', { bytes: 2 }, 'abc', 'whole:ab'],
      ['a byte and what is behind it', { byte: 0x03, more: 1 }, 'ab\x03Lc', 'whole:ab\x03L'],
      ['a byte under a mask', { mask: 0x93, value: 0x12 }, '\x14\x00\x13\x0f\x12\x14', 'whole:\x14\x00\x13\x0f\x12'],
      ['a length', { lengthAt: 1, more: 1 }, '\x02\x03abcLx', 'whole:\x02\x03abcL'],
      ['a text', { ending: 'b*c' }, 'ab*cd', 'whole:ab*c'],
      ['silence', { quietMs: 150 }, 'a\n\r\x00\xff\x7f', 'whole:a\n\r\x00\xff\x7f'],
      ['too few bytes', { bytes: 4 }, 'abc', 'cut:abc'],
      ['no bytes', { bytes: 4 }, '', 'silent:'],
    ])('knows an answer by %s', async (_what, until, answer, reply) => {
      const said = await converse(serial(await terminal(answering(answer))), [ask(until)])
      expect({ state: said.state, replies: texts(said) }).toEqual({ state: 'open', replies: [reply] })
    })

    it('carries every byte there and back', async () => {
      const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const port = await terminal((socket) => void socket.on('data', (chunk) => socket.write(chunk)))
      const said = await converse(serial(port), [ask({ bytes: 256 }, { send: all, timeoutMs: 2_000 })])
      expect(said.replies[0]).toMatchObject({ state: 'whole', bytes: all })
    })

    it('has turns: what is behind an answer is left to the next, and conditions end it', async () => {
      const turns = [
        ask({ bytes: 1 }),
        ask({ bytes: 1 }, { send: Buffer.alloc(0) }),
        ask({ bytes: 2 }),
        ask({ bytes: 1 }),
      ]
      expect(texts(await converse(serial(await terminal(answering('abc', 'd'))), turns))).toEqual([
        'whole:a',
        'whole:b',
        'whole:cd',
        'silent:',
      ])
      const port = await terminal(answering('a', '', 'c', 'd'))
      const some = [ask({ bytes: 1 }, { goOnAt: [0x61, 0x62] }), ask({ bytes: 1 }, { optional: true, timeoutMs: 100 })]
      const stop = ask({ bytes: 1 }, { goOnAt: [0x61] })
      expect(texts(await converse(serial(port), [...some, stop, ask({ bytes: 1 })]))).toEqual([
        'whole:a',
        'silent:',
        'whole:c',
      ])
    })

    it('reads printers through it', async () => {
      const receipt = await terminal((socket) => escposEmulator(socket, printerWith('cover-open', 'paper-low')))
      const began = performance.now()
      const read = await reading(escpos, lineTo(serial(receipt)), ASKING)
      expect(performance.now() - began).toBeLessThan(2_500)
      expect({ ready: read.ready, names: names(read) }).toEqual({ ready: 'no', names: ['cover-open', 'paper-low'] })
      const fiscal = await terminal((socket) => thermalEmulator(socket, printerWith('receipt-open')))
      expect(await reading(thermal, lineTo(serial(fiscal)))).toMatchObject({ guards: { receipt_open: 'yes' } })
    })

    it('puts the settings back', async () => {
      const port = await terminal(answering('a'))
      execFileSync('stty', ['-F', port, '19200', 'cstopb', 'echo', 'icanon', 'ixon'])
      const before = settings(port)
      expect((await converse(serial(port), [ask({ bytes: 1 })])).state).toBe('open')
      expect(settings(port)).toBe(before)
    })

    it('does not touch a port that another program has open', async () => {
      const heard: Buffer[] = []
      const port = await terminal((socket) => void socket.on('data', (chunk) => heard.push(chunk)))
      const before = settings(port)
      const held = openSync(port, 'r+')
      try {
        expect(await converse(serial(port), [ask({ bytes: 1 })])).toMatchObject({ state: 'busy', replies: [] })
        expect([heard.length, settings(port)]).toEqual([0, before])
      } finally {
        closeSync(held)
      }
      expect((await converse(serial(port), [ask({ bytes: 1 })])).state).toBe('open')
    })

    it('leaves nothing behind when it is killed by its deadline, and puts the settings back', async () => {
      const port = await terminal(() => undefined)
      const before = settings(port)
      const line = posixLine({
        name: 'it',
        shell: { ...shell.shell, ask: (asked) => shell.shell.ask({ ...asked, timeoutMs: 700 }) },
        endpoint: serial(port),
        budgetMs: 60_000,
      })
      const said = await line.converse([ask({ bytes: 1 }, { timeoutMs: 60_000 })])
      expect(said).toMatchObject({ ok: true, value: { state: 'open', replies: [] } })
      await expect.poll(() => openers(port)).toEqual([])
      expect(settings(port)).toBe(before)
    })

    it('a USB printer is read without settings of a serial port', async () => {
      const port = await terminal((socket) => escposEmulator(socket, printerWith('paper-low')))
      execFileSync('stty', ['-F', port, 'raw', '-echo'])
      const read = await reading(escpos, lineTo({ kind: 'usb', port }), ASKING)
      expect({ ready: read.ready, names: names(read) }).toEqual({ ready: 'yes', names: ['paper-low'] })
      await expect.poll(() => openers(port)).toEqual([])
    })
  })

  it.skipIf(!hasPython || !isRoot)(
    'reads a USB printer without the program timeout, and leaves no reader behind',
    async () => {
      const port = await terminal((socket) => escposEmulator(socket, printerWith('cover-open')))
      execFileSync('stty', ['-F', port, 'raw', '-echo'])
      const without = { ...shell.shell, ask: (asked: ShellRequest) => shell.shell.ask(withoutTimeout(asked)) }
      const line = posixLine({ name: 'it', shell: without, endpoint: { kind: 'usb', port }, budgetMs: 3_000 })
      expect(names(await reading(escpos, line, ASKING))).toEqual(['cover-open'])
      await expect.poll(() => openers(port)).toEqual([])
    },
  )

  it('says what is missing', async () => {
    expect(await converse(serial('/dev/ttyNONE7'), [])).toMatchObject({ state: 'missing', replies: [] })
    expect(await converse({ kind: 'usb', port: '/dev/usb/lp17' }, [])).toMatchObject({ state: 'missing' })
    expect(await converse(serial('/dev/fd'), [])).toMatchObject({ state: 'missing' })
  })

  it('connects to a TCP port as the till sees it, once', async () => {
    let connections = 0
    const port = await serve((socket) => {
      connections += 1
      escposEmulator(socket, printerWith('cutter-error'))
    })
    const read = await reading(escpos, lineTo({ kind: 'tcp', host: '127.0.0.1', port }), ASKING)
    expect(names(read)).toEqual(['cutter-error'])
    expect(connections).toBe(1)
  })

  it('a TCP port that hangs up before it has said anything is reset', async () => {
    const port = await serve((socket) => socket.destroy())
    const turns = [ask({ bytes: 1 }, { timeoutMs: 2_000 })]
    expect(await converse({ kind: 'tcp', host: '127.0.0.1', port }, turns)).toMatchObject({ state: 'reset' })
  })

  it('so it is on a till whose programs take long to begin', async () => {
    const port = await serve((socket) => socket.destroy())
    const slow = { ...shell.shell, ask: (asked: ShellRequest) => shell.shell.ask(withSlowTimeout(asked)) }
    const endpoint: Endpoint = { kind: 'tcp', host: '127.0.0.1', port }
    const line = posixLine({ name: 'it', shell: slow, endpoint, budgetMs: 3_000 })
    expect(await line.converse([ask({ bytes: 1 }, { timeoutMs: 2_000 })])).toMatchObject({ value: { state: 'reset' } })
  })

  it('a TCP port that is refused is refused', async () => {
    const port = await serve(() => undefined)
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
    await expect.poll(() => isRefused(port)).toBe(true)
    expect(await converse({ kind: 'tcp', host: '127.0.0.1', port }, [])).toMatchObject({ state: 'refused' })
  })
})

it('takes no port outside of /dev, and no strange speed', () => {
  const shell = {} as never
  for (const port of ['/etc/passwd', '/dev/../etc/passwd', 'ttyS0', '/dev/tty S0', '/dev/-x']) {
    expect(() => posixLine({ name: 'it', shell, endpoint: serial(port), budgetMs: 1 })).toThrow('no port')
  }
  const odd: Endpoint = { kind: 'serial', port: '/dev/ttyS0', baud: 31, dataBits: 8, parity: 'none', stopBits: 1 }
  expect(() => posixLine({ name: 'it', shell, endpoint: odd, budgetMs: 1 })).toThrow('no speed')
})

/** As on a till that has no such program. */
function withoutTimeout(asked: ShellRequest): ShellRequest {
  return { ...asked, script: `timeout() { return 127; }\n${asked.script}` }
}

/** As on a till that is slow, or busy. */
function withSlowTimeout(asked: ShellRequest): ShellRequest {
  return { ...asked, script: `timeout() { sleep 0.08; command timeout "$@"; }\n${asked.script}` }
}

/** Processes that have a terminal open. */
function openers(port: string): string[] {
  const found = execFileSync('sh', ['-c', 'ls -l /proc/[0-9]*/fd 2>/dev/null || true'], { maxBuffer: 64 * 1024 * 1024 })
  const lines = found.toString().split('\n')
  return lines.filter((line) => line.endsWith(` -> ${port}`))
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    connect(port, '127.0.0.1')
      .once('error', () => resolve(true))
      .once('connect', function (this: Socket) {
        this.destroy()
        resolve(false)
      })
  })
}
