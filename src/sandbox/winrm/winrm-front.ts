import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { NtlmSeal } from '../../devices/winrm/ntlm-seal.ts'
import { isSealedType, parseSealedBody, SEALED_CONTENT_TYPE, sealedBody } from '../../devices/winrm/sealed-body.ts'
import { NtlmAcceptor, type NtlmMachine } from './ntlm-acceptor.ts'
import { fault, identity, type WsmanReply } from './wsman-reply.ts'
import { parseRequest, type WsmanRequest } from './wsman-request.ts'

/** What becomes of an answer: it goes out, or half of it does, or the connection is reset before it, or nothing at all. */
export type Fate = 'whole' | 'half' | 'reset' | 'silence'

/** A device as its WinRM service has it. */
export interface WinRmPeer {
  readonly machine: NtlmMachine
  handle(request: WsmanRequest): Promise<WsmanReply>
  /** Of the answer to a message of a login, and to a request. */
  fateOf(what: 'challenge' | 'login' | WsmanRequest): Fate
  /** No password is right. */
  readonly refusesLogins: boolean
  /** Resets the connection. */
  reset(): void
}

interface Session {
  readonly peer: WinRmPeer
  readonly acceptor: NtlmAcceptor
  seal?: NtlmSeal
  /** Requests are answered one after another: seals have an order. */
  last: Promise<void>
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly fate?: Fate
}

/** Windows takes 500 KB; around it goes the seal. */
const MOST_BYTES = 520_000
/** Of http.sys. */
const IDLE_MS = 120_000

/**
 * The WinRM service of an untouched Windows on port 5985, for all devices of a process: HTTP/1.1, a login by NTLM that
 * belongs to the connection, and then sealed messages only (MS-WSMV 3.1.4.1, 2.2.9.1).
 */
export class WinRmFront {
  readonly #http: Server
  readonly #sessions = new WeakMap<Duplex, Session>()

  constructor() {
    this.#http = createServer({ keepAliveTimeout: IDLE_MS, requestTimeout: 0 }, (request, response) => {
      const session = this.#sessions.get(request.socket)
      if (session) void this.#queue(session, request, response)
      else request.socket.destroy()
    })
    this.#http.on('clientError', (_error, socket) => socket.destroy())
  }

  /** Speaks with whoever connected to a device. */
  serve(line: Duplex, peer: WinRmPeer): void {
    this.#sessions.set(line, { peer, acceptor: new NtlmAcceptor(peer.machine), last: Promise.resolve() })
    this.#http.emit('connection', line)
  }

  async #queue(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const turn = session.last.then(async () => {
      const answer = body ? await this.#answer(session, request, body) : { status: 413 }
      send(response, answer, session.peer)
    })
    session.last = turn.catch(() => {
      request.socket.destroy()
    })
    await session.last
  }

  async #answer(session: Session, request: IncomingMessage, body: Buffer): Promise<Answer> {
    if (!/^\/wsman(\?.*)?$/i.test(request.url ?? '')) return { status: 404 }
    if (request.method !== 'POST') return { status: 405, headers: { Allow: 'POST' } }
    if (request.headers['content-length'] === undefined) return { status: 411 }
    const token = /^Negotiate\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token !== undefined) {
      const refusal = this.#login(session, Buffer.from(token, 'base64'))
      if (refusal) return refusal
      if (body.length === 0) return { status: 200, fate: session.peer.fateOf('login') }
    }
    if (!session.seal && isOpenToAll(request)) return identify(body)
    return session.seal ? this.#sealed(session, session.seal, { request, body }) : UNAUTHORIZED
  }

  /** The answer to a message of a login; undefined when the login is done. */
  #login(session: Session, token: Buffer): Answer | undefined {
    delete session.seal
    const { peer } = session
    const step = session.acceptor.step(token)
    if (step === 'refused' || ('seal' in step && peer.refusesLogins)) return UNAUTHORIZED
    if ('challenge' in step) {
      const headers = { 'WWW-Authenticate': `Negotiate ${step.challenge.toString('base64')}` }
      return { status: 401, headers, fate: peer.fateOf('challenge') }
    }
    session.seal = step.seal
    return undefined
  }

  async #sealed(
    session: Session,
    seal: NtlmSeal,
    { request, body }: { readonly request: IncomingMessage; readonly body: Buffer },
  ): Promise<Answer> {
    // AllowUnencrypted is off: Windows says so without a word.
    if (!isSealedType(request.headers['content-type'] ?? '')) return { status: 500 }
    const message = parseSealedBody(body)
    const plaintext = message && seal.open(message)
    if (!plaintext || plaintext.length !== message.length) {
      delete session.seal
      return { status: 400 }
    }
    const parsed = parseRequest(plaintext.toString('utf8'))
    if (!parsed) return { status: 400 }
    if ('invalid' in parsed) return sealed(seal, fault('header', parsed.messageId, parsed.invalid))
    if ('identify' in parsed) return sealed(seal, identity(true))
    const reply = await session.peer.handle(parsed.request)
    return { ...sealed(seal, reply), fate: session.peer.fateOf(parsed.request) }
  }
}

const UNAUTHORIZED: Answer = { status: 401, headers: { 'WWW-Authenticate': 'Negotiate' } }

function isOpenToAll(request: IncomingMessage): boolean {
  return request.headers['wsmanidentify'] === 'unauthenticated'
}

function identify(body: Buffer): Answer {
  const parsed = parseRequest(body.toString('utf8'))
  if (!parsed || !('identify' in parsed)) return UNAUTHORIZED
  const headers = { 'Content-Type': 'application/soap+xml;charset=UTF-8' }
  return { status: 200, headers, body: Buffer.from(identity(false).xml) }
}

function sealed(seal: NtlmSeal, reply: WsmanReply): Answer {
  const plaintext = Buffer.from(reply.xml, 'utf8')
  return {
    status: reply.status,
    headers: { 'Content-Type': SEALED_CONTENT_TYPE },
    body: sealedBody(seal.seal(plaintext), plaintext.length),
  }
}

/** Undefined when it is more than Windows takes. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size <= MOST_BYTES) chunks.push(chunk)
    }
  } catch {
    // The connection broke; there is nobody to answer.
  }
  return size <= MOST_BYTES ? Buffer.concat(chunks) : undefined
}

function send(response: ServerResponse, answer: Answer, peer: WinRmPeer): void {
  const { status, headers = {}, body = Buffer.alloc(0), fate = 'whole' } = answer
  if (fate === 'silence') return
  if (fate === 'reset') {
    peer.reset()
    return
  }
  response.on('error', () => undefined)
  response.writeHead(status, { Server: 'Microsoft-HTTPAPI/2.0', ...headers, 'Content-Length': body.length })
  if (fate === 'whole') response.end(body)
  // The half has to be on its way before the connection goes.
  else response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => peer.reset(), 20))
}
