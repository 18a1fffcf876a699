import { uptime } from 'node:os'
import { counted } from '../core/counted.ts'
import { DAY_MS } from '../core/duration.ts'
import type { HookStore, HookWorker } from '../core/hook-store.ts'
import type { ServerLog } from './server-log.ts'

/** The claim outlives some that come late; a server that is gone is known at once on its own machine. */
const TTL_MS = 20_000
/** Of it, by which the one who has it counts shorter than the others. */
const RESERVE_MS = 2_000
const RENEW_MS = 5_000
/** Without an answer for so long the store is away. */
const SILENT_MS = 15_000
const SETTLE_MS = 10_000
const FORGET_MS = 3_600_000

/** Nobody can set it, and it goes on while the machine sleeps, as the claim does for all others. */
function clockMs(): number {
  return uptime() * 1000
}

/** Being the one process that works the inbox off, and what has to be done in it from time to time. */
export class Post {
  readonly #store: HookStore
  readonly #log: ServerLog
  readonly #keepDays: () => number
  /** Whether this process makes a repair of an episode. */
  readonly #isUnderWay: (episode: string) => boolean
  /** By the clock that nobody can set; what was claimed lasts until then. */
  #oursUntil = Number.NEGATIVE_INFINITY
  #answeredAt = clockMs()
  #hadIt = false
  #timers: NodeJS.Timeout[] = []

  constructor(
    store: HookStore,
    of: {
      readonly log: ServerLog
      readonly keepDays: () => number
      readonly isUnderWay: (episode: string) => boolean
    },
  ) {
    this.#store = store
    this.#log = of.log
    this.#keepDays = of.keepDays
    this.#isUnderWay = of.isUnderWay
  }

  /** A process that was stopped and goes on knows by the clock that it may have lost it. */
  get isOurs(): boolean {
    return clockMs() < this.#oursUntil
  }

  /** The store has answered lately. */
  get isHeard(): boolean {
    return clockMs() - this.#answeredAt < SILENT_MS
  }

  /** Takes the post, and settles what whoever had it before has left in doubt; gives who has it, if that is another one. */
  async take(): Promise<HookWorker | undefined> {
    this.#hadIt = await this.#claim()
    if (!this.#hadIt) return (await this.#store.worker()) ?? { host: '?', pid: 0, since: new Date().toISOString() }
    await this.#clearDoubt()
    return undefined
  }

  /** Keeps it from now on, or takes it as soon as nobody has it. */
  keep(): void {
    this.#every(RENEW_MS, () => this.#renew())
    this.#every(SETTLE_MS, () => this.#clearDoubt())
    this.#every(FORGET_MS, () => this.#store.forget(new Date(Date.now() - this.#keepDays() * DAY_MS)))
  }

  async leave(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    const had = this.#hadIt
    this.#hadIt = false
    this.#oursUntil = Number.NEGATIVE_INFINITY
    if (had) await this.#store.release()
  }

  async #claim(): Promise<boolean> {
    const before = clockMs()
    const isOurs = await this.#store.claim(TTL_MS)
    this.#answeredAt = clockMs()
    this.#oursUntil = isOurs ? before + TTL_MS - RESERVE_MS : Number.NEGATIVE_INFINITY
    return isOurs
  }

  async #renew(): Promise<void> {
    const before = this.#hadIt
    this.#hadIt = await this.#claim()
    if (before && !this.#hadIt)
      this.#log.say('Another server works on this state by now: this one takes alerts in, and stands by.')
    if (before || !this.#hadIt) return
    this.#log.say('This server works on the alerts of this state from now on.')
    await this.#clearDoubt()
  }

  async #clearDoubt(): Promise<void> {
    const lost = this.isOurs ? await this.#store.settleDoubt(new Date(), this.#isUnderWay) : 0
    if (lost > 0)
      this.#log.say(
        `${counted(lost, 'repair')} that nobody makes any more: how it ended is not known, each counts as made.`,
      )
  }

  #every(ms: number, work: () => Promise<void>): void {
    const timer = setInterval(() => {
      work().catch((error) => this.#log.sayOf('post', `The state store: ${(error as Error).message}`))
    }, ms)
    timer.unref()
    this.#timers.push(timer)
  }
}
