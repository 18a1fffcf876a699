import { randomUUID } from 'node:crypto'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Secret } from '../../core/secret.ts'
import { machineLoad } from '../../load/machine-load.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import { type HttpReply, HttpSession } from '../line/http-over-stream.ts'
import { jsonIn, textIn } from '../printer/json-answer.ts'
import type { Asking } from '../printer/protocol.ts'
import type { Evidence } from '../printer/reading.ts'
import { encodeTasks, type ReadTask } from './tasks.ts'

export interface AtolPlace extends Endpoint {
  /** For Basic authentication, where the driver's web server wants it. */
  readonly login?: { readonly user: string; readonly password: Secret }
}

/** What came of one task. */
export interface TaskResult {
  /** `ready`, `error`, `blocked`, `interrupted`, `canceled`; `wait` and `inProgress` when time ran out. */
  readonly status: string
  readonly result?: JsonObject
  readonly error?: string
}

export type AtolAnswer =
  | { readonly state: 'answered'; readonly results: ReadonlyMap<ReadTask, TaskResult>; readonly blockedBy?: string }
  | { readonly state: 'refused'; readonly status: number; readonly detail: string }
  | { readonly state: 'missed'; readonly reply: Exclude<HttpReply, { readonly state: 'answered' }> }

/** The second version of the interface first; drivers from before it have the other path. */
const PATHS = ['/api/v2/requests', '/requests'] as const
const FINAL = new Set(['ready', 'error', 'interrupted', 'blocked', 'canceled'])
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 300

/** Asks the web server of an ATOL driver for several tasks in one request, and looks until they are done. */
export class AtolExchange {
  readonly evidence: Evidence[] = []
  readonly #http: HttpSession
  readonly #asking: Asking
  readonly #headers: Readonly<Record<string, string>>
  readonly #began = machineLoad.elapsed()

  constructor(dial: Dial, to: AtolPlace, asking: Asking) {
    this.#http = new HttpSession(dial, to)
    this.#asking = asking
    const { login } = to
    const words = login && Buffer.from(`${login.user}:${login.password.reveal()}`).toString('base64')
    this.#headers = { accept: 'application/json', ...(words && { authorization: `Basic ${words}` }) }
  }

  close(): void {
    this.#http.close()
  }

  async ask(tasks: readonly ReadTask[]): Promise<AtolAnswer> {
    const uuid = randomUUID()
    const body = encodeTasks(uuid, tasks)
    for (const path of PATHS) {
      const reply = await this.#send('POST', path, body)
      if (reply.state !== 'answered') return { state: 'missed', reply }
      if ((reply.status === 404 || reply.status === 405) && path !== PATHS[1]) continue
      // 409: this number is known, so that the request arrived before.
      if (reply.status >= 300 && reply.status !== 409) return refused(reply)
      const taken = jsonIn(reply.body)
      if (!taken) return { state: 'refused', status: reply.status, detail: 'What it answered is no JSON object.' }
      const blockedBy = taken['isBlocked'] === true ? (textIn(taken, 'blockedUUID') ?? 'an earlier request') : undefined
      return await this.#results(`${path}/${uuid}`, { tasks, blockedBy })
    }
    throw new Error('No path was tried.')
  }

  async #results(
    path: string,
    about: { readonly tasks: readonly ReadTask[]; readonly blockedBy: string | undefined },
  ): Promise<AtolAnswer> {
    const { tasks, blockedBy } = about
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const reply = await this.#send('GET', path)
      if (reply.state !== 'answered') return { state: 'missed', reply }
      const listed = reply.status === 200 ? jsonIn(reply.body)?.['results'] : undefined
      if (!Array.isArray(listed)) return refused(reply)
      const results = new Map(tasks.map((task, n) => [task, resultOf(listed[n])] as const))
      const isDone = [...results.values()].every(({ status }) => FINAL.has(status))
      // Behind a request that blocks the queue nothing will come.
      if (isDone || blockedBy !== undefined || this.#leftMs() < pause * 2) {
        return { state: 'answered', results, ...(blockedBy !== undefined && { blockedBy }) }
      }
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }

  async #send(method: 'GET' | 'POST', path: string, body?: string): Promise<HttpReply> {
    const at = this.#asking.now().toISOString()
    const { signal } = this.#asking
    const reply = await this.#http.exchange({
      method,
      // The number of the request makes one of two.
      repeatable: true,
      path,
      headers: { ...this.#headers, ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }) },
      ...(body !== undefined && { body }),
      timeoutMs: this.#leftMs(),
      ...(signal && { signal }),
    })
    const answered =
      reply.state === 'answered'
        ? `HTTP ${reply.status} ${reply.body.toString('utf8')}`.slice(0, 3000).trim()
        : `${reply.state}: ${reply.detail}`
    this.evidence.push({ asked: [method, path, body].filter(Boolean).join(' '), answered, at })
    return reply
  }

  #leftMs(): number {
    return this.#asking.budgetMs - (machineLoad.elapsed() - this.#began)
  }
}

function refused(reply: Extract<HttpReply, { readonly state: 'answered' }>): AtolAnswer {
  const { status } = reply
  const detail =
    status === 401 || status === 403
      ? `The driver wants a login, or another one (HTTP ${status}).`
      : `The driver answered HTTP ${status}, and no results.`
  return { state: 'refused', status, detail }
}

/** Older drivers say `errorCode` and `errorDescription`, newer ones `error`. */
function resultOf(value: JsonValue | undefined): TaskResult {
  const task = isMap(value) ? value : undefined
  const error = isMap(task?.['error']) ? task['error'] : undefined
  const code = error?.['code'] ?? task?.['errorCode']
  const words = textIn(error, 'description') ?? textIn(task, 'errorDescription')
  const isError = code !== undefined && code !== 0
  return {
    status: textIn(task, 'status') ?? 'missing',
    ...(isMap(task?.['result']) && { result: task['result'] }),
    ...(isError && { error: `${String(code)} ${words ?? ''}`.trim() }),
  }
}
