import { Worker } from 'node:worker_threads'
import type { ContentDesk } from '../../../core/content.ts'
import type { RunEventBody } from '../../../core/events.ts'
import { fail } from '../../../core/failure.ts'
import type { Fence } from '../../../core/fence.ts'
import type { Device } from '../../../core/fleet.ts'
import type { Guard } from '../../../core/guard.ts'
import type { JsonValue } from '../../../core/json.ts'
import type { Neighbours } from '../../../core/module.ts'
import type { DeviceOutcome } from '../../../core/outcome.ts'
import type { Runbook, Scope } from '../../../core/runbook.ts'
import { lostWhileChanging } from '../../../engine/device/device-outcome.ts'
import type { DeviceEnvironment, DeviceWork } from '../../../engine/device/perform-device.ts'
import type { LoginResolver } from '../../reach/log-in.ts'
import { roomFor } from './main-worker.ts'
import {
  type FromThread,
  type Job,
  packSecrets,
  type Question,
  type RunbookSource,
  readMessages,
  ThreadMail,
  type ToThread,
} from './messages.ts'
import { PendingConnections } from './pending-connections.ts'
import type { LoginParty } from './share-logins.ts'

/** Transports clean up within a few seconds of their own. */
const SETTLE_MS = 12_000

/** A worker whose event loop does not turn for so many seconds is given up. */
const HUNG_AFTER_S = 15

/** The thread ended before it had begun the device: another may have it. */
export const NOT_BEGUN = Symbol('not begun')

interface Held {
  readonly work: DeviceWork
  readonly environment: DeviceEnvironment
  readonly place: number
  readonly end: (outcome: DeviceOutcome | typeof NOT_BEGUN | Promise<never>) => void
  connected: boolean
  /** Steps that may be being changed: several, where they went out together. */
  readonly changing: Set<string>
}

export interface ThreadWorkerOptions {
  readonly entry: URL
  readonly mode: DeviceEnvironment['mode']
  readonly runbooks: readonly Runbook[]
  readonly runbookSources: readonly RunbookSource[]
  /** The folder of tillwright.yaml. */
  readonly root: string
  /** Folder of the user's modules. */
  readonly modules?: string
  /** Until when leases last: see `ThreadSetup`. */
  readonly leasedUntil: SharedArrayBuffer
  /** Devices at a time, at most. */
  readonly places: number
  readonly resolver: LoginResolver
  readonly scopeOf: (device: Device) => Pick<Scope, 'store' | 'device' | 'vars'>
  readonly neighboursOf: (device: Device) => Neighbours
  readonly guardsOf: (device: string) => readonly Guard[]
  readonly content?: ContentDesk
  readonly warn: (text: string) => void
  /** There may be room again. */
  readonly onRoom: () => void
  /** It is ready for devices; or it has ended, with why. */
  readonly onReady: () => void
  readonly onGone: (why: string) => void
}

/** The main thread's side of a worker thread. */
export class ThreadWorker implements LoginParty {
  readonly #dependencies: ThreadWorkerOptions
  readonly #worker: Worker
  readonly #outbox: ThreadMail<ToThread>
  readonly #begun: Uint8Array
  readonly #pulse: Int32Array
  readonly #free: number[]
  readonly #jobs = new Map<number, Held>()
  readonly #pendingConnections: PendingConnections
  readonly #watch: NodeJS.Timeout
  #fits: () => void = () => undefined
  #drained: () => void = () => undefined
  logins = 0
  #ids = 0
  #lastPulse = 0
  #loop: ReturnType<Worker['performance']['eventLoopUtilization']>
  #silentFor = 0
  #obeys: AbortSignal | undefined
  state: 'starting' | 'ready' | 'gone' = 'starting'

