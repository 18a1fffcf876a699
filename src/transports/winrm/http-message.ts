/** What came back over HTTP/1.1. */
export interface HttpReply {
  readonly status: number
  /** Names in lower case; a header that came several times has several values. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: Buffer
  /** The server will not take another request on this connection. */
  readonly closes: boolean
}

/** A request as bytes. WinRM wants to know the length, of nothing too. */
export function httpRequest(request: {
  readonly path: string
  readonly host: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}): Buffer {
  const lines = [
    `POST ${request.path} HTTP/1.1`,
    `Host: ${request.host}`,
    'User-Agent: tillwright',
    'Accept-Encoding: identity',
    'Connection: Keep-Alive',
    ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${request.body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), request.body])
}

/** What is not HTTP/1.1, or more than a device may say. */
export class HttpSyntaxError extends Error {
  override readonly name = 'HttpSyntaxError'
}

const HEAD_BYTES = 64 * 1024
/** Windows sends what MaxEnvelopeSize allows, 150 KiB by our own setting. */
const BODY_BYTES = 4 * 1024 * 1024

interface Head {
  readonly status: number
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly closes: boolean
}

/** Reads one reply at a time out of chunks of any size. Throws HttpSyntaxError. */
export class HttpReplyReader {
  #received: Buffer = Buffer.alloc(0)
  /** What came since, put together only when there is enough to go on with. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #needed = 0
  #head: Head | undefined
  readonly #chunks: Buffer[] = []
  #bodyBytes = 0

  /** The reply when the chunk completes it; whatever is behind it is an error, since nobody asked for it. */
  push(chunk: Buffer): HttpReply | undefined {
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#received.length + this.#waitingBytes < this.#needed) return undefined
    this.#gather()
    for (;;) {
      this.#head ??= this.#readHead()
      if (!this.#head) return undefined
      // 1xx come before the reply proper (RFC 9110, 15.2).
      if (this.#head.status >= 200) return this.#readBody(this.#head)
      this.#head = undefined
    }
  }

  /** The connection ended: the reply, when its end was to be the end of the connection. */
  finish(): HttpReply | undefined {
    const head = this.#head
    if (!head || lengthOf(head) !== undefined || isChunked(head)) return undefined
    this.#gather()
    return this.#reply(head, this.#received)
  }

  #gather(): void {
    if (this.#waiting.length > 0) this.#received = Buffer.concat([this.#received, ...this.#waiting])
    this.#waiting = []
    this.#waitingBytes = 0
    this.#needed = 0
  }

  #readHead(): Head | undefined {
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) {
      if (this.#received.length > HEAD_BYTES) throw new HttpSyntaxError('the header does not end')
      if (!looksLikeHttp(this.#received)) throw new HttpSyntaxError('it does not begin as HTTP does')
      return undefined
    }
    const head = parseHead(this.#received.toString('latin1', 0, end))
    this.#received = this.#received.subarray(end + 4)
    return head
  }

  #readBody(head: Head): HttpReply | undefined {
    if (isChunked(head)) return this.#readChunks(head)
    const length = lengthOf(head)
    if ((length ?? this.#received.length) > BODY_BYTES) throw new HttpSyntaxError('the body is too large')
    if (length === undefined) return undefined
    if (this.#received.length < length) {
      this.#needed = length
      return undefined
    }
    if (this.#received.length > length) throw new HttpSyntaxError('more came than was asked for')
    return this.#reply(head, this.#received)
  }

  #readChunks(head: Head): HttpReply | undefined {
    for (;;) {
      const lineEnd = this.#received.indexOf('\r\n')
      if (lineEnd < 0 && this.#received.length <= HEAD_BYTES) return undefined
      const size = chunkSize(this.#received.toString('latin1', 0, Math.max(lineEnd, 0)))
      if (size === 0) return this.#readTrailer(head, lineEnd)
      const begin = lineEnd + 2
      const next = begin + size + 2
      if (this.#bodyBytes + size > BODY_BYTES) throw new HttpSyntaxError('the body is too large')
      if (this.#received.length < next) {
        this.#needed = next
        return undefined
      }
      if (this.#received.toString('latin1', next - 2, next) !== '\r\n') throw new HttpSyntaxError('a chunk has no end')
      this.#chunks.push(this.#received.subarray(begin, begin + size))
      this.#bodyBytes += size
      this.#received = this.#received.subarray(next)
    }
  }

  /** Headers behind the last chunk, which tell us nothing, up to an empty line (RFC 9112, 7.1.2). */
  #readTrailer(head: Head, lineEnd: number): HttpReply | undefined {
    const end = this.#received.indexOf('\r\n\r\n', lineEnd)
    if (end < 0 && this.#received.length > HEAD_BYTES) throw new HttpSyntaxError('the trailer does not end')
    if (end < 0) return undefined
    if (this.#received.length > end + 4) throw new HttpSyntaxError('more came than was asked for')
    return this.#reply(head, Buffer.concat(this.#chunks))
  }

  #reply(head: Head, body: Buffer): HttpReply {
    const reply = { status: head.status, headers: head.headers, closes: head.closes, body: Buffer.from(body) }
    this.#head = undefined
    this.#received = Buffer.alloc(0)
    this.#chunks.length = 0
    this.#bodyBytes = 0
    return reply
  }
}

/** Bytes of a chunk by the line before it (RFC 9112, 7.1). */
function chunkSize(line: string): number {
  const digits = /^([0-9a-f]{1,7})[\t ]*(?:;.*)?$/i.exec(line)?.[1]
  if (digits === undefined) throw new HttpSyntaxError('a chunk has no length')
  return Number.parseInt(digits, 16)
}

function looksLikeHttp(received: Buffer): boolean {
  const begin = received.toString('latin1', 0, 7)
  return 'HTTP/1.'.startsWith(begin)
}

function parseHead(text: string): Head {
  // A line that begins with a blank goes on with the one before it (RFC 9112, 5.2).
  const [first = '', ...lines] = text.replace(/\r\n[\t ]+/g, ' ').split('\r\n')
  const status = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/.exec(first)
  if (!status) throw new HttpSyntaxError('it does not begin as HTTP does')
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*(.*)$/s.exec(line) ?? []
    if (name === undefined || value === undefined) throw new HttpSyntaxError('a header has no name')
    const key = name.toLowerCase()
    headers.set(key, [...(headers.get(key) ?? []), value.replace(/(?<![\t ])[\t ]+$/, '')])
  }
  const connection = (headers.get('connection') ?? []).join(',').toLowerCase()
  const closes = /\bclose\b/.test(connection) || (status[1] === '0' && !/\bkeep-alive\b/.test(connection))
  return { status: Number(status[2]), headers, closes }
}

function isChunked(head: Head): boolean {
  return (head.headers.get('transfer-encoding') ?? []).some((value) => /\bchunked\b/i.test(value))
}

/** Bytes of the body; undefined when it goes on until the connection ends. */
function lengthOf(head: Head): number | undefined {
  if (head.status === 204 || head.status === 304) return 0
  const [length, ...others] = new Set(head.headers.get('content-length') ?? [])
  if (length === undefined) return undefined
  if (others.length > 0 || !/^\d{1,10}$/.test(length)) throw new HttpSyntaxError('its length is no number')
  return Number(length)
}
