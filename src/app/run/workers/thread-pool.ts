import { availableParallelism } from 'node:os'
import type { Device } from '../../../core/fleet.ts'
import type { DeviceOutcome } from '../../../core/outcome.ts'
import type { Runbook } from '../../../core/runbook.ts'
import type { DeviceEnvironment, DeviceWork } from '../../../engine/device/perform-device.ts'
import type { DeviceWorker, WorkerPool } from '../../../engine/fleet/worker-pool.ts'
import type { HandshakeGate } from '../../../transports/index.ts'
import { LoadMeter, wantsThread } from './load.ts'
import { MainWorker } from './main-worker.ts'
import { runbookSourceOf } from './runbook-source.ts'
import { shareLogins } from './share-logins.ts'
import { NOT_BEGUN, ThreadWorker, type ThreadWorkerOptions } from './thread-worker.ts'

/** `auto`: worker threads are added where they help; a number: so many from the start, which do all the work. */
export type Workers = 'auto' | number

const LOOK_EVERY_MS = 200
/** Threads that ended by themselves are replaced, but not for ever. */
const STARTS_PER_WORKER = 3

export interface ThreadPoolOptions
  extends Pick<
    ThreadWorkerOptions,
    'entry' | 'mode' | 'leasedUntil' | 'resolver' | 'scopeOf' | 'neighboursOf' | 'guardsOf' | 'content'
  > {
  readonly work: readonly DeviceWork[]
  /** The folder of tillwright.yaml. */
  readonly root: string
  /** Folder of the user's modules. */
  readonly modules?: string
  readonly workers: Workers
  readonly parallel: number
  /** The gate of this thread. */
  readonly gate: Pick<HandshakeGate, 'resize'>
  /** How many logins may be under way at once, in all threads together. */
  readonly handshakes: number
  /** Tells people that a thread is missing. */
  readonly warn: (text: string) => void
}

/** A worker thread and its part in the pool. */
interface Member {
  readonly thread: ThreadWorker
  readonly worker: DeviceWorker
}

/** The threads of one run: this one, and workers beside it while they help. */
export class ThreadPool implements WorkerPool {
  readonly here: MainWorker
  readonly #dependencies: ThreadPoolOptions
  readonly #runbooks: readonly Runbook[]
  /** Worker threads, at most. */
  readonly #most: number
  readonly #meter = new LoadMeter()
  readonly #timer: NodeJS.Timeout | undefined
  /** Devices that share a connection stay together. */
  readonly #stores = new Map<string, { readonly worker: DeviceWorker; devices: number }>()
  #members: readonly Member[] = []
  #handshakes: number
  #starts = 0
  #left = 0
  #ended = 0
  #sharing: Promise<void> = Promise.resolve()
  #onRoom: () => void = () => undefined

