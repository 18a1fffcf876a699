/** Within so long so many wrong passwords are taken of one person at one place, of one place, and for one person. */
const WITHIN_MS = 15 * 60_000
const MOST = { both: 5, address: 20, account: 50 } as const
/** Most that are remembered; beyond, the oldest is forgotten. */
const MOST_KEYS = 10_000

interface Count {
  readonly since: number
  times: number
}

/** Counts passwords that were wrong, so that nobody finds one by trying. */
export class Tries {
  readonly #counts = new Map<string, Count>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Milliseconds until another one may be tried; 0: now. */
  waitMs(account: string, address: string): number {
    const waits = keysOf(account, address).map(({ key, most }) => {
      const count = this.#count(key)
      return count && count.times >= most ? count.since + WITHIN_MS - this.#now() : 0
    })
    return Math.max(...waits)
  }

  /** One is being judged: it counts until it is known to be right, so that many at once are no way round. */
  begun(account: string, address: string): void {
    for (const { key } of keysOf(account, address)) {
      const count = this.#count(key) ?? { since: this.#now(), times: 0 }
      count.times += 1
      this.#counts.delete(key)
      this.#counts.set(key, count)
    }
    const [oldest] = this.#counts.keys()
    if (this.#counts.size > MOST_KEYS && oldest !== undefined) this.#counts.delete(oldest)
  }

  /** It was right: what was tried before it by the same person at the same place is forgiven. */
  right(account: string, address: string): void {
    for (const { key, isBoth } of keysOf(account, address)) {
      const count = this.#counts.get(key)
      if (isBoth) this.#counts.delete(key)
      else if (count) count.times -= 1
    }
  }

  #count(key: string): Count | undefined {
    const count = this.#counts.get(key)
    if (count && this.#now() - count.since < WITHIN_MS) return count
    this.#counts.delete(key)
    return undefined
  }
}

function keysOf(account: string, address: string) {
  return [
    { key: JSON.stringify([account, address]), most: MOST.both, isBoth: true },
    { key: JSON.stringify(['', address]), most: MOST.address, isBoth: false },
    { key: JSON.stringify([account, '']), most: MOST.account, isBoth: false },
  ]
}
