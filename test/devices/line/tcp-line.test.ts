import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { fail, type Result, success } from '../../../src/core/failure.ts'
import type { Conversation, LineState, Turn } from '../../../src/devices/line/line.ts'
import { tcpLine } from '../../../src/devices/line/tcp-line.ts'
import { dialPort, listening } from '../../peers/dial.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

/** A peer that does this with every connection. */
async function peer(act: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    act(socket)
  })
  servers.push(server)
  return listening(server)
}

async function converse(port: number, turns: readonly Turn[], budgetMs = 2_000): Promise<Conversation> {
  const said = await tcpLine({ name: 'peer', dial: dialPort(port), budgetMs }).converse(turns)
  if (!said.ok) throw new Error(said.failure.message)
  return said.value
}

const ask = (until: Turn['until'], more: Partial<Turn> = {}): Turn => ({
  send: Buffer.from('?'),
  until,
  timeoutMs: 300,
  ...more,
})
const texts = ({ replies }: Conversation): string[] =>
  replies.map(({ state, bytes }) => `${state}:${Buffer.from(bytes).toString('latin1')}`)
const answering = (text: string | readonly string[]) => (socket: Socket) => {
  const pieces = typeof text === 'string' ? [text] : [...text]
  socket.on('data', () => socket.write(Buffer.from(typeof text === 'string' ? text : (pieces.shift() ?? ''), 'latin1')))
}

it.each<[string, Turn['until'], string, string]>([
  ['so many bytes', { bytes: 2 }, 'abc', 'whole:ab'],
  ['a byte and what is behind it', { byte: 0x03, more: 1 }, 'ab\x03Lc', 'whole:ab\x03L'],
  ['a byte under a mask', { mask: 0x93, value: 0x12 }, '\x14\x00\x00\x0f\x12\x14', 'whole:\x14\x00\x00\x0f\x12'],
  ['a length', { lengthAt: 1, more: 1 }, '\x02\x03abcLx', 'whole:\x02\x03abcL'],
  ['silence', { quietMs: 60 }, 'abc', 'whole:abc'],
  ['too few bytes', { bytes: 4 }, 'abc', 'cut:abc'],
  ['no bytes', { bytes: 4 }, '', 'silent:'],
])('knows an answer by %s', async (_what, until, answer, reply) => {
  const said = await converse(await peer(answering(answer)), [ask(until)])
  expect({ state: said.state, replies: texts(said) }).toEqual({ state: 'open', replies: [reply] })
})

it('puts an answer together that comes byte by byte', async () => {
  const port = await peer((socket) =>
    socket.on('data', async () => {
      for (const byte of 'abc\f') {
        socket.write(byte)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }),
  )
  expect(texts(await converse(port, [ask({ byte: 0x0c })]))).toEqual(['whole:abc\f'])
})

it('leaves what is behind an answer to the next turn, whether it sends something or not', async () => {
  const port = await peer(answering(['abc', 'd']))
  const turns = [ask({ bytes: 1 }), ask({ bytes: 1 }, { send: Buffer.alloc(0) }), ask({ bytes: 2 })]
  expect(texts(await converse(port, turns))).toEqual(['whole:a', 'whole:b', 'whole:cd'])
})

it('does not wait for an answer of no bytes', async () => {
  expect(texts(await converse(await peer(() => undefined), [ask({ bytes: 0 })]))).toEqual(['whole:'])
})

it('ends at a turn without an answer, but for one that may go without', async () => {
  const port = await peer(answering(['', 'b']))
  const silent = await converse(port, [ask({ bytes: 1 }), ask({ bytes: 1 })])
  expect([texts(silent), silent.detail]).toEqual([['silent:'], 'no answer came'])
  const optional = await converse(await peer(answering(['', 'b'])), [
    ask({ bytes: 1 }, { optional: true }),
    ask({ bytes: 1 }),
  ])
  expect(texts(optional)).toEqual(['silent:', 'whole:b'])
})

it('goes on only behind the bytes that it was told', async () => {
  const turns = [ask({ bytes: 1 }, { goOnAt: [0x61] }), ask({ bytes: 1 })]
  expect(texts(await converse(await peer(answering(['a', 'b'])), turns))).toEqual(['whole:a', 'whole:b'])
  expect(texts(await converse(await peer(answering(['x', 'b'])), turns))).toEqual(['whole:x'])
})

it('is a reset when the other side hangs up before it has said anything, and open when it has', async () => {
  const mute = await converse(await peer((socket) => socket.destroy()), [ask({ bytes: 1 })])
  expect(mute).toMatchObject({ state: 'reset', detail: 'the other side closed the connection' })
  const half = await converse(await peer((socket) => socket.on('data', () => socket.end('ab'))), [ask({ bytes: 3 })])
  expect([half.state, texts(half)]).toEqual(['open', ['cut:ab']])
  const bye = await converse(await peer((socket) => socket.on('data', () => socket.end('ab'))), [
    ask({ quietMs: 10_000 }),
  ])
  expect([bye.state, texts(bye)]).toEqual(['open', ['whole:ab']])
})

it('reads no more of a flood than 64 KiB', async () => {
  const port = await peer((socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
    }
    socket.on('drain', pour).on('data', pour)
  })
  const said = await converse(port, [ask({ byte: 0x0c })])
  expect(said.detail).toBe('it sent far more than was asked for')
  expect(said.replies[0]?.bytes.length).toBeLessThanOrEqual(64 * 1024)
})

