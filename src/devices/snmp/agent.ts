import { createSocket, type Socket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import { wantHere } from '../../files/want-here.ts'
import { deadline } from '../../load/deadline.ts'
import { machineLoad } from '../../load/machine-load.ts'
import type { Endpoint } from '../line/dial.ts'
import { lookUp } from '../line/look-up.ts'
import {
  decodeResponse,
  encodeQuestion,
  type SnmpQuestion,
  type SnmpResponse,
  type SnmpValue,
  type Version,
} from './codec.ts'

/** `refused`: the machine says that nothing listens there; `silent`: nothing came. */
export type AgentState = 'answered' | 'refused' | 'silent' | 'name-not-found' | 'unreachable'

/** A column of a table: the index of a row to its value. */
export type Column = ReadonlyMap<string, SnmpValue>

export interface AgentOptions extends Endpoint {
  readonly community: string
  readonly budgetMs: number
  readonly signal?: AbortSignal
}

const RESEND_MS = [400, 1200, 2500, 4000, 6000, 8000, 10_000]
const ROWS = 12
const MAX_ROUNDS = 24
const NO_SUCH_NAME = 2

/**
 * One agent, spoken to over UDP from this machine. Everything has one deadline, which begins with the first question:
 * a dead address costs it once. What is lost on the way is asked again within it.
 */
export class SnmpAgent {
  readonly #options: AgentOptions
  readonly #end: number
  readonly #waiting = new Map<number, (response: SnmpResponse | undefined) => void>()
  #socket: Socket | undefined
  #nextId = 1 + Math.floor(Math.random() * 0x3fffffff)
  #version: Version = 'v2c'
  #trouble: AgentState | undefined

  constructor(options: AgentOptions) {
    this.#options = options
    this.#end = machineLoad.elapsed() + options.budgetMs
  }

  get version(): Version {
    return this.#version
  }

  /**
   * Finds out whether it answers, and in which version: both are asked at once, so that an old one costs no more. Rejects where this
   * machine has too little for it (`wantHere`).
   */
  async open(probe: string): Promise<AgentState> {
    const { host, port, signal } = this.#options
    const address = await this.#address(host)
    if (!address) return 'name-not-found'
    const socket = createSocket(address.family === 6 ? 'udp6' : 'udp4')
    this.#socket = socket
    socket.on('message', (bytes) => this.#take(bytes))
    socket.on('error', (error) => this.#fail(error))
    signal?.addEventListener('abort', () => this.#giveUp(), { once: true })
    if (signal?.aborted) return 'silent'
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => (wantHere(error) === undefined ? resolve() : reject(error)))
      socket.connect(port, address.address, resolve)
    })
    if (this.#trouble) return this.#trouble
    const asked = (['v2c', 'v1'] as const).map((version) =>
      this.#ask({ version, operation: 'get', oids: [probe] }).then((response) => (response ? version : undefined)),
    )
    const first = await Promise.race([...asked.map(found), Promise.all(asked).then(() => undefined)])
    if (first === undefined) return this.#trouble ?? 'silent'
    // Both were sent at once: what speaks v2c answers that within the same moment.
    if (first === 'v1') this.#version = (await Promise.race([found(asked[0]), pause(GRACE_MS)])) ?? 'v1'
    return 'answered'
  }

  async #address(host: string): Promise<LookupAddress | undefined> {
    const { signal, budgetMs } = this.#options
    const leaving = new AbortController()
    const late = new Promise<readonly LookupAddress[]>((resolve) =>
      leaving.signal.addEventListener('abort', () => resolve([])),
    )
    const callOff = deadline(budgetMs, () => leaving.abort())
    const stop = (): void => leaving.abort()
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    const addresses = await Promise.race([lookUp(host, leaving.signal).catch(unlessWanting), late]).finally(() => {
      callOff()
      signal?.removeEventListener('abort', stop)
    })
    return addresses[0]
  }

  /** Reads columns side by side to their ends; what did not come in time is missing, and `whole` is false then. */
  async columns(
    names: readonly string[],
  ): Promise<{ readonly columns: ReadonlyMap<string, Column>; readonly whole: boolean }> {
    const columns = new Map(names.map((name) => [name, new Map<string, SnmpValue>()]))
    let open = names.map((name) => ({ name, last: name }))
    for (let round = 0; open.length > 0 && round < MAX_ROUNDS; round += 1) {
      const response = await this.#next(open.map(({ last }) => last))
      if (!response) return { columns, whole: false }
      if (response.errorStatus === NO_SUCH_NAME) {
        // v1 says only which one has come to its end.
        open = open.filter((_, n) => n !== response.errorIndex - 1)
        continue
      }
      if (response.errorStatus !== 0 || response.variables.length === 0) return { columns, whole: false }
      open = advance(open, response, columns)
    }
    return { columns, whole: open.length === 0 }
  }

  close(): void {
    this.#giveUp()
    this.#socket?.close()
    this.#socket = undefined
  }

  #next(oids: readonly string[]): Promise<SnmpResponse | undefined> {
    const version = this.#version
    if (version === 'v1') return this.#ask({ version, operation: 'get-next', oids })
    return this.#ask({
      version,
      operation: 'get-bulk',
      oids,
      repetitions: Math.max(2, Math.floor(ROWS / oids.length) + 2),
    })
  }

  #ask(question: Omit<SnmpQuestion, 'community' | 'requestId'>): Promise<SnmpResponse | undefined> {
    const requestId = this.#nextId++
    const bytes = encodeQuestion({ ...question, community: this.#options.community, requestId })
    return new Promise((resolve) => {
      const left = this.#end - machineLoad.elapsed()
      if (left <= 0 || this.#trouble || !this.#socket) return resolve(undefined)
      const send = (): void => this.#socket?.send(bytes, (error) => error && this.#fail(error))
      const timers = RESEND_MS.filter((after) => after < left).map((after) => setTimeout(send, after))
      const done = (response: SnmpResponse | undefined): void => {
        for (const timer of timers) clearTimeout(timer)
        callOff()
        this.#waiting.delete(requestId)
        resolve(response)
      }
      const callOff = deadline(left, () => done(undefined))
      this.#waiting.set(requestId, done)
      send()
    })
  }

  #take(bytes: Buffer): void {
    const response = decodeResponse(bytes)
    if (response) this.#waiting.get(response.requestId)?.(response)
  }

  #fail(error: Error): void {
    const code = 'code' in error ? String(error.code) : ''
    if (code === 'ECONNREFUSED') this.#trouble = 'refused'
    else if (/^E(HOST|NET)/.test(code)) this.#trouble = 'unreachable'
    else return
    this.#giveUp()
  }

  #giveUp(): void {
    for (const done of [...this.#waiting.values()]) done(undefined)
  }
}

