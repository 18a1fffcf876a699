/** Asked for at once before anything is known. */
const AT_FIRST = 8

/**
 * How many devices admission is asked for at a time. Who has to wait for what holds for all behind it is not asked for again until
 * a device ends, one for each that does; where there was room, more and more are. Otherwise each end, and each few seconds,
 * would ask for all of a fleet.
 */
export class AskingPace {
  readonly #most: () => number
  /** So many may be asked for now. */
  #left: number
  /** The last wave of which a device has begun. */
  #begunWave: number | undefined
  /** That wave while it has as many in flight as may be; undefined while there is room, or while one before it is not done. */
  #fullWave: number | undefined
  #ends = 0

  /** `most`: devices at a time; Infinity where nobody is asked. */
  constructor(most: number | (() => number)) {
    this.#most = typeof most === 'number' ? (): number => most : most
    this.#left = typeof most === 'number' ? most : AT_FIRST
  }

  get mayAsk(): boolean {
    return this.#left > 0
  }

  /** Devices that have ended so far: who was asked for before the last one may get another answer now. */
  get ends(): number {
    return this.#ends
  }

  asks(): void {
    this.#left -= 1
  }

  /** A device of the wave may begin. Returns whether others may be asked for by that. */
  letIn(wave: number): boolean {
    this.#begunWave = wave
    if (this.#fullWave === wave) return false
    this.#fullWave = undefined
    this.#allow(2)
    return true
  }

  /** It has to wait for what is in its own way. */
  toldOtherwise(): void {
    this.#allow(1)
  }

  /** It has to wait, and so would all others. `ends`: how many had ended when it was asked for. */
  full(wave: number, ends: number): void {
    this.#fullWave = wave === this.#begunWave ? wave : undefined
    this.#left = ends === this.#ends ? 0 : 1
  }

  /** A device is done, or was put off and has given its place back. */
  ended(): void {
    this.#ends += 1
    this.#allow(1)
  }

  /** Time has passed, or something else: there may be room for many. */
  free(): void {
    this.#fullWave = undefined
    this.#left = Math.max(1, this.#left)
  }

  #allow(more: number): void {
    this.#left = Math.min(this.#left + more, Math.max(1, this.#most()))
  }
}
