import { setTimeout as pause } from 'node:timers/promises'

/** Milliseconds that only go forward. */
export interface PaceClock {
  now(): number
  sleep(ms: number): Promise<void>
}

const SYSTEM: PaceClock = {
  now: () => performance.now(),
  sleep: (ms) => pause(ms, undefined, { ref: false }),
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

  aheadMs(clock: PaceClock): number {
    return Math.max(0, this.#freeAt - clock.now())
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
  #waiting = 0

  constructor(clock: PaceClock = SYSTEM) {
    this.#clock = clock
  }

  /** Resolves when they may go. The fleet's turn is asked for only then, so that a slow store keeps none from the others. */
  async take(store: string, bytes: number, { perStore, fleet }: Rates): Promise<void> {
    this.#waiting += 1
    try {
      if (perStore !== undefined) await this.#line(store).take(bytes, perStore, this.#clock)
      if (fleet !== undefined) await this.#fleet.take(bytes, fleet, this.#clock)
    } finally {
      this.#waiting -= 1
    }
  }

  /** How long so many bytes may take by that, with those that are on their way now. */
  patienceMs(store: string, bytes: number, { perStore, fleet }: Rates): number {
    const own = perStore === undefined ? 0 : this.#line(store).aheadMs(this.#clock) + (bytes / perStore) * 1_000
    const shared = fleet === undefined ? 0 : (bytes / fleet) * 1_000 * (this.#waiting + 1)
    return 2 * Math.ceil(own + shared)
  }

  #line(store: string): Line {
    const line = this.#stores.get(store) ?? new Line()
    this.#stores.set(store, line)
    return line
  }
}
