import type { Fence } from '../core/fence.ts'
import { Leftovers } from './leftovers.ts'
import type { Ask } from './posix-ask.ts'
import { FENCE, fenceCall, guarded, lockFile, placeLock } from './posix-guard.ts'

/** What a session has under way, by exchange: how each is guarded, and what its fences go by. */
export class Exchanges {
  readonly #token: string
  /** What of others was met on the device. */
  readonly others = new Leftovers()
  /** The id of the last ask of the exchange under way. */
  #last: number | undefined
  #hasFence = false
  #writtenAny = false
  /** The latest moment that may have been that of the device's greeting, once it is there; before, when it was asked for. */
  #zero = 0

  constructor(token: string) {
    this.#token = token
  }

  /** Until an exchange is answered nothing else is written: nobody but its watcher may read what arrives. */
  get isUnderWay(): boolean {
    return this.#last !== undefined
  }

  starting(): void {
    this.#zero = performance.now()
  }

  greeted(): void {
    this.#zero = performance.now()
  }

  /** The condition of a change. */
  fenceOf({ id, request }: Ask, askMs: number): string | undefined {
    const { fence, timeoutMs = askMs, whole = false } = request
    if (!fence) return undefined
    const seconds = Math.floor((performance.now() - this.#zero + fence.leftMs()) / 1000)
    return fenceCall({ token: this.#token, id }, fence, { seconds, takesMs: timeoutMs, whole })
  }

  /** What is written for the programs of some asks. `kept`: statements that come before them. */
  text(asks: readonly Ask[], kept: string, programs: readonly string[]): string {
    const last = asks.at(-1)
    if (!last || programs.length === 0) return kept
    // The watcher of the exchange before it may still be there, and takes one line.
    const line = this.#writtenAny ? '\n' : ''
    this.#writtenAny = true
    const fence = asks.find(({ request }) => request.fence)?.request.fence
    this.#last = last.id
    return `${line}${kept}${fence ? this.#fenceText(fence) : ''}${guarded(programs.join(''))}`
  }

  /** Everything before this ask has been answered; undefined: all has. */
  answeredUpTo(head: Ask | undefined): void {
    if (this.#last !== undefined && (!head || head.id > this.#last)) this.#last = undefined
  }

  #fenceText(fence: Fence): string {
    if (this.#hasFence) return ''
    this.#hasFence = true
    return `${FENCE}${placeLock(this.#token, lockFile(fence.lockName))}`
  }
}
