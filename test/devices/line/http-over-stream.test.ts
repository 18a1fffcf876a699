import { createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpReply, HttpSession } from '../../../src/devices/line/http-over-stream.ts'
import { dialHere } from '../../peers/dial.ts'

let server: Server | undefined
const sockets = new Set<Socket>()

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  server = undefined
})

/** Serves raw bytes: the n-th request of a connection gets what `answer` writes for it. */
async function serve(answer: (socket: Socket, request: string) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data) => answer(socket, data.toString('latin1')))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return (server.address() as { port: number }).port
}

async function ask(port: number, timeoutMs = 2000): Promise<HttpReply> {
  const session = new HttpSession(dialHere, { host: '127.0.0.1', port })
  try {
    return await session.exchange({ method: 'GET', path: '/', timeoutMs })
  } finally {
    session.close()
  }
}

const bodyOf = (reply: HttpReply): string => (reply.state === 'answered' ? reply.body.toString() : reply.state)

describe('HTTP over a stream', () => {
  it('reads bodies with a length, in chunks, and up to the end of the connection', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
      'HTTP/1.0 200 OK\r\n\r\nhello',
    ]
    for (const answer of answers) {
      const port = await serve((socket) => (answer.includes('1.0') ? socket.end(answer) : socket.write(answer)))
      expect(bodyOf(await ask(port))).toBe('hello')
      await new Promise((resolve) => server?.close(resolve))
    }
  })

  it('keeps its connection between exchanges, and dials anew when the server has ended it', async () => {
    let connections = 0
    const port = await serve((socket, request) => {
      const close = request.startsWith('GET /close')
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${close ? 'Connection: close\r\n' : ''}\r\nok`)
      if (close) socket.end()
    })
    server?.on('connection', () => {
      connections += 1
    })
    const session = new HttpSession(dialHere, { host: '127.0.0.1', port })
    for (const path of ['/a', '/close', '/b', '/c']) {
      expect(bodyOf(await session.exchange({ method: 'GET', path, timeoutMs: 2000 }))).toBe('ok')
    }
    session.close()
    expect(connections).toBe(2)
  })

  it('names what went wrong, within its deadline', async () => {
    const silent = await serve(() => undefined)
    const began = performance.now()
    expect((await ask(silent, 200)).state).toBe('silent')
    expect(performance.now() - began).toBeLessThan(1500)
    const cases: [string, HttpReply['state']][] = [
      ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', 'cut'],
      ['@PJL INFO STATUS\r\n', 'not-http'],
      [`HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(900_000)}`, 'too-large'],
    ]
    for (const [bytes, state] of cases) {
      await new Promise((resolve) => server?.close(resolve))
      expect((await ask(await serve((socket) => socket.write(bytes)), 300)).state).toBe(state)
    }
  })

  it('says by the code of the failure how far a port could not be opened', async () => {
    const port = await serve(() => undefined)
    await new Promise((resolve) => server?.close(resolve))
    const reply = await ask(port)
    expect(reply).toMatchObject({ state: 'unreached', failure: { code: 'CONNECT_REFUSED', phase: 'connect' } })
  })

  it('asks again where a kept connection had ended in the meantime, but repeats nothing that acts', async () => {
    const port = await serve((socket, request) => {
      if (request.includes(' /last ')) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    let asked = 0
    const session = new HttpSession(
      async (to, timeoutMs) => {
        asked += 1
        return await dialHere(to, timeoutMs)
      },
      { host: '127.0.0.1', port },
    )
    const ask = (method: string, path: string): Promise<HttpReply> =>
      session.exchange({ method, path, timeoutMs: 2000 })
    expect(bodyOf(await ask('GET', '/first'))).toBe('ok')
    // The second connection ends as well: then it is silent.
    expect((await ask('GET', '/last')).state).toBe('silent')
    expect(asked).toBe(2)
    expect(bodyOf(await ask('GET', '/first'))).toBe('ok')
    expect((await ask('POST', '/last')).state).toBe('silent')
    session.close()
    expect(asked).toBe(3)
  })

  it('is stopped by a signal', async () => {
    const port = await serve(() => undefined)
    const session = new HttpSession(dialHere, { host: '127.0.0.1', port })
    const stop = new AbortController()
    const asked = session.exchange({ method: 'GET', path: '/', timeoutMs: 5000, signal: stop.signal })
    stop.abort()
    expect((await asked).state).toBe('stopped')
    session.close()
  })

  it('takes whatever bytes for an answer that is whole, cut, or none', async () => {
    let bytes = Buffer.alloc(0)
    const port = await serve((socket) => socket.end(bytes))
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (noise, headed) => {
        bytes = Buffer.concat([Buffer.from(headed ? 'HTTP/1.1 200 OK\r\n' : ''), noise])
        const { state } = await ask(port, 1000)
        expect(['silent', 'cut', 'not-http', 'answered']).toContain(state)
      }),
      { numRuns: 60 },
    )
  })
})
