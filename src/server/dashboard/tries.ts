import { networkOf } from '../client-address.ts'

/** Within so long so many wrong passwords are taken of one person at one place, of one place, and for one person. */
const WITHIN_MS = 15 * 60_000
const MOST = { both: 5, address: 20, account: 50 } as const
/** Most that are remembered; beyond, the oldest is forgotten. */
const MOST_KEYS = 10_000

interface Count {
  readonly since: number
  times: number
}

/** Counts passwords, or ways back from a provider, that were wrong, so that nobody gets in by trying. */
export class Tries {
  readonly #counts = new Map<string, Count>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Milliseconds until another one may be tried; 0: now. */
  waitMs(account: string | undefined, address: string): number {
    const waits = keysOf(account, address).map(({ key, most }) => {
      const count = this.#count(key)
      return count && count.times >= most ? count.since + WITHIN_MS - this.#now() : 0
    })
    return Math.max(...waits)
  }

  /** One is being judged: it counts until it is known to be right, so that many at once are no way round. */
  begun(account: string | undefined, address: string): void {
    for (const { key } of keysOf(account, address)) {
      const count = this.#count(key) ?? { since: this.#now(), times: 0 }
      count.times += 1
      this.#counts.delete(key)
      this.#counts.set(key, count)
    }
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= MOST_KEYS) return
      this.#counts.delete(oldest)
    }
  }

  /** It was right: what was tried before it by the same person at the same place is forgiven. */
  right(account: string | undefined, address: string): void {
    for (const { key, isBoth } of keysOf(account, address)) {
      const count = this.#counts.get(key)
      if (isBoth) this.#counts.delete(key)
      else if (count) count.times -= 1
    }
  }

  /** It was not judged after all: nothing is known of what was tried, and nothing forgiven. */
  unjudged(account: string | undefined, address: string): void {
    for (const { key } of keysOf(account, address)) {
      const count = this.#counts.get(key)
      if (count) count.times -= 1
    }
  }

  #count(key: string): Count | undefined {
    const count = this.#counts.get(key)
    if (count && this.#now() - count.since < WITHIN_MS) return count
    this.#counts.delete(key)
    return undefined
  }
}

/** Without an account it is not known yet who it is: the address counts alone. */
function keysOf(account: string | undefined, from: string) {
  const address = networkOf(from)
  const place = { key: JSON.stringify(['', address]), most: MOST.address, isBoth: false }
  if (account === undefined) return [place]
  return [
    { key: JSON.stringify([account, address]), most: MOST.both, isBoth: true },
    place,
    { key: JSON.stringify([account, '']), most: MOST.account, isBoth: false },
  ]
}
