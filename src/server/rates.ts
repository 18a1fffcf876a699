/** Most of them that are remembered; beyond, the one that was quiet for longest is forgotten. */
const MOST_KEYS = 10_000

interface Bucket {
  left: number
  at: number
}

/** How much each of many may do a second, on average; at once twice as much. */
export class Rates {
  readonly #buckets = new Map<string, Bucket>()
  readonly #clockMs: () => number

  constructor(clockMs: () => number) {
    this.#clockMs = clockMs
  }

  /** Whether there is room for one more of `key`, without taking it. */
  hasRoom(key: string, perSecond: number): boolean {
    return this.#filled(key, perSecond).left >= 1
  }

  /** Takes room for one; false where there is none. */
  take(key: string, perSecond: number): boolean {
    const bucket = this.#filled(key, perSecond)
    if (bucket.left < 1) return false
    bucket.left -= 1
    return true
  }

  #filled(key: string, perSecond: number): Bucket {
    const now = this.#clockMs()
    const most = perSecond * 2
    const before = this.#buckets.get(key) ?? { left: most, at: now }
    const bucket = { left: Math.min(most, before.left + ((now - before.at) / 1000) * perSecond), at: now }
    // Those that were asked for last stand last.
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > MOST_KEYS && oldest !== undefined) this.#buckets.delete(oldest)
    return bucket
  }
}
