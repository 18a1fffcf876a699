/** Where an HTTP exchange stands, or stopped. */
export const HTTP_STAGES = ['name', 'connect', 'tls', 'request', 'answer', 'body', 'done'] as const
export type HttpStage = (typeof HTTP_STAGES)[number]

export const HTTP_STATES = [
  'answered',
  'name-not-found',
  'refused',
  'unreachable',
  'timed-out',
  'reset',
  'tls-failed',
  'not-http',
  'error',
] as const
export type HttpState = (typeof HTTP_STATES)[number]

/** How an HTTP exchange ended. */
export interface HttpAnswer {
  readonly state: HttpState
  /** The stage that it stopped in; `done` when the whole answer came. */
  readonly stage: HttpStage
  /** The words of the system, for a person. */
  readonly detail: string
  readonly status?: number
  /** Names in small letters; what repeats is joined by a comma. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** The body is longer than what was read. */
  readonly truncated?: boolean
  /** Milliseconds from the beginning to the end of each stage that was passed. */
  readonly timesMs: Readonly<Partial<Record<HttpStage, number>>>
  readonly ms: number
}

/** What is asked. Only methods that observe. */
export interface HttpQuestion {
  readonly url: string
  readonly method: 'GET' | 'HEAD'
  /** In clear. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Accept any certificate. */
  readonly insecure: boolean
  /** A file with the certificates to trust, on the side that asks. */
  readonly ca?: string
}

/** An address needs no looking up. */
export function firstStage(url: string): HttpStage {
  return /^(\[.*\]|[\d.]+)$/.test(new URL(url).hostname) ? 'connect' : 'name'
}

/** A sentence on how an exchange ended. */
export function httpSentence(answer: HttpAnswer, url: string): string {
  const where = `"${url}"`
  switch (answer.state) {
    case 'answered':
      return `${where} answered ${answer.status}.`
    case 'name-not-found':
      return `The name in ${where} does not resolve.`
    case 'refused':
      return `${where}: the connection was refused; the machine answers, but nothing listens on that port.`
    case 'unreachable':
      return `${where}: there is no route to the host.`
    case 'timed-out':
      return `${where} did not answer in time: ${STAGE_WORDS[answer.stage]}.`
    case 'reset':
      return `${where}: the connection was broken off ${STAGE_PLACE[answer.stage]}.`
    case 'tls-failed':
      return `${where}: no secure connection came about: ${answer.detail}`
    case 'not-http':
      return `${where}: what answered does not speak HTTP (${answer.detail}).`
    case 'error':
      return `${where} could not be asked: ${answer.detail}`
  }
}

const STAGE_WORDS: Readonly<Record<HttpStage, string>> = {
  name: 'the name was not resolved',
  connect: 'no connection came about',
  tls: 'the TLS handshake did not end',
  request: 'the request could not be sent',
  answer: 'the connection stands, but no answer came',
  body: 'the answer began, but did not end',
  done: 'it was over',
}

const STAGE_PLACE: Readonly<Record<HttpStage, string>> = {
  name: 'at once',
  connect: 'while connecting',
  tls: 'in the TLS handshake',
  request: 'while the request was sent',
  answer: 'before an answer came',
  body: 'in the middle of the answer',
  done: 'at the end',
}
