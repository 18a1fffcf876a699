import { machineLoad } from '../../load/machine-load.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import { HttpSession } from '../line/http-over-stream.ts'
import type { HttpMiss } from '../printer/http-reading.ts'
import type { Asking } from '../printer/protocol.ts'
import type { Evidence } from '../printer/reading.ts'
import { decodeMessage, type IppMessage } from './codec.ts'
import { encodeQuestion, type Jobs, type QuestionName } from './questions.ts'

/** `refused`: an HTTP server answers, and not this question: `status` is its own. */
export type IppReply =
  | { readonly state: 'answered'; readonly message: IppMessage }
  | { readonly state: 'refused'; readonly status: number }
  | { readonly state: 'garbage'; readonly detail: string }
  | { readonly state: 'missed'; readonly miss: HttpMiss }

/** server-error-version-not-supported (RFC 8011, B.1.5.4). */
const VERSION_NOT_SUPPORTED = 0x0503

/** Asks one printer server, within one budget. */
export class IppAsker {
  readonly evidence: Evidence[] = []
  readonly #session: HttpSession
  readonly #asking: Asking
  readonly #began = machineLoad.elapsed()
  readonly #authority: string
  #version: readonly [number, number] = [2, 0]

  constructor(dial: Dial, to: Endpoint & { readonly tls?: boolean }, asking: Asking) {
    this.#session = new HttpSession(dial, to)
    this.#asking = asking
    this.#authority = `${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`
  }

  async ask(name: QuestionName, path: string, jobs?: Jobs): Promise<IppReply> {
    const reply = await this.#once(name, path, jobs)
    if (reply.state !== 'answered' || reply.message.code !== VERSION_NOT_SUPPORTED || this.#version[0] === 1)
      return reply
    this.#version = [1, 1]
    return await this.#once(name, path, jobs)
  }

  close(): void {
    this.#session.close()
  }

  async #once(name: QuestionName, path: string, jobs?: Jobs): Promise<IppReply> {
    const uri = `ipp://${this.#authority}${path}`
    const at = this.#asking.now().toISOString()
    const reply = await this.#session.exchange({
      method: 'POST',
      repeatable: true,
      path,
      headers: { 'content-type': 'application/ipp' },
      body: encodeQuestion(name, { uri, version: this.#version, ...(jobs && { jobs }) }),
      timeoutMs: this.#asking.budgetMs - (machineLoad.elapsed() - this.#began),
      ...(this.#asking.signal && { signal: this.#asking.signal }),
    })
    const asked = `${name} ${uri}${jobs ? ` (${jobs.which})` : ''}`
    const said = (answered: string): void => void this.evidence.push({ asked, answered, at })
    if (reply.state !== 'answered') {
      said(`${reply.state}: ${reply.detail}`)
      return { state: 'missed', miss: reply }
    }
    if (reply.status !== 200) {
      said(`HTTP ${reply.status}`)
      return { state: 'refused', status: reply.status }
    }
    const message = decodeMessage(reply.body)
    said(message ? inWords(message) : reply.body.subarray(0, 64).toString('hex'))
    return message ? { state: 'answered', message } : { state: 'garbage', detail: `${reply.body.length} bytes` }
  }
}

const TOLD = /^(printer-(state|is-)|queued|job-(id|state)$|time-at-creation)/

/** The status, and what matters most for an argument. */
function inWords(message: IppMessage): string {
  const all = message.groups.flatMap(({ attributes }) => attributes).filter(({ name }) => TOLD.test(name))
  const words = all.map(({ name, values }) => `${name}=${values.map(({ value }) => String(value)).join(',')}`)
  return [`status 0x${message.code.toString(16).padStart(4, '0')}`, ...words].join(' ').slice(0, 2000)
}
