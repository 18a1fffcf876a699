import { setMaxListeners } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import type { ContentDesk, ContentSettings } from '../../core/content.ts'
import type { RunEventBody } from '../../core/events.ts'
import type { Result } from '../../core/failure.ts'
import type { Fence } from '../../core/fence.ts'
import type { Device } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import type { DeviceFact, Sample } from '../../core/sample.ts'
import type { Secret } from '../../core/secret.ts'
import type { Target } from '../../core/transport.ts'
import type { ChangeAnswer } from '../../engine/admission/admission.ts'
import { type DeviceEnvironment, performDevice } from '../../engine/device/perform-device.ts'
import { bootClockMs } from '../../stores/process-identity.ts'
import { createHandshakeGate, drained, openTransports } from '../../transports/index.ts'
import { openModules } from '../revision/repository-modules.ts'
import { deviceEnvironment } from './device-environment.ts'
import {
  type Answer,
  type ContentAsk,
  type FromThread,
  type Job,
  type Question,
  readMessages,
  ThreadMail,
  type ThreadSetup,
  type ToThread,
  unpackSecrets,
} from './workers/messages.ts'
import { openRunbookSource } from './workers/runbook-source.ts'

const PULSE_MS = 500

/**
 * A worker thread of a run: works on devices that the main thread sends, with the same engine. It has no store, no
 * secrets, no inventory and no signals of its own; what it needs of those it asks for.
 */
class Thread {
  readonly #runbooks: ReturnType<typeof openRunbookSource>[]
  readonly #begun: Uint8Array
  readonly #outbox: ThreadMail<FromThread>
  readonly #gate = createHandshakeGate(0)
  readonly #transports = openTransports(this.#gate, (text) => this.#outbox.send({ type: 'warning', text }))
  readonly #stopping = new AbortController()
  readonly #aborting = new AbortController()
  readonly #jobs = new Map<string, Job>()
  readonly #lost = new Map<number, AbortController>()
  readonly #leasedUntil: Float64Array
  readonly #open = new Map<number, { resolve: (value: JsonValue) => void; reject: (error: Error) => void }>()
  readonly #environment: DeviceEnvironment
  #questions = 0

