import type { RunEvent } from '../../../core/events.ts'
import { type Bell, bellOf, type LeaveQuestion } from '../../../core/handed-work.ts'
import type { RunStore } from '../../../core/run-store.ts'

/** Nobody rings where a pooler stands between, or where the server was away. */
const LOOK_EVERY_MS = 1_000

interface FollowerOptions {
  readonly run: string
  readonly store: RunStore
  readonly event: (event: RunEvent) => void
  /** Absent: nobody asks. */
  readonly question: ((question: LeaveQuestion) => Promise<void>) | undefined
}

/** Reads what workers write of a run, as they write it: events in their order, and questions. */
export class RunFollower {
  readonly #options: FollowerOptions
  readonly #unlisten: () => void
  readonly #answering = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #after: number
  #looking: Promise<void> | undefined
  #again = false
  #waiters: { readonly seq: number; readonly resolve: () => void }[] = []
  readonly #failed = new AbortController()

  constructor(options: FollowerOptions & { readonly bell: Bell; readonly after: number }) {
    this.#options = options
    this.#after = options.after
    this.#unlisten = options.bell.on(bellOf.run(options.run), () => this.look())
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS)
  }

  /** Aborted where what was written cannot be read, or not be answered. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  look(): void {
    this.#again = true
    this.#looking ??= this.#lookAll().finally(() => {
      this.#looking = undefined
    })
  }

  /** Resolves when all up to this number was read. */
  async upTo(seq: number): Promise<void> {
    if (this.#after >= seq || this.#failed.signal.aborted) return
    const reached = new Promise<void>((resolve) => this.#waiters.push({ seq, resolve }))
    this.look()
    await reached
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#unlisten()
    this.#again = false
    await this.#looking
  }

  async #lookAll(): Promise<void> {
    const { run, store, event: give, question: answer } = this.#options
    try {
      while (this.#again) {
        this.#again = false
        for await (const event of store.events(run, this.#after)) {
          this.#after = event.seq
          give(event)
        }
        this.#tellReached()
        if (!answer) continue
        for (const question of await store.work.questions(run)) {
          if (this.#answering.has(question.id)) continue
          this.#answering.add(question.id)
          void answer(question)
            .catch((error: unknown) => this.#fail(error))
            .finally(() => this.#answering.delete(question.id))
        }
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#failed.abort(error)
    this.#after = Number.POSITIVE_INFINITY
    this.#tellReached()
  }

  #tellReached(): void {
    for (const { seq, resolve } of this.#waiters) if (seq <= this.#after) resolve()
    this.#waiters = this.#waiters.filter(({ seq }) => seq > this.#after)
  }
}
