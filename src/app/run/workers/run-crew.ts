import { availableParallelism } from 'node:os'
import type { Device } from '../../../core/fleet.ts'
import type { DeviceOutcome } from '../../../core/outcome.ts'
import type { Runbook } from '../../../core/runbook.ts'
import type { DeviceEnvironment, DeviceWork } from '../../../engine/device/perform-device.ts'
import type { Crew, Hand } from '../../../engine/fleet/crew.ts'
import type { HandshakeGate } from '../../../transports/index.ts'
import { MainHand } from './here.ts'
import { LoadMeter, wantsThread } from './load.ts'
import { recipeOf } from './recipes.ts'
import { shareLogins } from './share-logins.ts'
import { NOT_BEGUN, ThreadHand, type ThreadMeans } from './thread-hand.ts'

/** `auto`: worker threads are added where they help; a number: so many from the start, which do all the work. */
export type Workers = 'auto' | number

const LOOK_EVERY_MS = 200
/** Threads that ended by themselves are replaced, but not for ever. */
const STARTS_PER_WORKER = 3

export interface CrewMeans extends Pick<ThreadMeans, 'entry' | 'mode' | 'resolver' | 'scopeOf' | 'neighboursOf'> {
  readonly work: readonly DeviceWork[]
  /** Folder of the user's modules. */
  readonly modules?: string
  readonly workers: Workers
  readonly parallel: number
  /** The gate of this thread. */
  readonly gate: HandshakeGate
  /** How many logins may be under way at once, in all threads together. */
  readonly handshakes: number
  /** Tells people that a thread is missing. */
  readonly warn: (text: string) => void
}

/** A worker thread and its part in the crew. */
interface Member {
  readonly thread: ThreadHand
  readonly hand: Hand
}

/** The threads of one run: this one, and workers beside it while they help. */
export class RunCrew implements Crew {
  readonly here: MainHand
  readonly #means: CrewMeans
  readonly #runbooks: readonly Runbook[]
  /** Worker threads, at most. */
  readonly #most: number
  readonly #meter = new LoadMeter()
  readonly #timer: NodeJS.Timeout | undefined
  /** Devices that share a connection stay together. */
  readonly #stores = new Map<string, { readonly hand: Hand; devices: number }>()
  #members: readonly Member[] = []
  #starts = 0
  #left = 0
  #ended = 0
  #sharing: Promise<void> = Promise.resolve()
  #onRoom: () => void = () => undefined

  constructor(means: CrewMeans) {
    const { workers, handshakes, gate, work } = means
    this.#means = means
    this.here = new MainHand(gate, handshakes, () => this.#onRoom())
    this.#runbooks = [...new Set(work.flatMap((item) => item.runbooks))]
    this.#most = workers === 'auto' ? Math.min(availableParallelism(), handshakes) - 1 : Math.min(workers, handshakes)
    if (workers !== 'auto') for (let n = 0; n < this.#most; n += 1) this.#start()
    else if (this.#most > 0) this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener
  }

  pick(device: Device, left: number): Hand | undefined {
    this.#left = left
    const bound = sharesConnections(device) ? this.#stores.get(device.store) : undefined
    const hand = bound?.hand ?? this.#idlest()
    return hand && { perform: (work, environment) => this.#perform(hand, work, environment) }
  }

  /** Ends the threads, when nobody works on anything any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#members.map(({ thread }) => thread.close()))
  }

  async #perform(hand: Hand, work: DeviceWork, environment: DeviceEnvironment): Promise<DeviceOutcome> {
    const { store } = work.device
    const bound = sharesConnections(work.device) ? (this.#stores.get(store) ?? { hand, devices: 0 }) : undefined
    if (bound) {
      this.#stores.set(store, bound)
      bound.devices += 1
    }
    try {
      return await hand.perform(work, environment)
    } finally {
      this.#ended += 1
      if (bound) bound.devices -= 1
      if (bound?.devices === 0) this.#stores.delete(store)
    }
  }

  /** Of those who have room, the one with the fewest devices. */
  #idlest(): Hand | undefined {
    let fewest = this.#worksHere() && this.here.room > 0 ? this.here.held : Number.POSITIVE_INFINITY
    let hand: Hand | undefined = fewest === Number.POSITIVE_INFINITY ? undefined : this.here
    for (const member of this.#members) {
      const { room, held } = member.thread
      if (room <= 0 || held >= fewest) continue
      fewest = held
      hand = member.hand
    }
    return hand
  }

  /** With a fixed number of workers this thread keeps to the journal, as long as there are any. */
  #worksHere(): boolean {
    return this.#means.workers === 'auto' || this.#members.length === 0
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
    const { mode, resolver, scopeOf, neighboursOf, parallel, entry } = this.#means
    const thread: ThreadHand = new ThreadHand({
      entry,
      mode,
      ...(this.#means.modules !== undefined && { modules: this.#means.modules }),
      resolver,
      scopeOf,
      neighboursOf,
      runbooks: this.#runbooks,
      recipes: this.#runbooks.map(recipeOf),
      places: parallel,
      warn: this.#means.warn,
      onRoom: () => this.#onRoom(),
      onReady: () => this.#share(),
      onGone: (why) => this.#gone(thread, why),
    })
    const perform: Hand['perform'] = async (work, environment) => {
      const outcome = await thread.perform(work, environment)
      return outcome === NOT_BEGUN ? this.here.perform(work, environment) : outcome
    }
    this.#members = [...this.#members, { thread, hand: { perform } }]
  }

  #gone(thread: ThreadHand, why: string): void {
    this.#members = this.#members.filter((member) => member.thread !== thread)
    this.#means.warn(`A worker thread of the run ended: ${why}. The run goes on without it.`)
    if (this.#means.workers !== 'auto' && this.#left > 0) this.#start()
    this.#share()
  }

  #share(): void {
    this.#sharing = this.#sharing.then(async () => {
      const ready = this.#members.map(({ thread }) => thread).filter((thread) => thread.state === 'ready')
      if (!this.#worksHere() && ready.length > 0) await this.here.setLogins(0)
      await shareLogins(this.#means.handshakes, this.#worksHere() || ready.length === 0 ? [this.here, ...ready] : ready)
      this.#onRoom()
    })
  }
}

/** Those behind a gateway, or hanging on a till, use its connection in common. */
function sharesConnections({ transport, attached_to }: Device): boolean {
  return transport.via !== undefined || attached_to !== undefined
}
