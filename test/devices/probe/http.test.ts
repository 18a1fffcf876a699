import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { HttpAnswer, HttpQuestion } from '../../../src/devices/probe/http-answer.ts'
import { httpHere } from '../../../src/devices/probe/http-here.ts'
import { httpThere } from '../../../src/devices/probe/http-there.ts'
import { httpOnWindows } from '../../../src/devices/probe/http-windows.ts'
import { openLocalShell, shells } from '../../shell/shells.ts'
import { blackHole, httpServer, httpsServer, selfSigned, type TestServer, tcpServer } from './servers.ts'
import { openWindowsSockets } from './windows-sockets.ts'

const certificate = selfSigned()
const foreign = selfSigned('DNS:other.example')
const open: TestServer[] = []

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})
afterAll(() => {
  certificate.remove()
  foreign.remove()
})

async function serving(server: Promise<TestServer>): Promise<number> {
  const one = await server
  open.push(one)
  return one.port
}

type Ask = (question: HttpQuestion) => Promise<HttpAnswer>

const fromHere: Ask = (question) => httpHere(question, new AbortController().signal)

const fromDevice =
  (path: string): Ask =>
  async (question) => {
    const { shell, close } = await openLocalShell(path)
    try {
      const answer = await httpThere(shell, question)
      if ('missing' in answer) throw new Error(answer.why)
      return answer
    } finally {
      await close()
    }
  }

const fromWindows: Ask = async (question) => {
  const shell = openWindowsSockets()
  const asked = await httpOnWindows(shell, question)
  shell.close()
  if (!asked.ok) throw new Error(asked.failure.message)
  return asked.value
}

const askers: [string, Ask][] = [
  ['the controller', fromHere],
  ...shells.map(({ name, path }): [string, Ask] => [`a device with ${name}`, fromDevice(path)]),
  ['a device with Windows', fromWindows],
]

function question(url: string, rest: Partial<HttpQuestion> = {}): HttpQuestion {
  return { url, method: 'GET', headers: {}, timeoutMs: 10_000, maxBytes: 65_536, insecure: false, ...rest }
}

