import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ImitatedPrinter } from './imitated-printer.ts'

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
  socket: Socket,
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
    void whole(message).then(async (request) => put(response, await answer(request), printer))
  })
  server.emit('connection', socket)
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
