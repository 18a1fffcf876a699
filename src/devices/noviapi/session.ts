import type { JsonObject } from '../../core/json.ts'
import { machineLoad } from '../../load/machine-load.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import { type HttpReply, HttpSession, type ShownCertificate } from '../line/http-over-stream.ts'
import { jsonIn, objectIn, textIn } from '../printer/json-answer.ts'
import type { Asking } from '../printer/protocol.ts'
import type { Evidence } from '../printer/reading.ts'
import { isAllowed, type NoviRequest, REQUESTS } from './requests.ts'
import { OURS_PER_HOUR, type TokenBook } from './token-book.ts'

export type NoviReply = HttpReply & { readonly json?: JsonObject }
export type NoToken = { readonly token?: undefined; readonly why: string; readonly reply?: NoviReply }

/** Asks one printer over NoviAPI, within one budget; knows its token, and shows it to nobody. */
export class NoviSession {
  readonly evidence: Evidence[] = []
  readonly #http: HttpSession
  readonly #asking: Asking
  readonly #tokens: TokenBook
  readonly #device: string
  readonly #noted: number
  readonly #began = machineLoad.elapsed()
  #tokensTaken = 0

  constructor(
    dial: Dial,
    to: Endpoint & { readonly tls?: boolean },
    parts: { asking: Asking; tokens: TokenBook; noted: number },
  ) {
    this.#http = new HttpSession(dial, to)
    this.#asking = parts.asking
    this.#tokens = parts.tokens
    this.#noted = parts.noted
    this.#device = `${to.host}:${to.port}`
  }

  get certificate(): ShownCertificate | undefined {
    return this.#http.certificate
  }

  /** To be noted: after "too many" as if all of ours were taken, so that no other process asks within the hour. */
  get tokensTaken(): number {
    return this.#tokensTaken
  }

  get leftMs(): number {
    return this.#asking.budgetMs - (machineLoad.elapsed() - this.#began)
  }

  get isStopped(): boolean {
    return this.#asking.signal?.aborted ?? false
  }

  close(): void {
    this.#http.close()
  }

  /** @param within milliseconds of its own, in place of the budget and of the run's signal: for what has to be cleared away */
  async send(request: NoviRequest, token?: string, within?: number): Promise<NoviReply> {
    if (!isAllowed(request))
      throw new Error(`${request.method} ${request.path} is not on the list of what may be sent.`)
    const at = this.#asking.now().toISOString()
    const { signal } = this.#asking
    const reply = await this.#http.exchange({
      ...request,
      headers: {
        accept: 'application/json',
        ...(request.body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      timeoutMs: within ?? this.leftMs,
      ...(within === undefined && signal && { signal }),
    })
    const json = reply.state === 'answered' ? jsonIn(reply.body) : undefined
    const asked = [request.method, request.path, request.body].filter(Boolean).join(' ')
    this.evidence.push({ asked, answered: inWords(reply), at })
    return json ? { ...reply, json } : reply
  }

  /** A token that is held, refreshed, or asked for once; or why there is none. */
  async token(): Promise<{ readonly token: string } | NoToken> {
    const now = this.#asking.now().getTime()
    const held = this.#tokens.held(this.#device, now)
    if (held && held.leftMs > REFRESH_BEFORE_MS) return { token: held.token }
    const refusal = this.#tokens.refusal(this.#device, now, this.#noted)
    if (held) return (await this.#ask(REQUESTS.refresh(), held.token)) ?? { token: held.token }
    if (refusal !== undefined) return { why: `No token was asked for: ${refusal}.` }
    this.#tokens.asking(this.#device, now)
    this.#tokensTaken += 1
    const reply = await this.send(REQUESTS.token())
    return this.#taken(reply) ?? { why: whyOf(reply), reply }
  }

  /** The printer does not take the token any more. */
  dropToken(): void {
    this.#tokens.drop(this.#device)
  }

  async #ask(request: NoviRequest, token: string): Promise<{ readonly token: string } | undefined> {
    return this.#taken(await this.send(request, token))
  }

  #taken(reply: NoviReply): { readonly token: string } | undefined {
    const now = this.#asking.now().getTime()
    if (reply.state === 'answered' && reply.status === 429) {
      this.#tokensTaken = OURS_PER_HOUR
      this.#tokens.closed(this.#device, timeIn(objectIn(reply.json, 'exception'), 'allowed_refresh_date'), now)
    }
    const token = reply.state === 'answered' && reply.status < 300 ? textIn(reply.json, 'token') : undefined
    if (token === undefined) return undefined
    this.#tokens.keep(this.#device, token, timeIn(reply.json, 'expiration_date'), now)
    return { token }
  }
}

const REFRESH_BEFORE_MS = 60_000

function timeIn(object: JsonObject | undefined, name: string): number | undefined {
  const time = Date.parse(textIn(object, name) ?? '')
  return Number.isNaN(time) ? undefined : time
}

function whyOf(reply: NoviReply): string {
  if (reply.state !== 'answered') return `It gave no token: ${reply.detail}.`
  const said = textIn(objectIn(reply.json, 'exception'), 'allowed_refresh_date')
  if (reply.status === 429)
    return `It has given its ten tokens of this hour, and gives none before ${said ?? 'an hour has passed'}.`
  return `It gave no token (HTTP ${reply.status}).`
}

/** What came, without the token. */
function inWords(reply: HttpReply): string {
  if (reply.state !== 'answered') return `${reply.state}: ${reply.detail}`
  const text = reply.body.toString('utf8').replace(/("token"\s*:\s*")[^"]*/g, '$1***')
  return `HTTP ${reply.status} ${text}`.slice(0, 1500).trim()
}
