import type { IncomingMessage } from 'node:http'
import { MOST_BODY_BYTES } from '../app/hooks/place-alerts.ts'

/** Bytes of all bodies that are being read at a time: what is over it comes again later. */
const MOST_IN_FLIGHT = 64 * 1024 * 1024

export type ReadBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly status: 400 | 408 | 413 | 415 | 503; readonly why: string }

const refused = (status: 400 | 408 | 413 | 415 | 503, why: string): ReadBody => ({ ok: false, status, why })

/** Reads bodies of requests, none of them beyond its measure, and all together not either. */
export class BodyReader {
  #inFlight = 0

  async read(request: IncomingMessage): Promise<ReadBody> {
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity')
      return refused(415, 'Its body is compressed: send it as it is.')
    if (Number(request.headers['content-length'] ?? 0) > MOST_BODY_BYTES) return TOO_LARGE
    const chunks: Buffer[] = []
    let size = 0
    try {
      // Not destroyed when it is left: its connection would go with it, and the answer too.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length
        this.#inFlight += chunk.length
        if (size > MOST_BODY_BYTES) return TOO_LARGE
        if (this.#inFlight > MOST_IN_FLIGHT) return refused(503, 'Too much comes in at once: send it again later.')
        chunks.push(chunk)
      }
      return { ok: true, bytes: Buffer.concat(chunks) }
    } catch {
      return refused(408, 'Its body did not come whole.')
    } finally {
      this.#inFlight -= size
    }
  }
}

const TOO_LARGE = refused(413, `Its body has more than ${MOST_BODY_BYTES / 1024 / 1024} MiB.`)

/** The text of a body; undefined where it is not UTF-8. */
export function textOfBody(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