  constructor(dependencies: ThreadPoolOptions) {
    const { workers, handshakes, gate, work } = dependencies
    this.#dependencies = dependencies
    this.#handshakes = handshakes
    this.here = new MainWorker(gate, handshakes, () => this.#onRoom())
    this.#runbooks = [...new Set(work.flatMap((item) => item.runbooks))]
    this.#most = workers === 'auto' ? Math.min(availableParallelism(), handshakes) - 1 : Math.min(workers, handshakes)
    if (workers !== 'auto') for (let n = 0; n < this.#most; n += 1) this.#start()
    else if (this.#most > 0) this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
  }

  /** How many logins may be under way at once from now on. */
  setHandshakes(handshakes: number): void {
    this.#handshakes = handshakes
    this.#share()
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener
  }

  pick(device: Device, left: number): DeviceWorker | undefined {
    this.#left = left
    const bound = sharesConnections(device) ? this.#stores.get(device.store) : undefined
    const worker = bound?.worker ?? this.#idlest()
    return worker && { perform: (work, environment) => this.#perform(worker, work, environment) }
  }

  /** Ends the threads, when nobody works on anything any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#members.map(({ thread }) => thread.close()))
  }

  async #perform(worker: DeviceWorker, work: DeviceWork, environment: DeviceEnvironment): Promise<DeviceOutcome> {
    const { store } = work.device
    const bound = sharesConnections(work.device) ? (this.#stores.get(store) ?? { worker, devices: 0 }) : undefined
    if (bound) {
      this.#stores.set(store, bound)
      bound.devices += 1
    }
    try {
      return await worker.perform(work, environment)
    } finally {
      this.#ended += 1
      if (bound) bound.devices -= 1
      if (bound?.devices === 0) this.#stores.delete(store)
    }
  }

  /** Of those who have room, the one with the fewest devices. */
  #idlest(): DeviceWorker | undefined {
    let fewest = this.#worksHere() && this.here.room > 0 ? this.here.held : Number.POSITIVE_INFINITY
    let worker: DeviceWorker | undefined = fewest === Number.POSITIVE_INFINITY ? undefined : this.here
    for (const member of this.#members) {
      const { room, held } = member.thread
      if (room <= 0 || held >= fewest) continue
      fewest = held
      worker = member.worker
    }
    return worker
  }

  /** With a fixed number of workers this thread keeps to the journal, as long as there are any. */
  #worksHere(): boolean {
    return this.#dependencies.workers === 'auto' || this.#members.length === 0
  }

  #look(): void {
    const { seconds, processors, busy } = this.#meter.measure()
    const rate = this.#ended / seconds
    this.#ended = 0
    if (this.#members.some(({ thread }) => thread.state === 'starting')) return
    const idlest = Math.min(busy, ...this.#members.map(({ thread }) => thread.busy()))
    const threads = 1 + this.#members.length
    if (wantsThread({ threads, most: 1 + this.#most, busy: idlest, processors, left: this.#left, rate })) this.#start()
  }

  #start(): void {
    if (this.#starts >= STARTS_PER_WORKER * this.#most) return
    this.#starts += 1
    const { mode, resolver, scopeOf, neighboursOf, guardsOf, parallel, entry, leasedUntil } = this.#dependencies
    const { content } = this.#dependencies
    const thread: ThreadWorker = new ThreadWorker({
      entry,
      mode,
      leasedUntil,
      root: this.#dependencies.root,
      ...(this.#dependencies.modules !== undefined && { modules: this.#dependencies.modules }),
      resolver,
      scopeOf,
      neighboursOf,
      guardsOf,
      ...(content && { content }),
      runbooks: this.#runbooks,
      runbookSources: this.#runbooks.map(runbookSourceOf),
      places: parallel,
      warn: this.#dependencies.warn,
      onRoom: () => this.#onRoom(),
      onReady: () => this.#share(),
      onGone: (why) => this.#gone(thread, why),
    })
    const perform: DeviceWorker['perform'] = async (work, environment) => {
      const outcome = await thread.perform(work, environment)
      return outcome === NOT_BEGUN ? this.here.perform(work, environment) : outcome
    }
    this.#members = [...this.#members, { thread, worker: { perform } }]
  }

  #gone(thread: ThreadWorker, why: string): void {
    this.#members = this.#members.filter((member) => member.thread !== thread)
    this.#dependencies.warn(`A worker thread of the run ended: ${why}. The run goes on without it.`)
    if (this.#dependencies.workers !== 'auto' && this.#left > 0) this.#start()
    this.#share()
  }

  #share(): void {
    this.#sharing = this.#sharing.then(async () => {
      const ready = this.#members.map(({ thread }) => thread).filter((thread) => thread.state === 'ready')
      if (!this.#worksHere() && ready.length > 0) await this.here.setLogins(0)
      await shareLogins(this.#handshakes, this.#worksHere() || ready.length === 0 ? [this.here, ...ready] : ready)
      this.#onRoom()
    })
  }
}

/** Those behind a gateway, or hanging on a till, use its connection in common. */
function sharesConnections({ transport, attached_to }: Device): boolean {
  return transport.via !== undefined || attached_to !== undefined
}