  constructor(dependencies: ThreadWorkerOptions) {
    this.#dependencies = dependencies
    const begun = new SharedArrayBuffer(dependencies.places)
    const pulse = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
    this.#begun = new Uint8Array(begun)
    this.#pulse = new Int32Array(pulse)
    this.#free = Array.from({ length: dependencies.places }, (_, place) => place)
    this.#pendingConnections = new PendingConnections(dependencies.onRoom)
    const { mode, runbookSources, root, modules } = dependencies
    const { leasedUntil } = dependencies
    const content = dependencies.content?.settings
    const workerData = { mode, runbookSources, root, modules, begun, pulse, leasedUntil, content }
    this.#worker = new Worker(dependencies.entry, { workerData, name: 'till-devices' })
    this.#outbox = new ThreadMail((text) => this.#worker.postMessage(text))
    this.#loop = this.#worker.performance.eventLoopUtilization()
    this.#worker.on('message', (text: string) => {
      for (const message of readMessages<FromThread>(text)) this.#receive(message)
    })
    this.#worker.on('error', (error) => this.#gone(error instanceof Error ? error.message : String(error)))
    this.#worker.on('messageerror', (error) => this.#gone(error.message))
    this.#worker.on('exit', () => this.#gone('it ended by itself'))
    this.#watch = setInterval(() => this.#feelPulse(), 1_000).unref()
  }

  /** Devices that it would take on now. */
  get room(): number {
    if (this.state !== 'ready') return 0
    return Math.min(this.#free.length, roomFor(this.logins, this.#pendingConnections))
  }

  /** Devices that it works on. */
  get held(): number {
    return this.#jobs.size
  }

  /** Share of the time since it was last asked in which its event loop was busy; 0 to 1. */
  busy(): number {
    const now = this.#worker.performance.eventLoopUtilization()
    const { utilization } = this.#worker.performance.eventLoopUtilization(now, this.#loop)
    this.#loop = now
    return utilization
  }

  async setLogins(limit: number): Promise<void> {
    if (this.state === 'gone') return
    this.logins = limit
    await new Promise<void>((resolve) => {
      this.#fits = resolve
      this.#outbox.send({ type: 'logins', limit })
    })
  }

  perform(work: DeviceWork, environment: DeviceEnvironment): Promise<DeviceOutcome | typeof NOT_BEGUN> {
    const place = this.#free.pop()
    if (this.state !== 'ready' || place === undefined) return Promise.resolve(NOT_BEGUN)
    this.#obey(environment)
    this.#ids += 1
    const id = this.#ids
    Atomics.store(this.#begun, place, 0)
    this.#pendingConnections.begin(work.device)
    const { device, planned, carried, undoes, lost } = work
    const runbooks = work.runbooks.map((runbook) => this.#dependencies.runbooks.indexOf(runbook))
    const neighbours = this.#dependencies.neighboursOf(device)
    const scope = this.#dependencies.scopeOf(device)
    const guards = this.#dependencies.guardsOf(device.name)
    const content = this.#dependencies.content?.sideOf(device)
    const job = {
      id,
      place,
      guards,
      device,
      scope,
      runbooks,
      neighbours,
      ...(content && { content }),
      ...(planned && { planned }),
      ...(carried && { carried }),
      ...(undoes && { undoes }),
    }
    const fence = environment.fenceOf(device)
    this.#outbox.send({ type: 'work', job: { ...job, ...(fence && { fence: withoutClock(fence) }) } })
    const lose = (): void => {
      this.#outbox.send({ type: 'lost', id })
      this.#outbox.flush()
    }
    lost?.addEventListener('abort', lose, { once: true })
    if (lost?.aborted) lose()
    return new Promise((end) => {
      this.#jobs.set(id, { work, environment, place, end, connected: false, changing: new Set() })
    })
  }

  async close(): Promise<void> {
    if (this.state === 'ready') await this.#drain()
    this.state = 'gone'
    clearInterval(this.#watch)
    await this.#worker.terminate()
  }

  /** Resolves when the worker has cleaned up behind its devices, or cannot any more. */
  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, SETTLE_MS)
      this.#drained = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#outbox.send({ type: 'drain' })
    })
  }

  #obey({ stopping, aborting }: DeviceEnvironment): void {
    if (this.#obeys === stopping) return
    this.#obeys = stopping
    const pass = (signal: AbortSignal, hard: boolean): void => {
      const tell = (): void => {
        this.#outbox.send({ type: 'stop', hard })
        this.#outbox.flush()
      }
      signal.addEventListener('abort', tell, { once: true })
      if (signal.aborted) tell()
    }
    pass(stopping, false)
    pass(aborting, true)
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case 'ready':
        if (this.state !== 'starting') return
        this.state = 'ready'
        this.#dependencies.onReady()
        break
      case 'refused':
        this.#gone(message.why)
        break
      case 'fits':
        this.#fits()
        break
      case 'drained':
        this.#drained()
        break
      case 'warning':
        this.#dependencies.warn(message.text)
        break
      case 'connected':
        this.#connected(message.id)
        break
      case 'event':
        this.#event(message.id, message.body).catch(() => undefined)
        break
      case 'question':
        void this.#answer(message.number, message.question)
        break
      case 'outcome':
        this.#end(message.id, message.outcome)
        break
      case 'broken':
        this.#end(message.id, Promise.reject(new Error(message.error)))
        break
    }
  }

  #connected(id: number): void {
    const held = this.#jobs.get(id)
    if (!held) return
    held.connected = true
    this.#pendingConnections.connected(held.work.device)
  }

  async #event(id: number, body: RunEventBody): Promise<void> {
    const held = this.#jobs.get(id)
    if (!held) throw new Error('an event of a device that has ended')
    if (body.type === 'step.converging') held.changing.add(`${body.runbook}\n${body.step}`)
    if (body.type === 'step.finished') held.changing.delete(`${body.runbook}\n${body.step}`)
    await held.environment.emit(body)
  }

  #end(id: number, outcome: Parameters<Held['end']>[0]): void {
    const held = this.#jobs.get(id)
    if (!held) return
    this.#jobs.delete(id)
    this.#free.push(held.place)
    this.#pendingConnections.end(held.work.device)
    held.end(outcome)
  }

  async #answer(to: number, question: Question): Promise<void> {
    try {
      this.#outbox.send({ type: 'answer', to, answer: { value: await this.#know(question) } })
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      this.#outbox.send({ type: 'answer', to, answer: { error: text } })
    }
  }

  async #know(question: Question): Promise<JsonValue> {
    switch (question.about) {
      case 'journal':
        await this.#event(question.id, question.body)
        return null
      case 'target':
        return this.#target(question)
      case 'login':
        return this.#loggedIn(question)
      case 'content':
        return this.#content(question)
      case 'change':
        return this.#mayChange(question)
      case 'samples':
        return this.#samples(question)
      case 'fact':
        return this.#fact(question)
      case 'secret':
        return packSecrets(await this.#any().preparation.readSecret(question.reference))
      case 'mask':
        return this.#any().mask(question.value)
    }
  }

  async #mayChange({ id, guards, warned }: Extract<Question, { about: 'change' }>): Promise<JsonValue> {
    const held = this.#jobs.get(id)
    if (!held) throw new Error('a question about a device that has ended')
    held.changing.clear()
    return (await held.environment.leaveToChange(held.work.device, guards, warned)) as unknown as JsonValue
  }

  /** The device that a question is about: that of the job, or another of its store, on its behalf. */
  #about(held: Held, peer: string | undefined): Device {
    if (peer === undefined) return held.work.device
    const { device } = held.work
    const found = this.#dependencies.content?.sideOf(device).peers.find(({ name }) => name === peer)
    if (!found) throw new Error(`"${peer}" gives nothing to "${device.name}"`)
    return found
  }

  async #content({ id, peer, ask }: Extract<Question, { about: 'content' }>): Promise<JsonValue> {
    const held = this.#jobs.get(id)
    const desk = this.#dependencies.content
    if (!held || !desk) throw new Error('a question about a device that has ended')
    const device = this.#about(held, peer)
    if (ask.what === 'seek') return await desk.seek(device, ask.sha256)
    if (ask.what === 'foresee') return (await desk.foresee(device, ask.sha256, ask)) ?? null
    if (ask.what === 'take') await desk.take(device, ask.bytes)
    else await desk.got(device, ask.sha256, ask.whole)
    return null
  }

  async #target({ id, end, peer }: Extract<Question, { about: 'target' }>): Promise<JsonValue> {
    const held = this.#jobs.get(id)
    const message = 'The run was stopped.'
    if (!held) return packSecrets(fail({ code: 'RUN_CANCELLED', phase: 'resolve', message }))
    if (peer === undefined) this.#pendingConnections.connecting(held.work.device)
    return packSecrets(await this.#dependencies.resolver.resolve(this.#about(held, peer), end))
  }

  async #loggedIn({ id, end, login, peer }: Extract<Question, { about: 'login' }>): Promise<JsonValue> {
    const held = this.#jobs.get(id)
    if (!held) return null
    return packSecrets((await this.#dependencies.resolver.loggedIn?.(this.#about(held, peer), end, login)) ?? null)
  }

  async #fact({ id, name, source }: Extract<Question, { about: 'fact' }>): Promise<JsonValue> {
    const held = this.#jobs.get(id)
    const fact = held ? await held.environment.historyOf(held.work.device).fact(name, source) : null
    return fact as unknown as JsonValue
  }

  async #samples({ id, series, since, until }: Extract<Question, { about: 'samples' }>): Promise<JsonValue> {
    const held = this.#jobs.get(id)
    if (!held) return []
    const history = held.environment.historyOf(held.work.device)
    const samples = await history.samples(series, new Date(since), until === undefined ? undefined : new Date(until))
    return samples as unknown as JsonValue
  }

  /** The same for all devices of a run. */
  #any(): DeviceEnvironment {
    const [held] = this.#jobs.values()
    if (!held) throw new Error('a question of a thread that works on nothing')
    return held.environment
  }

  /** A worker that hangs holds its devices for good, and nothing of it can be asked. */
  #feelPulse(): void {
    const pulse = Atomics.load(this.#pulse, 0)
    this.#silentFor = pulse === this.#lastPulse && this.state === 'ready' ? this.#silentFor + 1 : 0
    this.#lastPulse = pulse
    if (this.#silentFor >= HUNG_AFTER_S) this.#gone(`it did not answer for ${HUNG_AFTER_S} s`)
  }

  #gone(why: string): void {
    if (this.state === 'gone') return
    this.state = 'gone'
    clearInterval(this.#watch)
    void this.#worker.terminate()
    this.#fits()
    this.#drained()
    for (const [id, held] of this.#jobs) {
      const begun = Atomics.load(this.#begun, held.place) === 1
      this.#end(id, begun ? lost(held, why) : NOT_BEGUN)
    }
    this.#dependencies.onGone(why)
  }
}

/** What of it can be sent; the thread has the same clock. */
function withoutClock({ lockName, authority, run, attempt, epoch }: Fence): NonNullable<Job['fence']> {
  return { lockName, authority, run, attempt, epoch }
}

/** How a device ends whose thread ended under it. */
function lost({ changing, connected, environment }: Held, why: string): DeviceOutcome {
  const ended = `The thread of Tillwright that worked on it ended: ${why}.`
  // A command of `till exec` may change whatever it likes: to run it is to be under way.
  if (changing.size > 0 || (environment.mode === 'exec' && connected)) {
    return lostWhileChanging({ message: ended })
  }
  return { state: 'failed', failure: { code: 'INTERNAL_BUG', phase: 'observe', message: ended } }
}
