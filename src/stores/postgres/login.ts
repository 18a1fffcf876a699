import { isDeepStrictEqual } from 'node:util'
import type { ClientConfig } from 'pg'

/** Reading it may start a program. */
const AGAIN_MS = 5_000

/**
 * Where a server is, and how to log in at it. Passwords, users and certificates are changed while processes go on; another place would be
 * another state.
 */
export class DatabaseLogin {
  #config: ClientConfig
  readonly #again: (() => Promise<ClientConfig>) | undefined
  #againAt = Number.NEGATIVE_INFINITY
  /** The server has let in by it, or by the one before: what is refused now may be about to be changed. */
  wasTaken = false

  /** `again` reads it anew. */
  constructor(config: ClientConfig, again: (() => Promise<ClientConfig>) | undefined) {
    this.#config = config
    this.#again = again
  }

  get config(): ClientConfig {
    return this.#config
  }

  /** Reads it anew, some time after the last; false where it is what it was, or cannot be read. */
  async renew(): Promise<boolean> {
    if (performance.now() - this.#againAt < AGAIN_MS) return false
    this.#againAt = performance.now()
    const read = await this.#again?.().catch(() => undefined)
    if (!read) return false
    const { user, password, ssl } = read
    const next = { ...this.#config, user, password, ssl }
    if (isDeepStrictEqual(next, this.#config)) return false
    this.#config = next
    return true
  }
}