  constructor(setup: ThreadSetup, post: (text: string) => void) {
    this.#outbox = new ThreadMail(post)
    this.#begun = new Uint8Array(setup.begun)
    this.#leasedUntil = new Float64Array(setup.leasedUntil)
    const modules = openModules(setup.modules).all
    this.#runbooks = setup.runbookSources.map((source) => openRunbookSource(source, modules))
    setMaxListeners(0, this.#stopping.signal, this.#aborting.signal)
    const secrets = new Map<string, Promise<JsonValue>>()
    this.#environment = deviceEnvironment({
      root: setup.root,
      modules,
      mode: setup.mode,
      admission: { place: () => Promise.reject(new Error('the main thread admits')) },
      fenceOf: (device) => this.#fenceOf(device),
      guardsOf: (device) => this.#job(device.name).guards,
      leaveToChange: async (device, guards, warned) => {
        const { id } = this.#job(device.name)
        return (await this.#ask({ about: 'change', id, guards, ...(warned && { warned }) })) as unknown as ChangeAnswer
      },
      stopping: this.#stopping.signal,
      aborting: this.#aborting.signal,
      emit: (body) => this.#emit(body),
      mask: async (value) => (await this.#ask({ about: 'mask', value: value as JsonValue })) as typeof value,
      scopeOf: (device) => this.#job(device.name).scope,
      historyOf: (device) => ({
        fact: async (name, source) => {
          const { id } = this.#job(device.name)
          return (await this.#ask({ about: 'fact', id, name, source })) as unknown as DeviceFact | null
        },
        samples: async (series, since, until) => {
          const { id } = this.#job(device.name)
          const when = { since: since.toISOString(), until: until?.toISOString() }
          const found = await this.#ask({ about: 'samples', id, series, ...when })
          return found as unknown as readonly Sample[]
        },
      }),
      readSecret: async (reference) => {
        const known = secrets.get(reference) ?? this.#ask({ about: 'secret', reference })
        secrets.set(reference, known)
        return unpackSecrets(await known) as Result<Secret>
      },
      sessions: {
        resolver: {
          resolve: async (device, end, behalf) => {
            const on = this.#on(device, behalf)
            return unpackSecrets(await this.#ask({ about: 'target', ...on, end })) as Result<Target>
          },
          loggedIn: async (device, end, login, behalf) => {
            const on = this.#on(device, behalf)
            const again = unpackSecrets(await this.#ask({ about: 'login', ...on, end, login }))
            return (again ?? undefined) as Result<Target> | undefined
          },
        },
        transports: this.#transports,
        neighboursOf: (device) => this.#job(device.name).neighbours,
        ...(setup.content && { content: this.#contentDesk(setup.content) }),
        watch: {
          connecting: () => undefined,
          connected: (device: Device) => this.#outbox.send({ type: 'connected', id: this.#job(device.name).id }),
        },
      },
    })
    this.#outbox.send({ type: 'ready' })
  }

  receive(message: ToThread): void {
    if (message.type === 'work') void this.#work(message.job)
    else if (message.type === 'answer') this.#answered(message.to, message.answer)
    else if (message.type === 'logins') {
      void this.#gate.resize(message.limit).then(() => this.#outbox.send({ type: 'fits' }))
    } else if (message.type === 'lost') this.#lost.get(message.id)?.abort()
    else if (message.type === 'drain') {
      void drained(this.#transports).then(() => this.#outbox.send({ type: 'drained' }))
    } else {
      if (message.hard) this.#aborting.abort()
      this.#stopping.abort()
    }
  }

  async #work(job: Job): Promise<void> {
    const { id, device, planned, carried, undoes } = job
    Atomics.store(this.#begun, job.place, 1)
    this.#jobs.set(device.name, job)
    const lost = new AbortController()
    this.#lost.set(id, lost)
    const runbooks = job.runbooks.flatMap((index) => this.#runbooks[index] ?? [])
    try {
      const left = { ...(planned && { planned }), ...(carried && { carried }), ...(undoes && { undoes }) }
      const work = { device, runbooks, lost: lost.signal, ...left }
      this.#outbox.send({ type: 'outcome', id, outcome: await performDevice(work, this.#environment) })
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#outbox.send({ type: 'broken', id, error: text })
    } finally {
      this.#jobs.delete(device.name)
      this.#lost.delete(id)
    }
  }

  #fenceOf({ name }: Device): Fence | undefined {
    const { fence } = this.#job(name)
    return fence && { ...fence, leftMs: () => (this.#leasedUntil[0] ?? 0) - bootClockMs() }
  }

  /** How a question names a device, or another one of its store on its behalf. */
  #on(device: Device, behalf: Device | undefined): { readonly id: number; readonly peer?: string } {
    const { id } = this.#job((behalf ?? device).name)
    return behalf ? { id, peer: device.name } : { id }
  }

  #contentDesk(settings: ContentSettings): ContentDesk {
    const ask = (device: Device, what: ContentAsk, behalf?: Device): Promise<JsonValue> =>
      this.#ask({ about: 'content', ...this.#on(device, behalf), ask: what })
    return {
      settings,
      sideOf: (device) => this.#job(device.name).content ?? { isMetered: false, peers: [] },
      take: async (device, bytes) => void (await ask(device, { what: 'take', bytes })),
      seek: async (device, sha256) => (await ask(device, { what: 'seek', sha256 })) as readonly string[],
      foresee: async (device, sha256, of) =>
        ((await ask(device, { what: 'foresee', sha256, ...of })) as string | null) ?? undefined,
      got: async (device, sha256, whole, behalf) => void (await ask(device, { what: 'got', sha256, whole }, behalf)),
    }
  }

  #job(device: string): Job {
    return this.#jobs.get(device) as Job
  }

  /** Only what a change waits for is waited for; everything else is on its way in the right order. */
  async #emit(body: RunEventBody): Promise<void> {
    const { id } = this.#job('device' in body ? body.device : '')
    if (body.type === 'step.converging' || body.type === 'device.warned')
      await this.#ask({ about: 'journal', id, body })
    else this.#outbox.send({ type: 'event', id, body })
  }

  #ask(question: Question): Promise<JsonValue> {
    this.#questions += 1
    const number = this.#questions
    this.#outbox.send({ type: 'question', number, question })
    return new Promise((resolve, reject) => this.#open.set(number, { resolve, reject }))
  }

  #answered(number: number, answer: Answer): void {
    const asked = this.#open.get(number)
    this.#open.delete(number)
    if ('error' in answer) asked?.reject(new Error(answer.error))
    else asked?.resolve(answer.value)
  }
}

function main(): void {
  const setup = workerData as ThreadSetup
  const post = (text: string): void => parentPort?.postMessage(text)
  const pulse = new Int32Array(setup.pulse)
  let thread: Thread
  try {
    thread = new Thread(setup, post)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    post(JSON.stringify([{ type: 'refused', why } satisfies FromThread]))
    return
  }
  setInterval(() => Atomics.add(pulse, 0, 1), PULSE_MS)
  parentPort?.on('message', (text: string) => {
    for (const message of readMessages<ToThread>(text)) thread.receive(message)
  })
}

main()
