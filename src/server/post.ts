import type { HookStore, HookWorker } from '../core/hook-store.ts'
import type { ServerLog } from './server-log.ts'

/** The claim outlives some that come late; a server that is gone is known at once on its own machine. */
const TTL_MS = 20_000
const RENEW_MS = 5_000
const SETTLE_MS = 10_000
const FORGET_MS = 3_600_000
const DAY_MS = 86_400_000

/** Being the one process that works the inbox off, and what has to be done in it from time to time. */
export class Post {
  readonly #store: HookStore
  readonly #log: ServerLog
  readonly #keepDays: () => number
  #isOurs = false
  #timers: NodeJS.Timeout[] = []

  constructor(store: HookStore, log: ServerLog, keepDays: () => number) {
    this.#store = store
    this.#log = log
    this.#keepDays = keepDays
  }

  get isOurs(): boolean {
    return this.#isOurs
  }

  /** Takes the post, and settles what whoever had it before has left in doubt; gives who has it, if that is another one. */
  async take(): Promise<HookWorker | undefined> {
    const now = new Date()
    this.#isOurs = await this.#store.claim(now, TTL_MS)
    if (!this.#isOurs) return (await this.#store.worker(now)) ?? { host: '?', pid: 0, since: now.toISOString() }
    await this.#settle()
    this.#every(RENEW_MS, () => this.#renew())
    this.#every(SETTLE_MS, () => this.#settle())
    this.#every(FORGET_MS, () => this.#store.forget(new Date(Date.now() - this.#keepDays() * DAY_MS)))
    return undefined
  }

  async leave(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    if (this.#isOurs) await this.#store.release()
    this.#isOurs = false
  }

  async #renew(): Promise<void> {
    const before = this.#isOurs
    this.#isOurs = await this.#store.claim(new Date(), TTL_MS)
    if (before && !this.#isOurs)
      this.#log.say('Another server works on this state by now: this one takes alerts in only.')
    if (!before && this.#isOurs) this.#log.say('This server works on the alerts of this state again.')
  }

  async #settle(): Promise<void> {
    const lost = this.#isOurs ? await this.#store.settleDoubt(new Date()) : 0
    if (lost > 0)
      this.#log.say(`${lost} repairs of a process that is gone: how they ended is not known, they count as made.`)
  }

  #every(ms: number, work: () => Promise<void>): void {
    const timer = setInterval(() => {
      work().catch((error) => this.#log.sayOf('post', `The state store: ${(error as Error).message}`))
    }, ms)
    timer.unref()
    this.#timers.push(timer)
  }
}
