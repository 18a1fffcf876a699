/** Whether somebody holds a run: nothing new begins in it, and what is being changed is finished. */
export class RunPause {
  readonly #listeners: ((isPaused: boolean) => void)[] = []
  #isPaused = false

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Has `listener` called whenever it begins or ends. */
  onChange(listener: (isPaused: boolean) => void): void {
    this.#listeners.push(listener)
  }

  /** The same again is nothing. */
  set(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    for (const listener of this.#listeners) listener(isPaused)
  }
}
