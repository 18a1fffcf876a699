import type { IncomingMessage } from 'node:http'
import { MOST_BODY_BYTES } from '../app/hooks/place-alerts.ts'

const MIB = 1024 * 1024
/** Bytes of all bodies that are being read at a time, by who sends them: what is over it comes again later. */
const MOST_IN_FLIGHT = { known: 64 * MIB, unproven: 64 * MIB, people: 4 * MIB } as const

/**
 * Who sends a body: somebody known, somebody whose signature over it is not judged yet, or a person at a page or in front of the
 * sign-in. Of those who may be anybody it is the address that counts.
 */
export type BodyFrom = { readonly kind: 'known' } | { readonly kind: 'unproven' | 'people'; readonly address: string }

export type ReadBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly status: 400 | 408 | 413 | 415 | 503; readonly why: string }

const refused = (status: 400 | 408 | 413 | 415 | 503, why: string): ReadBody => ({ ok: false, status, why })

/** Bytes of one kind of senders. An address holds no more of them than are left for the others: however much some send, there is room for who comes next. */
class Pot {
  readonly #most: number
  #held = 0
  readonly #byAddress = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** Holds them in any case; false: they are too many. */
  take(bytes: number, address: string | undefined): boolean {
    this.#held += bytes
    const left = this.#most - this.#held
    if (address === undefined) return left >= 0
    const own = (this.#byAddress.get(address) ?? 0) + bytes
    this.#byAddress.set(address, own)
    return own <= left
  }

  give(bytes: number, address: string | undefined): void {
    this.#held -= bytes
    if (address === undefined) return
    const own = (this.#byAddress.get(address) ?? 0) - bytes
    if (own > 0) this.#byAddress.set(address, own)
    else this.#byAddress.delete(address)
  }
}

/** Reads bodies of requests, none of them beyond its measure, and all together not either. */
export class BodyReader {
  readonly #pots = {
    known: new Pot(MOST_IN_FLIGHT.known),
    unproven: new Pot(MOST_IN_FLIGHT.unproven),
    people: new Pot(MOST_IN_FLIGHT.people),
  }

  async read(request: IncomingMessage, from: BodyFrom): Promise<ReadBody> {
    const pot = this.#pots[from.kind]
    const address = from.kind === 'known' ? undefined : from.address
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
        const isRoom = pot.take(chunk.length, address)
        if (size > MOST_BODY_BYTES) return TOO_LARGE
        if (!isRoom) return refused(503, 'Too much comes in at once: send it again later.')
        chunks.push(chunk)
      }
      return { ok: true, bytes: Buffer.concat(chunks) }
    } catch {
      return refused(408, 'Its body did not come whole.')
    } finally {
      pot.give(size, address)
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
