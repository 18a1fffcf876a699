import { setMaxListeners } from 'node:events'
import type { Run } from './run.ts'

/** How a run is stopped, and with it the one by which it takes a wave back. */
export class RunStops {
  readonly #stopping = new AbortController()
  readonly #aborting = new AbortController()
  readonly #said: string[] = []
  readonly #tell: (why: string, isHard: boolean) => void
  #within: Run | undefined

  /** `tell` is called each time. */
  constructor(tell: (why: string, isHard: boolean) => void) {
    this.#tell = tell
    // Every device in flight listens to both.
    setMaxListeners(0, this.stopping, this.aborting)
  }

  /** Nothing new begins. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Everything ends now. */
  get aborting(): AbortSignal {
    return this.#aborting.signal
  }

  stop(why: string): void {
    const isHard = this.stopping.aborted
    this.#said.push(why)
    this.#tell(why, isHard)
    if (isHard) this.#aborting.abort()
    this.#stopping.abort()
    this.#within?.stop(why)
  }

  /** A run within it is stopped, too; at once where that was said while it began. */
  include(run: Run): void {
    this.#within = run
    for (const why of this.#said) run.stop(why)
  }
}
