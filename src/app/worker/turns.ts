/** What is done one after the other, by what it is done to. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  /** Does it when all that came before for this key has ended, however it did. */
  async take(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key)
    const own = (async () => {
      await before?.catch(() => undefined)
      await work()
    })()
    this.#last.set(key, own)
    try {
      await own
    } finally {
      if (this.#last.get(key) === own) this.#last.delete(key)
    }
  }
}
