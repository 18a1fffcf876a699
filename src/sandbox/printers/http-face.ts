import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { DAY_MS } from '../../core/duration.ts'
import type { ImitatedPrinter, PrinterSocket } from './imitated-printer.ts'
import { type SelfSigned, selfSigned } from './self-signed.ts'

/** A request to an imitated printer, with its whole body. */
export interface PrinterRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface PrinterReply {
  readonly status: number
  readonly type?: string
  readonly body: Buffer | string
}

/**
 * Speaks HTTP on a socket as an imitated printer that is silent, hangs in the middle of an answer, or talks nonsense
 * where its faults say so.
 */
export function httpFace(
  socket: PrinterSocket,
  printer: ImitatedPrinter,
  answer: (request: PrinterRequest) => PrinterReply | Promise<PrinterReply>,
): void {
  socket.on('error', () => socket.destroy())
  if (printer.faults.has('printer-silent')) {
    socket.resume()
    return
  }
  if (printer.faults.has('printer-garbage')) {
    socket.once('data', () => socket.end(Buffer.from('\x02?E1\x03\x00\xff no HTTP at all\r\n', 'latin1')))
    return
  }
  const server = createServer((message, response) => {
    whole(message).then(
      async (request) => put(response, await answer(request), printer),
      () => socket.destroy(),
    )
  })
  socket.once('readable', () => {
    const first: Buffer | null = socket.read()
    if (first) socket.unshift(first)
    server.emit('connection', first?.[0] === TLS_HANDSHAKE ? secured(socket, printer) : socket)
  })
}

const TLS_HANDSHAKE = 0x16

function secured(socket: PrinterSocket, printer: ImitatedPrinter): TLSSocket {
  const { key, cert } = certificateOf(printer)
  const secure = new TLSSocket(socket, { isServer: true, key, cert })
  secure.on('error', () => socket.destroy())
  return secure
}

const certificates = new Map<string, SelfSigned>()

/** Valid for a year more, or as its faults say. */
function certificateOf({ name, faults, now }: ImitatedPrinter): SelfSigned {
  const days = faults.has('certificate-expired') ? -1 : faults.has('certificate-expiring') ? 10 : 365
  const until = new Date(now().getTime() + days * DAY_MS)
  const id = `${name} ${until.toISOString().slice(0, 10)}`
  const made = certificates.get(id) ?? selfSigned(name, new Date(until.getTime() - 730 * DAY_MS), until)
  certificates.set(id, made)
  return made
}

async function whole(message: IncomingMessage): Promise<PrinterRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const { pathname, searchParams } = new URL(message.url ?? '/', 'http://printer')
  const { method = 'GET', headers } = message
  return { method, path: pathname, query: searchParams, headers, body: Buffer.concat(chunks) }
}

function put(response: ServerResponse, reply: PrinterReply, printer: ImitatedPrinter): void {
  const body = Buffer.from(reply.body as string)
  response.writeHead(reply.status, {
    'content-type': reply.type ?? 'application/json',
    'content-length': String(body.length),
  })
  if (printer.faults.has('printer-hung')) response.write(body.subarray(0, Math.floor(body.length / 2)))
  else response.end(body)
}
