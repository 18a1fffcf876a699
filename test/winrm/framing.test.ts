import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSealedType, parseSealedBody, SEALED_CONTENT_TYPE, sealedBody } from '../../src/devices/winrm/sealed-body.ts'
import { channelBinding, endPointBinding, signatureHash } from '../../src/transports/winrm/channel-binding.ts'
import { HttpConnection } from '../../src/transports/winrm/http-connection.ts'
import { HttpReplyReader, HttpSyntaxError, httpRequest } from '../../src/transports/winrm/http-message.ts'
import { offeredSchemes, schemeToken, WinRmSession } from '../../src/transports/winrm/session.ts'
import { startFaulty } from '../peers/faulty-server.ts'

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors.json'), 'utf8'))
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

describe('sealed bodies', () => {
  const v = vectors.winrm_multipart_first_message
  const [first] = vectors.ntlm_seal_sequence_client_to_server
  const message = { signature: hex(first.signature), sealed: hex(first.sealed) }

  test('are what Windows wants, byte by byte', () => {
    expect(SEALED_CONTENT_TYPE).toBe(v.content_type)
    expect(sealedBody(message, v.plaintext.length).toString('base64')).toBe(v.body_base64)
  })

  test('come apart as they were put together, whatever the binary holds', () => {
    const boundary = Buffer.from('--Encrypted Boundary--\r\n')
    const bytes = fc.uint8Array({ maxLength: 200 }).map((data) => Buffer.from(data))
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          fc.tuple(bytes, bytes).map(([a, b]) => Buffer.concat([a, boundary, b])),
        ),
        (sealed) => {
          const parsed = parseSealedBody(sealedBody({ signature: message.signature, sealed }, sealed.length))
          expect(parsed?.sealed.equals(sealed)).toBe(true)
          expect(parsed?.signature.equals(message.signature)).toBe(true)
          expect(parsed?.length).toBe(sealed.length)
        },
      ),
    )
  })

  test.each([
    ['a space in place of the tab', (text: string) => text.replaceAll('\t', ' ')],
    ['nothing in place of the tab', (text: string) => text.replaceAll('\t', '')],
    ['a space in the boundary, as Exchange has it', (text: string) => text.replaceAll('--Encrypted', '-- Encrypted')],
    ['no line end at the end', (text: string) => text.replace(/\r\n$/, '')],
    [
      'other letters and spaces',
      (text: string) => text.replace(/Content-Type: /g, 'content-type:').replace(';Length', '; Length'),
    ],
  ])('are read with %s', (_name, change) => {
    const body = Buffer.from(change(Buffer.from(v.body_base64, 'base64').toString('latin1')), 'latin1')
    expect(parseSealedBody(body)).toEqual({ ...message, length: 4 })
  })

  test('that are cut or changed are refused or shorter, and never throw', () => {
    const whole = Buffer.from(v.body_base64, 'base64')
    for (let at = 0; at < whole.length - 2; at += 1) expect(parseSealedBody(whole.subarray(0, at))).toBeUndefined()
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => void parseSealedBody(Buffer.from(noise))))
  })

  test('are known by their type', () => {
    expect(isSealedType(' Multipart/Encrypted; protocol="x"; boundary="y"')).toBe(true)
    expect(isSealedType('application/soap+xml;charset=UTF-8')).toBe(false)
  })
})

