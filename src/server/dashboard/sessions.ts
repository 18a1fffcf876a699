import { createHash, randomBytes } from 'node:crypto'
import type { KnownAccounts } from '../../app/accounts/known-accounts.ts'
import type { KnownAccount } from '../../app/accounts/open-accounts.ts'
import type { SessionLimits } from '../../core/account.ts'
import { MOST_AHEAD_MS, wasWithin } from '../../core/clock-ahead.ts'
import type { Session, SessionStore } from '../../core/session.ts'

/** Being used is noted once in so long: a page asks often. */
const NOTE_MS = 30_000

/** A session that goes on, with whom it is of. */
export interface OpenSession {
  readonly session: Session
  readonly known: KnownAccount
  /** When it ends at the latest, in milliseconds since 1970. */
  readonly until: number
}

/** Begins, finds and ends sessions. The browser has a key of 32 bytes by chance; the store has only its digest. */
export class Sessions {
  readonly #store: SessionStore
  readonly #limits: () => SessionLimits

  constructor(store: SessionStore, limits: () => SessionLimits) {
    this.#store = store
    this.#limits = limits
  }

  /** The key for the browser. */
  async begin({ account, proof }: KnownAccount): Promise<string> {
    const key = randomBytes(32).toString('base64url')
    const now = Date.now()
    await this.#forget(now)
    await this.#store.begin({ id: idOf(key), account: account.name, proof, begun: now, used: now })
    return key
  }

  /**
   * The session of a key; undefined where it is over, or whoever it is of is not let in so any more. `isUse`: somebody did
   * something, and not a page by itself.
   */
  async find(
    key: string,
    of: { readonly accounts: KnownAccounts; readonly isUse: boolean },
  ): Promise<OpenSession | undefined> {
    if (!/^[\w-]{43}$/.test(key)) return undefined
    const session = await this.#store.find(idOf(key))
    const known = session && of.accounts.ofSession(session)
    if (!session || !known) return undefined
    const { idleMs, wholeMs } = this.#limits()
    const now = Date.now()
    const { begun, used } = session
    const until = Math.min(begun + wholeMs, used + idleMs)
    // One that was begun, or used, while the clock was ahead would go on until that time has come.
    if (!wasWithin(wholeMs, { at: begun, now }) || !wasWithin(idleMs, { at: used, now })) {
      await this.#store.end(session.id)
      return undefined
    }
    if (of.isUse && now - used > NOTE_MS) await this.#store.use(session.id, now)
    return { session, known, until }
  }

  async end(key: string): Promise<void> {
    await this.#store.end(idOf(key))
  }

  async #forget(now: number): Promise<void> {
    const { idleMs, wholeMs } = this.#limits()
    await this.#store.forget({ begun: now - wholeMs, used: now - idleMs, ahead: now + MOST_AHEAD_MS })
  }
}

/** What a page has to send along with whatever changes something: only a page that may read our answers knows it. */
export function csrfOf(key: string): string {
  return createHash('sha256').update(`csrf\0${key}`).digest('base64url')
}

function idOf(key: string): string {
  return createHash('sha256').update(`session\0${key}`).digest('hex')
}
