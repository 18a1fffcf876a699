import { request } from 'node:http'
import { Duplex } from 'node:stream'
import type { HttpAnswer, HttpQuestion } from './http-answer.ts'

/** An answer as far as it came. */
export type ReadHttp =
  | (Required<Pick<HttpAnswer, 'body' | 'truncated'>> &
      Pick<HttpAnswer, 'status' | 'headers'> & { readonly how: 'whole' | 'partial' })
  | { readonly how: 'not-http'; readonly detail: string }

/** Reads an answer that somebody else received, as if it came over a connection of our own. */
export function readHttpBytes(raw: Uint8Array, question: Pick<HttpQuestion, 'method' | 'maxBytes'>): Promise<ReadHttp> {
  const { method, maxBytes } = question
  return new Promise((resolve) => {
    const line = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
    const asking = request({ method, maxHeaderSize: 64 * 1024, createConnection: () => line })
    const chunks: Buffer[] = []
    let size = 0
    let head: Pick<HttpAnswer, 'status' | 'headers'> = {}
    const end = (how: 'whole' | 'partial'): void => {
      const body = Buffer.concat(chunks)
      resolve({ how, ...head, body: body.subarray(0, maxBytes), truncated: body.length > maxBytes })
      asking.destroy()
    }
    asking.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('HPE_') && head.status === undefined) {
        resolve({ how: 'not-http', detail: error.message })
      } else end('partial')
    })
    asking.once('response', (response) => {
      const headers = Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')])
      head = { status: response.statusCode ?? 0, headers: Object.fromEntries(headers) as Record<string, string> }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > maxBytes) end('whole')
      })
      response.once('end', () => end('whole'))
      response.on('error', () => end('partial'))
    })
    asking.end()
    line.push(raw)
    line.push(null)
  })
}