describe.each(askers)('asked from %s', (_name, ask) => {
  test('headers and body arrive as they are, in both directions', async () => {
    const headers = { 'X-Odd': `"q" \\ $HOME \`id\` 'x' ;`, Authorization: 'Bearer s3cret' }
    const body = Buffer.from([0, 1, 2, 255, 10, 13, 10, 39, 34])
    const seen: Record<string, unknown>[] = []
    const port = await serving(
      httpServer((request, response) => {
        seen.push({ url: request.url, odd: request.headers['x-odd'], auth: request.headers.authorization })
        response.writeHead(200, { 'Set-Cookie': ['a=1', 'b=2'], 'X-Back': 'yes' }).end(body)
      }),
    )
    const answer = await ask(question(`http://127.0.0.1:${port}/a%20b?c=$HOME'"[1-3]{a,b}`, { headers }))
    expect(answer).toMatchObject({ state: 'answered', stage: 'done', status: 200, truncated: false })
    expect(Buffer.from(answer.body ?? [])).toEqual(body)
    expect(answer.headers).toMatchObject({ 'x-back': 'yes', 'set-cookie': 'a=1, b=2' })
    expect(seen).toMatchObject([{ odd: headers['X-Odd'], auth: 'Bearer s3cret' }])
    expect(decodeURI(String(seen[0]?.['url']))).toBe(`/a b?c=$HOME'"[1-3]{a,b}`)
  })

  test('a refused connection', async () => {
    const server = await tcpServer()
    await server.close()
    const answer = await ask(question(`http://127.0.0.1:${server.port}/`))
    expect(answer).toMatchObject({ state: 'refused', stage: 'connect' })
  })

  test('a name that does not resolve', async () => {
    expect(await ask(question('http://no-such-name.invalid/'))).toMatchObject({
      state: 'name-not-found',
      stage: 'name',
    })
  })

  test('a black hole', async () => {
    const port = await serving(blackHole())
    const answer = await ask(question(`http://127.0.0.1:${port}/`, { timeoutMs: 1_000 }))
    expect(answer).toMatchObject({ state: 'timed-out', stage: 'connect' })
    expect(answer.ms).toBeLessThan(8_000)
  })

  test('a server that accepts and says nothing', async () => {
    const port = await serving(tcpServer())
    const answer = await ask(question(`http://127.0.0.1:${port}/`, { timeoutMs: 1_000 }))
    expect(answer).toMatchObject({ state: 'timed-out', stage: 'answer' })
  })

  test('a server that says nothing in the TLS handshake', async () => {
    const port = await serving(tcpServer())
    const answer = await ask(question(`https://127.0.0.1:${port}/`, { timeoutMs: 1_000 }))
    expect(answer).toMatchObject({ state: 'timed-out', stage: 'tls' })
  })

  test('a body that never ends in time', async () => {
    const port = await serving(
      httpServer((_request, response) => void response.writeHead(200, { 'Content-Length': '100' }).write('some')),
    )
    const answer = await ask(question(`http://127.0.0.1:${port}/`, { timeoutMs: 1_500 }))
    expect(answer).toMatchObject({ state: 'timed-out', stage: 'body' })
  })

  test('an endless body is cut, and costs no more than what is kept', async () => {
    const port = await serving(
      httpServer((_request, response) => {
        response.on('error', () => undefined)
        const pour = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        }
        response.on('drain', pour)
        pour()
      }),
    )
    const answer = await ask(question(`http://127.0.0.1:${port}/`, { maxBytes: 1_000, timeoutMs: 20_000 }))
    expect(answer).toMatchObject({ state: 'answered', status: 200, truncated: true })
    expect(answer.body?.length).toBe(1_000)
    expect(answer.ms).toBeLessThan(15_000)
  })

  test('a server that breaks off', async () => {
    const port = await serving(tcpServer((socket) => socket.once('data', () => socket.destroy())))
    expect(await ask(question(`http://127.0.0.1:${port}/`))).toMatchObject({ state: 'reset' })
  })

  test('a server that speaks something else', async () => {
    const port = await serving(tcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')))
    expect(await ask(question(`http://127.0.0.1:${port}/`))).toMatchObject({ state: 'not-http' })
  })

  test('TLS: a certificate nobody vouches for', async () => {
    const port = await serving(httpsServer(certificate, (_request, response) => void response.end('ok')))
    const answer = await ask(question(`https://127.0.0.1:${port}/`))
    expect(answer).toMatchObject({ state: 'tls-failed', stage: 'tls' })
    expect(answer.detail).toMatch(/self.signed/)
  })

  test('TLS: a certificate that is trusted', async () => {
    const port = await serving(httpsServer(certificate, (_request, response) => void response.end('ok')))
    const answer = await ask(question(`https://127.0.0.1:${port}/`, { ca: certificate.path }))
    expect(answer).toMatchObject({ state: 'answered', status: 200 })
    expect(Object.keys(answer.timesMs)).toContain('tls')
  })

  test('TLS: a certificate for another name', async () => {
    const port = await serving(httpsServer(foreign, (_request, response) => void response.end('ok')))
    const answer = await ask(question(`https://127.0.0.1:${port}/`, { ca: foreign.path }))
    expect(answer).toMatchObject({ state: 'tls-failed', stage: 'tls' })
  })

  test('TLS: any certificate, when told', async () => {
    const port = await serving(httpsServer(foreign, (_request, response) => void response.end('ok')))
    expect(await ask(question(`https://127.0.0.1:${port}/`, { insecure: true }))).toMatchObject({ state: 'answered' })
  })

  test('TLS: a server that speaks plain HTTP', async () => {
    const port = await serving(httpServer((_request, response) => void response.end('ok')))
    expect(await ask(question(`https://127.0.0.1:${port}/`))).toMatchObject({ state: 'tls-failed', stage: 'tls' })
  })

  test('a file of certificates that is not there', async () => {
    const answer = await ask(question('https://127.0.0.1:1/', { ca: '/no/such/file' }))
    expect(['error', 'tls-failed', 'refused']).toContain(answer.state)
  })

  test('HEAD brings no body', async () => {
    const port = await serving(
      httpServer(
        (request, response) => void response.writeHead(200, { 'X-Method': String(request.method) }).end('body'),
      ),
    )
    const answer = await ask(question(`http://127.0.0.1:${port}/`, { method: 'HEAD' }))
    expect(answer).toMatchObject({ state: 'answered', headers: { 'x-method': 'HEAD' } })
    expect(answer.body?.length).toBe(0)
  })
})

test('Windows: a server that keeps its connection open is not waited for, in whatever way it says where it ends', async () => {
  const heads = ['Content-Length: 2\r\n\r\nok', 'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n']
  for (const head of heads) {
    const answer = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${head}`
    const port = await serving(tcpServer((socket) => socket.once('data', () => socket.write(answer))))
    const seen = await fromWindows(question(`http://127.0.0.1:${port}/`))
    expect([seen.state, String(Buffer.from(seen.body ?? [])), seen.ms < 5_000]).toEqual(['answered', 'ok', true])
  }
})

test('Windows: the name and password of a URL are sent as every client does', async () => {
  const port = await serving(httpServer((request, response) => void response.end(request.headers.authorization)))
  const seen = await fromWindows(question(`http://till:p%40ss@127.0.0.1:${port}/`))
  expect(String(Buffer.from(seen.body ?? []))).toBe(`Basic ${Buffer.from('till:p@ss').toString('base64')}`)
})

test('a question ends when the step is stopped', async () => {
  const port = await serving(tcpServer())
  const controller = new AbortController()
  const asked = httpHere(question(`http://127.0.0.1:${port}/`, { timeoutMs: 60_000 }), controller.signal)
  setTimeout(() => controller.abort(), 200)
  expect(await asked).toMatchObject({ state: 'timed-out' })
})
