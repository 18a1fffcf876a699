import { setTimeout as pause } from 'node:timers/promises'

/** Milliseconds that only go forward. */
export interface PaceClock {
  now(): number
  /** Given up once `signal` says so. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const SYSTEM: PaceClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => pause(ms, undefined, { ref: false, ...(signal && { signal }) }).catch(() => undefined),
}

/** Bytes that may go at a rate, in the order in which they were asked for. */
class Line {
  /** When what was asked for so far has gone. */
  #freeAt = 0

  async take(bytes: number, rate: number, clock: PaceClock): Promise<void> {
    const at = Math.max(clock.now(), this.#freeAt)
    this.#freeAt = at + (bytes / rate) * 1_000
    const waitMs = at - clock.now()
    if (waitMs > 0) await clock.sleep(waitMs)
  }
}

/** How long something was waited for, up to now. */
export class Stopwatch {
  #ms = 0
  #since: number | undefined

  get ms(): number {
    return this.#ms + (this.#since === undefined ? 0 : performance.now() - this.#since)
  }

  async during<T>(waiting: Promise<T>): Promise<T> {
    this.#since = performance.now()
    try {
      return await waiting
    } finally {
      this.#ms = this.ms
      this.#since = undefined
    }
  }
}

export interface Rates {
  /** Bytes a second. */
  readonly perStore?: number
  readonly fleet?: number
}

/** How fast files may go over the lines of stores, over all runs of a process. */
export class LineLimits {
  readonly #clock: PaceClock
  readonly #stores = new Map<string, Line>()
  readonly #fleet = new Line()

  constructor(clock: PaceClock = SYSTEM) {
    this.#clock = clock
  }

  /** Resolves when they may go. The fleet's turn is asked for only then, so that a slow store keeps none from the others. */
  async take(store: string, bytes: number, { perStore, fleet }: Rates): Promise<void> {
    if (perStore !== undefined) await this.#line(store).take(bytes, perStore, this.#clock)
    if (fleet !== undefined) await this.#fleet.take(bytes, fleet, this.#clock)
  }

  #line(store: string): Line {
    const line = this.#stores.get(store) ?? new Line()
    this.#stores.set(store, line)
    return line
  }
}