describe('HTTP replies', () => {
  const cases = {
    'with a length': 'HTTP/1.1 200 \r\nServer: x\r\nContent-Length: 12\r\n\r\nhello\r\n\r\nyou',
    empty:
      'HTTP/1.1 401 \r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm="WSMAN"\r\nContent-Length: 0\r\n\r\n',
    'in chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n',
    'in chunks with a trailer':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Done: y\r\n\r\n',
    'with a header over two lines': 'HTTP/1.1 200 OK\r\nVia: one,\r\n\t two\r\nContent-Length: 2\r\n\r\nok',
    'after another one of 100': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  }

  function readIn(pieces: readonly Buffer[]) {
    const reader = new HttpReplyReader()
    let reply: ReturnType<HttpReplyReader['push']>
    for (const piece of pieces) reply = reader.push(piece) ?? reply
    return reply
  }

  const whole = (text: string) => readIn([Buffer.from(text, 'latin1')])

  test('are read', () => {
    expect(whole(cases['in chunks'])?.body.toString()).toBe('abcde')
    expect(whole(cases.empty)?.headers.get('www-authenticate')).toEqual(['Negotiate', 'Basic realm="WSMAN"'])
    expect(whole(cases['after another one of 100'])?.body.toString()).toBe('ok')
    expect(whole(cases['with a length'])?.body.length).toBe(12)
    expect(whole(cases['in chunks with a trailer'])?.body.toString()).toBe('ok')
    expect(whole(cases['with a header over two lines'])?.headers.get('via')).toEqual(['one, two'])
  })

  test('are the same however they are cut', () => {
    for (const text of Object.values(cases)) {
      const bytes = Buffer.from(text, 'latin1')
      fc.assert(
        fc.property(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
          const ends = [...cuts, bytes.length].sort((a, b) => a - b)
          const pieces = ends.map((end, n) => bytes.subarray(ends[n - 1] ?? 0, end)).filter((piece) => piece.length > 0)
          expect(readIn(pieces)).toEqual(whole(text))
        }),
        { numRuns: 40 },
      )
    }
  })

  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n', 'does not begin as HTTP does'],
    ['HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n', 'no number'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'no number'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n', 'too large'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab', 'more came'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'no length'],
    [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`, 'does not end'],
    ['HTTP/1.1 200 OK\r\n: x\r\n\r\n', 'no name'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\nx', 'more came'],
    [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'x'.repeat(70_000)}`, 'trailer does not end'],
  ])('that are none are refused: %j', (text, why) => {
    expect(() => whole(text)).toThrow(HttpSyntaxError)
    expect(() => whole(text)).toThrow(why)
  })

  test('without a length end with the connection', () => {
    const reader = new HttpReplyReader()
    expect(reader.push(Buffer.from('HTTP/1.0 503 No\r\n\r\nbu'))).toBeUndefined()
    expect(reader.push(Buffer.from('sy'))).toBeUndefined()
    expect(reader.finish()).toMatchObject({ status: 503, closes: true, body: Buffer.from('busy') })
  })

  test('one byte at a time costs no more than it must', () => {
    const body = Buffer.alloc(300_000, 'x')
    const reader = new HttpReplyReader()
    reader.push(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`))
    const began = process.cpuUsage()
    for (let at = 0; at < body.length - 1; at += 1) reader.push(body.subarray(at, at + 1))
    expect(reader.push(body.subarray(-1))?.body.length).toBe(body.length)
    expect(process.cpuUsage(began).user).toBeLessThan(2_000_000)
  })

  test('name the logins that are offered, in one header or in several', () => {
    const reply = whole(
      'HTTP/1.1 401 \r\nWWW-Authenticate: Negotiate, Kerberos\r\nWWW-Authenticate: Basic realm="a, b", CredSSP\r\nContent-Length: 0\r\n\r\n',
    )
    if (!reply) throw new Error('no reply')
    expect(offeredSchemes(reply)).toEqual(expect.arrayContaining(['Negotiate', 'Kerberos', 'Basic', 'CredSSP']))
    const challenge = whole(
      'HTTP/1.1 401 \r\nWWW-Authenticate: Basic realm="x", Negotiate YWJj\r\nContent-Length: 0\r\n\r\n',
    )
    expect(challenge && schemeToken(challenge, 'Negotiate')?.toString()).toBe('abc')
    expect(schemeToken(reply, 'Negotiate')).toBeUndefined()
  })

  test('requests say how long they are', () => {
    const text = httpRequest({
      path: '/wsman',
      host: 'pos1:5985',
      headers: { A: 'b' },
      body: Buffer.alloc(0),
    }).toString()
    expect(text).toMatch(/^POST \/wsman HTTP\/1\.1\r\nHost: pos1:5985\r\n.*A: b\r\nContent-Length: 0\r\n\r\n$/s)
  })
})

describe('an answer to a message', () => {
  const envelope = '<s:Envelope/>'
  const answer = (status: number, type: string, body: string): string =>
    `HTTP/1.1 ${status} x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

  test.each([
    [answer(400, 'application/soap+xml;charset=UTF-8', envelope), { soap: Buffer.from(envelope), status: 400 }],
    [answer(500, 'Application/SOAP+XML', envelope), { soap: Buffer.from(envelope), status: 500 }],
    [answer(400, 'text/html', '<h1>Bad Request</h1>'), { status: 400, offered: [] }],
    [answer(400, 'application/soap+xml', ''), { status: 400, offered: [] }],
    [answer(401, 'application/soap+xml', envelope), { status: 401, offered: [] }],
    [answer(502, 'text/html', '<h1>Bad Gateway</h1>'), { status: 502, offered: [] }],
  ])('is an envelope by its type: %j', async (text, expected) => {
    const server = await startFaulty('127.0.0.1', (socket) => void socket.once('data', () => socket.write(text)))
    const session = new WinRmSession(new HttpConnection(connect(server.port, server.address)), 'pos1')
    const end = await session.post(Buffer.from(envelope), { timeoutMs: 5_000, signal: new AbortController().signal })
    session.destroy()
    await server.stop()
    expect(end).toEqual(expected)
  })
})

describe('channel binding', () => {
  test('has the value of the reference', () => {
    const v = vectors.channel_binding
    expect(endPointBinding(hex(v.cert_hash_sha256)).toString('hex')).toBe(v.md5_of_struct)
  })

  function certificate(...options: string[]): Buffer {
    const key = ['-nodes', '-keyout', '/dev/null', '-days', '2', '-subj', '/CN=pos1']
    const pem = execFileSync('openssl', ['req', '-x509', ...key, ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
    return new X509Certificate(pem).raw
  }
  const rsa = ['-newkey', 'rsa:2048']
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const pss = ['-sigopt', 'rsa_padding_mode:pss']

  test.each([
    ['sha256', [...rsa, '-sha256'], 'sha256'],
    ['sha384', [...rsa, '-sha384'], 'sha384'],
    ['sha512', [...rsa, '-sha512'], 'sha512'],
    ['sha1', [...rsa, '-sha1'], 'sha256'],
    ['ECDSA with sha384', [...ec, '-sha384'], 'sha384'],
    ['PSS with sha512', [...rsa, '-sha512', ...pss], 'sha512'],
    ['ed25519', ['-newkey', 'ed25519'], 'sha256'],
  ])('of a certificate signed with %s', (_name, options, hash) => {
    const der = certificate(...options)
    expect(signatureHash(der)).toBe(hash)
    expect(channelBinding(der).equals(endPointBinding(createHash(hash).update(der).digest()))).toBe(true)
  })

  test('never throws on what is no certificate', () => {
    const der = certificate(...ec, '-sha256')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(der.length), (noise, at) => {
        expect(signatureHash(Buffer.concat([der.subarray(0, at), noise]))).toMatch(/^sha\d+$/)
      }),
    )
  })
})
