import { createHmac } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { SinkTarget } from '../core/sink.ts'
import { MOST_BYTES, readRegular } from '../files/read-regular.ts'
import type { Message } from './message.ts'
import { held, type SendResult, type Sink, taken } from './sink.ts'

type Target = Extract<SinkTarget, { kind: 'http' }>

/** What the other end says about the messages themselves: it would say so again. Everything else may be over tomorrow. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422])
const SHOWN = 200

interface Answer {
  readonly status: number
  readonly text: string
}

/**
 * Batches of CloudEvents by POST. A batch that is refused is sent again in halves, until the messages that cannot be taken
 * are found; those are refused alone. Redirects are not followed.
 */
export class HttpSink implements Sink {
  readonly batch: number
  readonly #target: Target
  readonly #headers: Readonly<Record<string, string>>
  readonly #key: string | undefined

  /** `headers` and `key` in clear. */
  constructor(target: Target, secrets: { readonly headers: Readonly<Record<string, string>>; readonly key?: string }) {
    this.batch = target.batch
    this.#target = target
    this.#headers = secrets.headers
    this.#key = secrets.key
  }

  async send(messages: readonly Message[], signal: AbortSignal): Promise<SendResult> {
    const answer = await this.#post(messages, signal)
    if (typeof answer === 'string') return held(answer)
    if (answer.status >= 200 && answer.status < 300) return taken(messages)
    const said = `${this.#target.url} answered ${answer.status}${answer.text === '' ? '' : `: ${answer.text}`}`
    if (!REFUSALS.has(answer.status)) return held(said)
    if (messages.length === 1) return { settled: 1, refused: [{ index: 0, why: said }] }
    return this.#halves(messages, signal)
  }

  async close(): Promise<void> {
    // Each request has a connection of its own.
  }

  async #halves(messages: readonly Message[], signal: AbortSignal): Promise<SendResult> {
    const middle = Math.ceil(messages.length / 2)
    const first = await this.send(messages.slice(0, middle), signal)
    if (first.trouble !== undefined) return first
    const second = await this.send(messages.slice(middle), signal)
    return {
      settled: middle + second.settled,
      refused: [...first.refused, ...second.refused.map(({ index, why }) => ({ index: index + middle, why }))],
      ...(second.trouble !== undefined && { trouble: second.trouble }),
    }
  }

  /** The answer, or why there is none. */
  async #post(messages: readonly Message[], signal: AbortSignal): Promise<Answer | string> {
    const body = `[${messages.map((message) => message.body).join(',')}]`
    const { url, timeoutMs, ca } = this.#target
    let authorities: string | undefined
    try {
      authorities = ca === undefined ? undefined : readRegular(ca, MOST_BYTES.text).toString('utf8')
    } catch (error) {
      return (error as Error).message
    }
    const options = {
      method: 'POST',
      agent: false,
      headers: {
        'user-agent': 'tillwright',
        'content-type': 'application/cloudevents-batch+json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        ...this.#headers,
        ...this.#signature(body),
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(authorities !== undefined && { ca: authorities }),
    } as const
    return new Promise((resolve) => {
      const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, options, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          if (text.length < SHOWN) text += piece
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: oneLine(text) }))
        response.on('error', (error) => resolve(`${url}: ${error.message}`))
      })
      request.on('error', (error) => {
        const isLate = error.name === 'AbortError' || error.name === 'TimeoutError'
        resolve(isLate ? `${url} gave no answer within ${timeoutMs} ms` : `${url}: ${error.message}`)
      })
      request.end(body)
    })
  }

  /** As Grafana signs, and as this program's own server takes it: over seconds since 1970, a colon and the body. */
  #signature(body: string): Readonly<Record<string, string>> {
    const { hmac } = this.#target
    if (!hmac || this.#key === undefined) return {}
    const seconds = String(Math.floor(Date.now() / 1000))
    const mac = createHmac('sha256', this.#key).update(`${seconds}:${body}`).digest('hex')
    return { [hmac.header]: mac, [hmac.timeHeader]: seconds }
  }
}

function oneLine(text: string): string {
  return text.slice(0, SHOWN).replace(/\s+/g, ' ').trim()
}