const GRACE_MS = 150

/** A name that cannot be looked up has no addresses. */
function unlessWanting(error: unknown): readonly LookupAddress[] {
  if (wantHere(error) !== undefined) throw error
  return []
}

/** Resolves with the version if it was found, and never otherwise. */
function found(asked: Promise<Version | undefined> | undefined): Promise<Version | undefined> {
  return new Promise((resolve) => {
    void asked?.then((version) => version && resolve(version))
  })
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms)
  })
}

interface OpenColumn {
  readonly name: string
  readonly last: string
}

/**
 * Puts what came into the columns; what is left is not at its end. An answer may be cut off anywhere (RFC 3416, 4.2.3), also
 * before a column had its first value: such a column is asked again, before the others.
 */
function advance(
  open: readonly OpenColumn[],
  response: SnmpResponse,
  columns: ReadonlyMap<string, Map<string, SnmpValue>>,
): OpenColumn[] {
  const last = new Map<string, string | undefined>(open.map(({ name }) => [name, undefined]))
  const ended = new Set<string>()
  for (const [n, { oid, value }] of response.variables.entries()) {
    const name = open[n % open.length]?.name ?? ''
    const column = columns.get(name)
    const index = oid.slice(name.length + 1)
    if (!column || ended.has(name)) continue
    // Another column, no more objects, or an agent that goes in a circle.
    if (value === null || !oid.startsWith(`${name}.`) || column.has(index)) {
      ended.add(name)
      continue
    }
    column.set(index, value)
    last.set(name, oid)
  }
  const left = open.filter(({ name }) => !ended.has(name))
  const passedOver = left.filter(({ name }) => last.get(name) === undefined)
  const wentOn = left.flatMap(({ name }) => {
    const reached = last.get(name)
    return reached === undefined ? [] : [{ name, last: reached }]
  })
  return [...passedOver, ...wentOn]
}
