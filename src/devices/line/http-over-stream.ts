import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Failure } from '../../core/failure.ts'
import { deadline } from '../../load/deadline.ts'
import type { Dial, Endpoint } from './dial.ts'
import { StreamDuplex } from './stream-duplex.ts'

export interface HttpAsk {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** For everything from dialling to the last byte of the body. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /**
   * Sent once more, on a connection of its own, when a kept one turns out to have ended before a byte of the answer came.
   * What only reads may be; so is every GET.
   */
  readonly repeatable?: true
}

/**
 * How an exchange ended. `unreached`: the port could not be opened, `failure` says why. `silent`: nothing came in time;
 * `cut`: the answer began and did not end; `not-http`, `tls-failed`: something else listens; `too-large`; `stopped`.
 */
export type HttpReply =
  | { readonly state: 'answered'; readonly status: number; readonly headers: HttpHeaders; readonly body: Buffer }
  | { readonly state: 'unreached'; readonly failure: Failure; readonly detail: string }
  | { readonly state: HttpTrouble; readonly detail: string }
export type HttpTrouble = 'silent' | 'cut' | 'not-http' | 'tls-failed' | 'too-large' | 'stopped'
type HttpHeaders = Readonly<Record<string, string | undefined>>

/** What a server showed of itself over TLS. Nobody is trusted for it. */
export interface ShownCertificate {
  readonly subject: string
  /** ISO 8601. */
  readonly valid_until: string
}

/** An error before the first byte of HTTP: its reply is told already. */
class Unreached extends Error {
  readonly reply: HttpReply
  constructor(reply: HttpReply) {
    super(reply.state)
    this.reply = reply
  }
}

const MAX_BODY_BYTES = 512 * 1024

/**
 * HTTP/1.1 with one server over streams that are dialled when they are needed; one connection at a time, kept between
 * exchanges where the server allows. Node's own client does the parsing: lengths, chunks, bodies that end with the
 * connection. Bodies and heads are bounded. Certificates are looked at, not judged.
 */
export class HttpSession {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #dial: Dial
  readonly #to: Endpoint
  readonly #secure: boolean
  #current: HttpAsk | undefined
  #isDialling = false
  #stream: Duplex | undefined
  #shown: ShownCertificate | undefined
  #isClosed = false

  constructor(dial: Dial, to: Endpoint & { readonly tls?: boolean }) {
    this.#dial = dial
    this.#to = to
    this.#secure = to.tls ?? false
    this.#agent.createConnection = (_options, done) => {
      this.#connect().then(
        (stream) => done?.(null, stream),
        // The type asks for a stream even where there is none.
        (error: Error) => done?.(error, undefined as unknown as Duplex),
      )
      return undefined
    }
  }

  /** Of the server, once an exchange over TLS was had. */
  get certificate(): ShownCertificate | undefined {
    return this.#shown
  }

  /** One at a time. Never rejects for what a server does. */
  async exchange(ask: HttpAsk): Promise<HttpReply> {
    this.#current = ask
    const began = performance.now()
    return await new Promise((resolve) => {
      let seen = false
      const end = (reply: HttpReply): void => {
        callOff()
        this.#current = undefined
        ask.signal?.removeEventListener('abort', stop)
        if (reply.state !== 'answered') this.#drop(sent)
        resolve(reply)
      }
      const late = (): void => {
        const within = `within ${Math.round(performance.now() - began)} ms`
        if (this.#isDialling) end(notReachedInTime(`no connection ${within}`))
        else end({ state: seen ? 'cut' : 'silent', detail: `no whole answer ${within}` })
      }
      const stop = (): void => end({ state: 'stopped', detail: 'the run was stopped' })
      const callOff = deadline(Math.max(1, ask.timeoutMs), late)
      let sent = this.#send(ask)
      const follow = (): void => {
        sent.once('response', (message) => {
          seen = true
          read(message, end)
        })
        sent.on('error', (error) => {
          const mayRepeat = sent.reusedSocket && !seen && (ask.repeatable ?? ask.method === 'GET')
          if (!mayRepeat || this.#current !== ask) return end(troubleOf(error, seen))
          sent = this.#send(ask)
          follow()
        })
      }
      follow()
      ask.signal?.addEventListener('abort', stop, { once: true })
      if (ask.signal?.aborted) stop()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#agent.destroy()
    this.#stream?.destroy()
  }

  #send(ask: HttpAsk): ClientRequest {
    const { host, port } = this.#to
    const body = ask.body === undefined ? undefined : Buffer.from(ask.body as string)
    const sent = request({
      agent: this.#agent,
      host,
      port,
      method: ask.method,
      path: ask.path,
      headers: {
        host: `${host.includes(':') ? `[${host}]` : host}:${port}`,
        'user-agent': 'tillwright',
        ...ask.headers,
        ...(body && { 'content-length': String(body.length) }),
      },
      maxHeaderSize: 32 * 1024,
    })
    sent.end(body)
    return sent
  }

  #drop(sent: ClientRequest): void {
    sent.destroy()
    this.#stream?.destroy()
  }

  async #connect(): Promise<Duplex> {
    const timeoutMs = this.#current?.timeoutMs ?? 1
    this.#isDialling = true
    const dialled = await this.#dial(this.#to, timeoutMs)
    this.#isDialling = false
    if (!dialled.ok) {
      throw new Unreached({ state: 'unreached', failure: dialled.failure, detail: dialled.failure.message })
    }
    if (this.#isClosed) {
      // Nobody waits for it any more.
      dialled.value.destroy()
      throw new Unreached({ state: 'stopped', detail: 'the session was closed' })
    }
    const stream = new StreamDuplex(dialled.value)
    stream.on('error', () => undefined)
    this.#stream = stream
    return this.#secure ? await this.#secured(stream) : stream
  }

  #secured(stream: Duplex): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const { host } = this.#to
      const isName = !/^[\d.]+$|:/.test(host)
      const socket = connectTls({ socket: stream, rejectUnauthorized: false, ...(isName && { servername: host }) })
      socket.once('error', (error) => reject(new Unreached({ state: 'tls-failed', detail: error.message })))
      socket.once('close', () => reject(new Unreached({ state: 'tls-failed', detail: 'it ended the handshake' })))
      socket.once('secureConnect', () => {
        const shown = socket.getPeerX509Certificate()
        if (shown) {
          const subject = shown.subject.split('\n').join(', ')
          this.#shown = { subject, valid_until: new Date(shown.validTo).toISOString() }
        }
        resolve(socket)
      })
    })
  }
}

function notReachedInTime(detail: string): HttpReply {
  return { state: 'unreached', failure: { code: 'CONNECT_TIMEOUT', phase: 'connect', message: detail }, detail }
}

function read(message: IncomingMessage, end: (reply: HttpReply) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  message.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_BODY_BYTES) end({ state: 'too-large', detail: `more than ${MAX_BODY_BYTES} bytes` })
  })
  message.on('error', () => end({ state: 'cut', detail: 'the connection ended in the middle of the answer' }))
  message.once('end', () => {
    const headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
    )
    end({ state: 'answered', status: message.statusCode ?? 0, headers, body: Buffer.concat(chunks) })
  })
}

function troubleOf(error: Error, seen: boolean): HttpReply {
  if (error instanceof Unreached) return error.reply
  const code = 'code' in error ? String(error.code) : ''
  if (code.startsWith('HPE_')) return { state: seen ? 'cut' : 'not-http', detail: error.message }
  return { state: seen ? 'cut' : 'silent', detail: `the connection ended: ${error.message}` }
}
