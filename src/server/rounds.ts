/** For how long to rest until the next thing is due; between `shortestMs` and `lookMs`, since others add to it and nobody tells of it. */
export async function restUntil(
  next: () => Promise<Date | undefined>,
  { lookMs, shortestMs }: { readonly lookMs: number; readonly shortestMs: number },
): Promise<number> {
  try {
    const at = await next()
    return at ? Math.min(lookMs, Math.max(shortestMs, at.getTime() - Date.now())) : lookMs
  } catch {
    return lookMs
  }
}

/** Does something again and again until it is stopped; between two rounds it rests, until the time is over or somebody wakes it. */
export class Rounds {
  readonly #round: () => Promise<number>
  #isStopping = false
  #isNudged = false
  #wake: (() => void) | undefined
  #ended: Promise<void> | undefined

  /** `round` resolves to how long to rest behind it, in milliseconds; 0: no longer than others of this process need. It never rejects. */
  constructor(round: () => Promise<number>) {
    this.#round = round
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  start(): void {
    this.#ended ??= this.#run()
  }

  /** Ends the rest. */
  wake(): void {
    this.#wake?.()
  }

  /** Ends the rest, also that behind the round which goes on. */
  nudge(): void {
    this.#isNudged = true
    this.wake()
  }

  /** Resolves when the round that goes on is over. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.wake()
    await this.#ended
  }

  async rest(ms: number): Promise<void> {
    if (this.#isNudged || this.#isStopping) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      this.#isNudged = false
      const ms = await this.#round()
      if (ms === 0) await new Promise<void>((turn) => setImmediate(turn))
      else await this.rest(ms)
    }
  }
}
