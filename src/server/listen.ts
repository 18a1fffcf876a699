import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { isAbsolute, join } from 'node:path'
import { createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls'
import type { Project } from '../app/project.ts'
import { InputError, usageError } from '../core/diagnostic.ts'
import type { ServerSettings } from '../core/server-settings.ts'
import { MOST_BYTES, readRegular } from '../files/read-regular.ts'
import { boundConnections } from './connection-room.ts'
import type { ServerLog } from './server-log.ts'

/** What is slower is cut off: a payload is small, and monitoring is near. */
const LIMITS: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
}
/** Requests that are being answered when the server stops. */
const LAST_ANSWERS_MS = 12_000

const DEFAULT_LISTEN = '127.0.0.1:8455'

/** A server that listens. */
export interface Listening {
  readonly url: string
  readonly address: string
  readonly port: number
  readonly isPrivate: boolean
  /** Reads the files for TLS anew, and tells what of the settings takes effect at the next start only. Throws InputError. */
  renew(project: Project): readonly string[]
  /** Takes no more requests, and resolves when those under way are answered. */
  stop(): Promise<void>
}

/** Throws InputError where the address cannot be had or a file for TLS cannot be used. `own`: an address that the command line names. */
export async function listen(
  project: Project,
  { own, log }: { readonly own: string | undefined; readonly log: ServerLog },
  listener: RequestListener,
): Promise<Listening> {
  const where = own ?? listenOf(project)
  const { host, port } = parseAddress(where)
  let tls = tlsOf(project)
  const asksForCertificates = tls?.ca !== undefined
  const server: Server | TlsServer = tls
    ? createTlsServer({ ...LIMITS, ...tls, requestCert: asksForCertificates, rejectUnauthorized: false })
    : createServer(LIMITS)
  const connections = new Connections(server)
  server.on('request', (request, response) => {
    connections.answering(response)
    listener(request, response)
  })
  await new Promise<void>((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => reject(addressUnusable(where, error))
    server.once('error', refused)
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', refused)
      resolve()
    })
  })
  boundConnections(server, log)
  const at = server.address() as AddressInfo
  const shown = at.family === 'IPv6' ? `[${at.address}]` : at.address
  return {
    url: `${tls ? 'https' : 'http'}://${shown}:${at.port}`,
    address: at.address,
    port: at.port,
    isPrivate: tls !== undefined || /^(127\.|::1$)/.test(at.address),
    renew(next) {
      const anew = tlsOf(next)
      const later = laterOf({ where: own === undefined ? where : listenOf(next), tls, asksForCertificates }, next, anew)
      if (!tls || !('setSecureContext' in server)) return later
      // Without authorities of ours Node.js would take those of the public (nodejs.org/api/tls.html#tlscreatesecurecontextoptions).
      const used = anew ? { ...anew, ca: anew.ca ?? [] } : { ...tls, ca: [] }
      const isOther = String(used.ca) !== String(tls.ca ?? [])
      server.setSecureContext(used)
      tls = used
      if (isOther) connections.forgetCertificates()
      return later
    },
    async stop() {
      const cut = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS)
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
      clearTimeout(cut)
    },
  }
}

/** What of the settings takes effect at the next start only. */
function laterOf(
  now: {
    readonly where: string
    readonly tls: SecureContextOptions | undefined
    readonly asksForCertificates: boolean
  },
  next: Project,
  anew: SecureContextOptions | undefined,
): readonly string[] {
  const later: string[] = []
  if (listenOf(next) !== now.where) later.push(`server.listen (it goes on on ${now.where})`)
  if (anew && !now.tls) later.push('server.tls (it goes on without TLS)')
  if (!anew && now.tls) later.push('that there is no server.tls (it goes on by TLS)')
  if (anew?.ca && now.tls && !now.asksForCertificates)
    later.push('server.tls.client_ca (no sender is asked for a certificate)')
  return later
}

/** Connections by TLS, each with what is, or was last, answered by it. */
class Connections {
  readonly #server: Server | TlsServer
  readonly #last = new Map<Socket, ServerResponse | undefined>()

  constructor(server: Server | TlsServer) {
    this.#server = server
    server.on('secureConnection', (socket: Socket) => {
      this.#last.set(socket, undefined)
      socket.once('close', () => this.#last.delete(socket))
    })
  }

  answering(response: ServerResponse): void {
    if (response.socket && this.#last.has(response.socket)) this.#last.set(response.socket, response)
  }

  /** A certificate is judged at the handshake: whoever was let in by one has to make another. */
  forgetCertificates(): void {
    this.#server.closeIdleConnections()
    for (const [socket, response] of this.#last) {
      ;(socket as TLSSocket).authorized = false
      if (response) response.shouldKeepAlive = false
    }
  }
}

function listenOf({ settings }: Project): string {
  return settings.server().listen ?? DEFAULT_LISTEN
}

function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (host !== '' && Number(port) < 65_536) return { host: bare, port: Number(port) }
  const detail = 'It is ADDRESS:PORT, as in 127.0.0.1:8455 or [::1]:0; port 0 is any that is free.'
  throw usageError(`"${text}" is no address to listen on`, detail)
}

function addressUnusable(where: string, { code, message }: NodeJS.ErrnoException): InputError {
  const known: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there',
    EADDRNOTAVAIL: 'this machine does not have that address',
    EACCES: 'this account may not listen on that port',
  }
  const summary = `Cannot listen on ${where}: ${known[code ?? ''] ?? message}`
  return new InputError([{ code: 'SERVER_ADDRESS_UNUSABLE', severity: 'error', summary }])
}

function tlsOf({ root, settings }: Project): SecureContextOptions | undefined {
  const { tls, source }: ServerSettings = settings.server()
  if (!tls) return undefined
  const read = (path: string): Buffer => {
    try {
      return readRegular(isAbsolute(path) ? path : join(root, path), MOST_BYTES.secret)
    } catch (error) {
      throw unusable(`The file "${path}" of server.tls could not be read`, (error as Error).message)
    }
  }
  const unusable = (summary: string, detail: string): InputError =>
    new InputError([{ code: 'SERVER_INVALID', severity: 'error', summary, detail, ...(source && { source }) }])
  const options: SecureContextOptions = {
    minVersion: 'TLSv1.2',
    cert: read(tls.certificate),
    key: read(tls.key),
    ...(tls.clientCa !== undefined && { ca: read(tls.clientCa) }),
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw unusable('The files of server.tls do not make a server', (error as Error).message)
  }
  return options
}
