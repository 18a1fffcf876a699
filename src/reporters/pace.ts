/** The speed is that of the last seconds: slow devices at the end must not look fast. */
const WINDOW_MS = 15_000
/** The first devices of a run wait for their handshakes; what they take says little of the rest. */
const SETTLED_MS = 5_000

/** How fast something advances, and when it will be done. */
export class Pace {
  #began: number | undefined
  readonly #samples: { readonly at: number; readonly done: number }[] = []

  /** To be called now and then with the milliseconds of a clock that only goes forward. */
  sample(at: number, done: number): void {
    this.#began ??= at
    this.#samples.push({ at, done })
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > WINDOW_MS) this.#samples.shift()
  }

  /** A second, over the window; 0 while nothing is known. */
  get perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (!first || !last || last.at <= first.at) return 0
    return ((last.done - first.done) * 1000) / (last.at - first.at)
  }

  /** Milliseconds until `total` at this speed; undefined while nothing moves, or too little is known to say so. */
  left(total: number): number | undefined {
    const done = this.#samples.at(-1)?.done ?? 0
    const known = (this.#samples.at(-1)?.at ?? 0) - (this.#began ?? 0) >= SETTLED_MS
    return this.perSecond > 0 && known ? ((total - done) * 1000) / this.perSecond : undefined
  }
}
