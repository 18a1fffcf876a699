import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { MOST_BYTES, readRegular } from '../../files/read-regular.ts'
import { wantHere } from '../../files/want-here.ts'
import { deadline } from '../../load/deadline.ts'
import { slowAddresses } from '../line/look-up.ts'
import { firstStage, type HttpAnswer, type HttpQuestion, type HttpStage, type HttpState } from './http-answer.ts'
import { reachStateOf } from './reach.ts'

/** Asks from this machine. One deadline holds for everything from the name to the last byte; redirects are answers. */
export async function httpHere(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
  let ca: string | undefined
  if (question.ca !== undefined) {
    try {
      ca = readRegular(question.ca, MOST_BYTES.text).toString('utf8')
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      return { state: 'error', stage: 'name', detail, timesMs: {}, ms: 0 }
    }
  }
  return new Exchange(question, ca).run(signal)
}

class Exchange {
  readonly #question: HttpQuestion
  readonly #ca: string | undefined
  readonly #began = performance.now()
  readonly #times: Partial<Record<HttpStage, number>> = {}
  #stage: HttpStage
  #resolve: (answer: HttpAnswer) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(question: HttpQuestion, ca: string | undefined) {
    this.#question = question
    this.#ca = ca
    this.#stage = firstStage(question.url)
  }

  async run(signal: AbortSignal): Promise<HttpAnswer> {
    const answer = new Promise<HttpAnswer>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const request = this.#start(signal)
    const late = (): void => this.#end('timed-out', `no answer within ${this.#question.timeoutMs} ms`)
    const callOff = deadline(this.#question.timeoutMs, late)
    signal.addEventListener('abort', late, { once: true })
    if (signal.aborted) late()
    try {
      return await answer
    } finally {
      callOff()
      signal.removeEventListener('abort', late)
      request.destroy()
    }
  }

  #start(signal: AbortSignal): ClientRequest {
    const { url, method, headers, insecure, timeoutMs } = this.#question
    const isSecure = new URL(url).protocol === 'https:'
    const common = {
      method,
      headers: { 'user-agent': 'tillwright', ...headers },
      agent: false,
      ...slowAddresses({ timeoutMs, signal }),
      maxHeaderSize: 64 * 1024,
    }
    const request = isSecure
      ? httpsRequest(url, { ...common, rejectUnauthorized: !insecure, ...(this.#ca !== undefined && { ca: this.#ca }) })
      : httpRequest(url, common)
    request.once('socket', (socket) => this.#follow(socket, isSecure))
    request.once('response', (response) => this.#read(response))
    request.on('error', (error) => this.#fail(error))
    request.end()
    return request
  }

  #follow(socket: Socket, isSecure: boolean): void {
    socket.once('lookup', (error: Error | null) => {
      if (!error) this.#passed('name', 'connect')
    })
    socket.once('connect', () => {
      this.#passed('connect', isSecure ? 'tls' : 'answer')
    })
    socket.once('secureConnect', () => this.#passed('tls', 'answer'))
  }

  #passed(stage: HttpStage, next: HttpStage): void {
    this.#times[stage] = this.#elapsed()
    this.#stage = next
  }

  #elapsed(): number {
    return Math.round((performance.now() - this.#began) * 10) / 10
  }

  #read(response: IncomingMessage): void {
    this.#passed('answer', 'body')
    const { maxBytes } = this.#question
    const chunks: Buffer[] = []
    let size = 0
    const done = (truncated: boolean): void => {
      this.#passed('body', 'done')
      const body = Buffer.concat(chunks).subarray(0, maxBytes)
      this.#end('answered', '', { ...headOf(response), body, truncated })
    }
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxBytes) done(true)
    })
    response.once('end', () => done(false))
    response.once('aborted', () => this.#end('reset', 'the server ended in the middle of the body', headOf(response)))
    response.on('error', (error) => this.#fail(error))
  }

  #fail(error: Error): void {
    if (wantHere(error) !== undefined) this.#reject(error)
    this.#end(this.#stateOf(error), detailOf(error))
  }

  #stateOf(error: Error): HttpState {
    const code = 'code' in error ? String(error.code) : ''
    if (code.startsWith('HPE_')) return 'not-http'
    const state = reachStateOf(error)
    if (this.#stage === 'tls') return state === 'timed-out' ? state : 'tls-failed'
    return state === 'open' ? 'error' : state
  }

  #end(state: HttpState, detail: string, rest: Partial<HttpAnswer> = {}): void {
    this.#resolve({
      state,
      stage: this.#stage,
      detail,
      ...rest,
      timesMs: { ...this.#times },
      ms: Math.round(this.#elapsed()),
    })
  }
}

function headOf(response: IncomingMessage): Pick<HttpAnswer, 'status' | 'headers'> {
  const headers = Object.entries(response.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ])
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers) as Record<string, string> }
}

function detailOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((one: Error) => one.message).join('; ')
  return error.message
}
