import type { NtlmSeal } from '../../devices/winrm/ntlm-seal.ts'
import { isSealedType, parseSealedBody, SEALED_CONTENT_TYPE, sealedBody } from '../../devices/winrm/sealed-body.ts'
import { HttpConnection, type HttpEnd, type NoReply } from './http-connection.ts'
import { type HttpReply, httpRequest } from './http-message.ts'

const PATH = '/wsman'
const SOAP = 'application/soap+xml;charset=UTF-8'

/** What a login leaves behind for the requests after it. */
export interface Login {
  /** With the next request only. */
  readonly once?: Readonly<Record<string, string>>
  /** With every request. */
  readonly always?: Readonly<Record<string, string>>
  /** Everything goes under it from here on. */
  readonly seal?: NtlmSeal
}

/** What came of a message. */
export type PostEnd =
  /** An envelope, from whom it should be. */
  | { readonly soap: Buffer; readonly status: number }
  /** A status without an envelope: the message was not carried out. */
  | { readonly status: number; readonly offered: readonly string[] }
  | { readonly none: NoReply }
  /** Something that cannot be relied on; the message may have been carried out. */
  | { readonly forged: string }

type Options = { readonly timeoutMs: number; readonly signal: AbortSignal }

/** One socket, its login, and the seal that both belong to: gone together. */
export class WinRmSession {
  readonly #http: HttpConnection
  readonly #host: string
  #once: Readonly<Record<string, string>> = {}
  #always: Readonly<Record<string, string>> = {}
  #seal: NtlmSeal | undefined

  /** `host`: as the device is called in the header Host. */
  constructor(http: HttpConnection, host: string) {
    this.#http = http
    this.#host = host
  }

  get usable(): boolean {
    return this.#http.usable
  }

  destroy(): void {
    this.#http.destroy()
  }

  /** A request without a message, as logins make it. */
  knock(authorization: string, options: Options): Promise<HttpEnd> {
    return this.#request({ Authorization: authorization, 'Content-Type': SOAP }, Buffer.alloc(0), options)
  }

  loggedIn(login: Login): void {
    this.#once = login.once ?? {}
    this.#always = login.always ?? {}
    this.#seal = login.seal
  }

  /** Sends an envelope. Whatever does not end in a reply to be relied on ends the session. */
  async post(envelope: Buffer, options: Options): Promise<PostEnd> {
    const headers = { ...this.#always, ...this.#once }
    this.#once = {}
    const seal = this.#seal
    const end = await this.#request(
      { ...headers, 'Content-Type': seal ? SEALED_CONTENT_TYPE : SOAP },
      seal ? sealedBody(seal.seal(envelope), envelope.length) : envelope,
      options,
    )
    if ('none' in end) return end
    const { reply } = end
    const answer = this.#mayHoldEnvelope(reply) ? this.#open(reply) : statusOnly(reply)
    if (!('soap' in answer)) this.destroy()
    return answer
  }

  /** Faults come with 500; some that stand before Windows pass them on with another status. */
  #mayHoldEnvelope({ status, headers, body }: HttpReply): boolean {
    if (status === 200 || status === 500) return true
    if (status < 400 || status === 401 || body.length === 0) return false
    const type = headers.get('content-type')?.[0] ?? ''
    return this.#seal ? isSealedType(type) : isSoapType(type)
  }

  #open(reply: HttpReply): PostEnd {
    const type = reply.headers.get('content-type')?.[0] ?? ''
    const { status, body } = reply
    if (body.length === 0 && status === 500) return statusOnly(reply)
    if (!this.#seal) {
      if (isSoapType(type)) return { soap: body, status }
      return { forged: `it is of the type "${type.slice(0, 60)}", not SOAP` }
    }
    if (!isSealedType(type)) return { forged: 'it was not sealed' }
    const sealed = parseSealedBody(body)
    if (!sealed) return { forged: 'its parts are not as they should be' }
    const plaintext = this.#seal.open(sealed)
    if (!plaintext) return { forged: 'its seal is broken' }
    if (plaintext.length !== sealed.length) return { forged: 'its length is not what it says' }
    return { soap: plaintext, status }
  }

  #request(headers: Readonly<Record<string, string>>, body: Buffer, options: Options): Promise<HttpEnd> {
    return this.#http.request(httpRequest({ path: PATH, host: this.#host, headers, body }), options)
  }
}

function isSoapType(type: string): boolean {
  return /^application\/soap\+xml\b/i.test(type)
}

function statusOnly(reply: HttpReply): PostEnd {
  return { status: reply.status, offered: offeredSchemes(reply) }
}

/** The names of the logins that a 401 offers; several may stand in one header, and a header may come several times. */
export function offeredSchemes(reply: HttpReply): string[] {
  const values = reply.headers.get('www-authenticate') ?? []
  return values
    .flatMap((value) => value.split(/,(?=\s*[A-Za-z]+(?:\s|,|$))/))
    .flatMap((part) => part.trim().split(/\s/)[0] || [])
}

/** The token that a reply carries for a scheme; undefined when it has none. */
export function schemeToken(reply: HttpReply, scheme: string): Buffer | undefined {
  const pattern = new RegExp(`(?:^|,)\\s*${scheme}\\s+([A-Za-z0-9+/]+={0,2})\\s*(?:,|$)`, 'i')
  for (const value of reply.headers.get('www-authenticate') ?? []) {
    const token = pattern.exec(value)?.[1]
    if (token !== undefined) return Buffer.from(token, 'base64')
  }
  return undefined
}
