import { reason } from './ssh-failure.ts'

/** A way of ours around one of ssh2, which is quicker and leans on what ssh2 keeps to itself. */
export type ShortWay = 'key exchange' | 'login' | 'first program'

/**
 * The short ways of one process or thread. One that throws is closed: from then on everybody goes the way of ssh2, and
 * people are told once.
 */
export class ShortWays {
  readonly #warn: (text: string) => void
  readonly #closed = new Set<ShortWay>()

  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  isOpen(way: ShortWay): boolean {
    return !this.#closed.has(way)
  }

  close(way: ShortWay, error: unknown): void {
    if (this.#closed.has(way)) return
    this.#closed.add(way)
    const why = reason(error instanceof Error ? error : new Error(String(error)))
    this.#warn(
      `warning: SSH_SHORT_WAY_CLOSED: the short way of the ${way} does not work on Node.js ${process.version} (${why}). ` +
        'This run goes without it, which is slower. It is a fault of Tillwright: report it. See `till explain SSH_SHORT_WAY_CLOSED`.',
    )
  }

  /** Goes a way of ours; if that throws or is closed, the one of ssh2, which throws for itself. */
  go<T>(way: ShortWay, ours: () => T, theirs: () => T): T {
    if (this.#closed.has(way)) return theirs()
    try {
      return ours()
    } catch (error) {
      const result = theirs()
      // Where theirs ends in an error too, it was not the way.
      if (!(result instanceof Error)) this.close(way, error)
      return result
    }
  }
}