it('ends within its budget: with a drip that never ends, and with turns that sum up to more', async () => {
  const port = await peer((socket) => {
    const drip = setInterval(() => socket.write('x'), 20)
    socket.on('close', () => clearInterval(drip))
  })
  const turns = Array.from({ length: 9 }, () => ask({ byte: 0x0c }, { optional: true }))
  const said = await converse(port, turns, 500)
  expect(said.ms).toBeGreaterThanOrEqual(490)
  // Where the machine has no time to spare, a budget is four times as long.
  expect(said.ms).toBeLessThan(4_000)
})

it('leaves the printer at once: the connection is closed behind the last turn', async () => {
  const closed = new Promise<void>((resolve) => {
    void peer((socket) => {
      answering('a')(socket)
      socket.on('end', resolve)
    }).then((port) => converse(port, [ask({ bytes: 1 })]))
  })
  await closed
})

it('does not wait for a peer that keeps its side open', async () => {
  let gone: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    gone = resolve
  })
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    answering('a')(socket)
    socket.on('error', () => gone()).on('close', () => gone())
    // Its own end only shows when something is written to it.
    const poke = setInterval(() => socket.write('x'), 50)
    socket.on('close', () => clearInterval(poke))
  })
  servers.push(server)
  await converse(await listening(server), [ask({ bytes: 1 })])
  const left = performance.now()
  await closed
  expect(performance.now() - left).toBeLessThan(1_000)
})

it.each<[Parameters<typeof fail>[0]['code'], LineState]>([
  ['CONNECT_REFUSED', 'refused'],
  ['CONNECT_TIMEOUT', 'timed-out'],
  ['CONNECT_UNREACHABLE', 'unreachable'],
  ['CONNECT_RESET', 'reset'],
  ['RESOLVE_FAILED', 'name-not-found'],
  ['CONNECT_VIA_FAILED', 'unknown'],
  ['TRANSPORT_UNSUPPORTED', 'unknown'],
])('%s is a line that is %s', async (code, state) => {
  const dial = async () => fail({ code, phase: 'connect', message: 'It did not work.' })
  const said = await tcpLine({ name: 'peer', dial, budgetMs: 100 }).converse([])
  expect(said).toMatchObject({ ok: true, value: { state, detail: 'It did not work.', replies: [] } })
})

it('fails where the session is lost', async () => {
  const dial = async () => fail({ code: 'SESSION_LOST', phase: 'open', message: 'Gone.' } as const)
  expect(await tcpLine({ name: 'peer', dial, budgetMs: 100 }).converse([])).toMatchObject({ ok: false })
})

it('drops a connection that comes after the budget', async () => {
  let destroyed = false
  const ignore = (): void => undefined
  const stream = { write: ignore, end: ignore, onData: ignore, onClose: ignore, destroy: () => (destroyed = true) }
  const dial = (): Promise<Result<never>> =>
    new Promise((resolve) => setTimeout(resolve, 800, success(stream as unknown as never)))
  const said = await tcpLine({ name: 'peer', dial, budgetMs: 50 }).converse([ask({ bytes: 1 })])
  expect(said).toMatchObject({ value: { state: 'timed-out' } })
  await expect.poll(() => destroyed).toBe(true)
})

it('stops when the step is ended', async () => {
  const port = await peer(() => undefined)
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 50)
  const line = tcpLine({ name: 'peer', dial: dialPort(port), budgetMs: 5_000, signal: stop.signal })
  const said = await line.converse([ask({ bytes: 1 }, { timeoutMs: 5_000 })])
  expect(said).toMatchObject({ value: { detail: 'the step was ended' } })
  const late = tcpLine({ name: 'peer', dial: dialPort(port), budgetMs: 5_000, signal: stop.signal })
  expect(await late.converse([ask({ bytes: 1 })])).toMatchObject({ value: { state: 'unknown', replies: [] } })
})
