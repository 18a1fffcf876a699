import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import {
  type HandingOver,
  isRunKey,
  type LeaseHolder,
  type LeaseKey,
  type LeaseStore,
  type LeaseToken,
} from '../../core/lease.ts'

/** Held for one run, until it is given back or lost. */
export interface Lease {
  readonly token: LeaseToken
  /** Aborted when somebody else may have it: nothing more may be changed under it. */
  readonly lost: AbortSignal
  /** Milliseconds for which it certainly lasts yet; by a clock that goes on while this process or machine sleeps. */
  leftMs(): number
  release(): Promise<void>
}

export type LeaseTaken =
  | { readonly granted: true; readonly lease: Lease }
  | { readonly granted: false; readonly holder: LeaseHolder }

/** How often a controller is heard of within the time for which its leases last. */
const BEATS = 4
/** What of that time nobody here relies on: clocks are read in steps, and what was sent takes time to arrive. */
const RESERVE = 0.1

export interface LeaseKeeperOptions {
  /** For how long leases last without a sign of life. */
  readonly ttlMs: number
  /** Milliseconds by a clock that counts sleep; every process of a machine may have its own zero. */
  readonly clockMs: () => number
}

interface Held {
  readonly token: LeaseToken
  readonly run: string
  readonly lost: AbortController
  /** The controller by which the store knows it. */
  controller: string
}

/**
 * All leases of a controller: one heartbeat holds them, and when that was missed for too long, all are lost. A controller
 * that was stopped and goes on finds out by the clock, before it does anything else under them. Those of runs it goes on with then
 * where nobody else has taken them: under them nothing is changed but the journal, which the store keeps by their epoch.
 */
export class LeaseKeeper {
  readonly #store: LeaseStore
  readonly #options: LeaseKeeperOptions
  readonly #held = new Set<Held>()
  /** A new one after every loss, so that nothing of before comes back to life. */
  #controller = randomUUID()
  /** By `clockMs`: what was heard of this controller holds until then. */
  #until = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined
  /** Shared with worker threads, which have the same clock. */
  readonly shared = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT))

  constructor(store: LeaseStore, options: LeaseKeeperOptions) {
    this.#store = store
    this.#options = options
    this.#setUntil(Number.NEGATIVE_INFINITY)
  }

  get storeId(): string {
    return this.#store.id
  }

  /** Takes all of the keys, or says who has one of them. `over`: see `LeaseStore.acquire`. */
  async take(keys: readonly LeaseKey[], run: string, over: HandingOver = {}): Promise<LeaseTaken> {
    if (this.leftMs() <= 0) await this.#beat()
    this.#timer ??= setInterval(() => void this.#beat().catch(() => undefined), this.#options.ttlMs / BEATS).unref()
    const controller = this.#controller
    const answer = await this.#store.acquire(keys, { run, controller, ...over })
    if (!answer.granted) return answer
    const held: Held = { token: answer.token, run, controller, lost: new AbortController() }
    setMaxListeners(0, held.lost.signal)
    this.#held.add(held)
    // It may have been asked for by a controller that was given up meanwhile.
    if (controller !== this.#controller || this.leftMs() <= 0) this.#lose(held)
    return { granted: true, lease: this.#leaseOf(held) }
  }

  /** Milliseconds for which leases certainly last yet. */
  leftMs(): number {
    return this.#until - this.#options.clockMs()
  }

  /** Gives back everything at once. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#held.clear()
    this.#setUntil(Number.NEGATIVE_INFINITY)
    if (this.#timer) await this.#store.retire(this.#controller).catch(() => undefined)
  }

  #leaseOf(held: Held): Lease {
    let isReleased = false
    return {
      token: held.token,
      lost: held.lost.signal,
      leftMs: () => {
        if (!held.lost.signal.aborted && this.leftMs() <= 0) this.#loseAll()
        return held.lost.signal.aborted ? 0 : this.leftMs()
      },
      release: async () => {
        if (isReleased) return
        isReleased = true
        this.#held.delete(held)
        // One that was lost, too, as long as nobody has it: it would wait for its controller, which is there no more. What cannot
        // be given back ends with its controller, and what came of the device is known by now.
        await this.#store.release(held.token).catch(() => undefined)
      },
    }
  }

  #beat(): Promise<void> {
    this.#beating ??= this.#heartbeat().finally(() => {
      this.#beating = undefined
    })
    return this.#beating
  }

  async #heartbeat(): Promise<void> {
    if (this.#until > Number.NEGATIVE_INFINITY && this.leftMs() <= 0) this.#loseAll()
    const { ttlMs, clockMs } = this.#options
    const isFirst = this.#until === Number.NEGATIVE_INFINITY
    // Counted from before it is sent: the store counts from when it arrives.
    const before = clockMs()
    const controller = this.#controller
    const { intact } = await this.#store.beat(controller, ttlMs)
    // It was given up meanwhile: that it was heard of says nothing of the one after it.
    if (controller !== this.#controller) return this.#heartbeat()
    if (!intact && !isFirst) {
      this.#loseAll()
      return this.#heartbeat()
    }
    this.#setUntil(before + ttlMs * (1 - RESERVE))
    for (const held of this.#held) if (held.controller !== controller) await this.#goOn(held, controller)
  }

  async #goOn(held: Held, controller: string): Promise<void> {
    if (await this.#store.goOn(held.token, { run: held.run, controller })) held.controller = controller
    else this.#lose(held)
  }

  #loseAll(): void {
    this.#controller = randomUUID()
    this.#setUntil(Number.NEGATIVE_INFINITY)
    for (const held of this.#held) if (!held.token.keys.every(isRunKey)) this.#lose(held)
  }

  #lose(held: Held): void {
    this.#held.delete(held)
    held.lost.abort()
  }

  #setUntil(until: number): void {
    this.#until = until
    this.shared[0] = until
  }
}
