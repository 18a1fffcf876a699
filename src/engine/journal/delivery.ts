import type { RunEvent } from '../../core/events.ts'
import type { Reporter } from '../../core/ports.ts'

/** Events that wait in memory for one reporter; beyond them it reads on from the store. */
const MOST_WAITING = 2_000

export interface DeliveryOptions {
  readonly most?: number
  /** What is to be given first, of a run that is carried on, and the number of the last event that stands for. */
  readonly before?: EarlierEvents | undefined
}

/** What still stands of the events of a run that is carried on. */
export interface EarlierEvents {
  readonly seq: number
  readonly events: () => Iterable<RunEvent>
}

/**
 * The way of events to one reporter, at its own pace: a slow one holds up nobody, and misses nothing. One that throws has a
 * bug; it gets nothing more, and what it threw is told at the end.
 */
export class Delivery {
  readonly #reporter: Reporter
  readonly #read: (after: number) => AsyncIterable<RunEvent>
  readonly #most: number
  #waiting: RunEvent[] = []
  /** Number of the last event that it was given, and of the last that there is. */
  #given = 0
  #last = 0
  #working: Promise<void> = Promise.resolve()
  #isWorking = false
  #before: (() => Iterable<RunEvent>) | undefined
  #failed: { readonly error: unknown } | undefined

  /** `read`: events of the run behind a number, from the store. */
  constructor(reporter: Reporter, read: (after: number) => AsyncIterable<RunEvent>, options: DeliveryOptions = {}) {
    const { most = MOST_WAITING, before } = options
    this.#reporter = reporter
    this.#read = read
    this.#most = most
    if (!before) return
    this.#given = before.seq
    if (!reporter.onlyNew) this.#before = before.events
  }

  add(event: RunEvent): void {
    this.#last = event.seq
    if (this.#waiting.length < this.#most && this.#isNext(event)) this.#waiting.push(event)
    if (this.#isWorking || this.#failed) return
    this.#isWorking = true
    this.#working = this.#work()
  }

  async close(): Promise<void> {
    await this.#working
    await this.#reporter.close()
    if (this.#failed) throw this.#failed.error
  }

  /** Where one is missing in memory, all behind it come from the store. */
  #isNext({ seq }: RunEvent): boolean {
    return seq === (this.#waiting.at(-1)?.seq ?? this.#given) + 1
  }

  async #work(): Promise<void> {
    try {
      const before = this.#before?.() ?? []
      this.#before = undefined
      for (const event of before) await this.#reporter.event(event)
      while (this.#given < this.#last) {
        const batch = this.#waiting
        this.#waiting = []
        for (const event of batch) await this.#give(event)
        if (this.#waiting.length > 0 || this.#given >= this.#last) continue
        for await (const event of this.#read(this.#given)) await this.#give(event)
      }
    } catch (error) {
      this.#failed = { error }
      this.#waiting = []
    }
    this.#isWorking = false
  }

  /** Once each, and in order: what was read from the store may wait in memory, too. */
  async #give(event: RunEvent): Promise<void> {
    if (event.seq !== this.#given + 1) return
    await this.#reporter.event(event)
    this.#given = event.seq
  }
}
