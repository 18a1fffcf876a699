import type { Leftover } from '../core/fence.ts'
import type { About, FenceWord } from './posix.ts'

/** What of other sessions was met on a device, each run once, as it was last seen. */
export class Leftovers {
  readonly #known: Leftover[] = []

  get all(): readonly Leftover[] {
    return this.#known
  }

  /** Without `about`: the device has no place for a lock. */
  met(about: About | undefined, state: Leftover['state'] = about ? 'running' : 'unseen'): void {
    const { run = '', seconds = 0 } = about ?? {}
    const at = this.#known.findIndex((one) => one.run === run)
    const leftover = { run, seconds, state }
    if (at < 0) this.#known.push(leftover)
    else this.#known[at] = leftover
  }

  fenced(why: FenceWord, about: About | undefined): void {
    if (about) this.met(about, why === 'awaited' || why === 'ended' ? why : 'running')
  }
}
