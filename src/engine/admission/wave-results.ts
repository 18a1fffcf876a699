import type { RunControl, WaveResult, WaveTally } from '../../core/admission.ts'
import { MOST_AHEAD_MS } from '../../core/clock-ahead.ts'

/** What the devices of a run have come to, by its waves. */
export class WaveResults {
  readonly #waves: readonly (readonly string[])[]
  readonly #waveOf = new Map<string, number>()
  readonly #results: readonly Map<string, WaveResult>[]
  readonly #tallies: readonly Record<WaveResult, number>[]
  readonly #doneAt: (number | undefined)[]
  /** The same by the clock that nobody sets, of those that were done here. */
  readonly #doneElapsed: (number | undefined)[]
  /** Devices that were looked at here, whatever came of it. */
  readonly #looked = new Set<string>()

  /** `before`: how devices ended, and when, on which there is nothing left to do. */
  constructor(
    waves: readonly (readonly string[])[],
    before: ReadonlyMap<string, { readonly result: WaveResult; readonly at: number }> = new Map(),
  ) {
    this.#waves = waves
    for (const [index, wave] of waves.entries()) for (const device of wave) this.#waveOf.set(device, index)
    this.#results = waves.map(() => new Map())
    this.#tallies = waves.map(() => ({ passed: 0, failed: 0, unmet: 0, unreachable: 0, deferred: 0 }))
    this.#doneAt = waves.map(() => undefined)
    this.#doneElapsed = waves.map(() => undefined)
    const inOrder = [...before].sort(([, a], [, b]) => a.at - b.at)
    for (const [device, { result, at }] of inOrder) this.count(device, result, at)
  }

  waveOf(device: string): number | undefined {
    return this.#waveOf.get(device)
  }

  /**
   * What came of a device last counts; `at`, in milliseconds since 1970, is when its wave is done if it was the last of it, and `elapsed` the
   * same by the clock that nobody sets: absent of what was done before.
   */
  count(device: string, result: WaveResult, at: number, elapsed?: number): void {
    const wave = this.#waveOf.get(device)
    const results = wave === undefined ? undefined : this.#results[wave]
    if (wave === undefined || results === undefined) return
    const tally = this.#tallies[wave] as Record<WaveResult, number>
    const before = results.get(device)
    if (before !== undefined) tally[before] -= 1
    tally[result] += 1
    results.set(device, result)
    if (results.size !== this.#waves[wave]?.length || this.#doneAt[wave] !== undefined) return
    this.#doneAt[wave] = at
    this.#doneElapsed[wave] = elapsed
  }

  looked(device: string): void {
    this.#looked.add(device)
  }

  /** Whether a device of this wave, or of one before it, is yet to be looked at. */
  isToCome(device: string, wave: number): boolean {
    const own = this.#waveOf.get(device)
    return own !== undefined && own <= wave && !this.#looked.has(device) && this.#results[own]?.has(device) !== true
  }

  /**
   * How the waves stand. `released`: what people have said about going on behind some of them. What was done by a clock that was ahead is
   * watched from now on: it would be for as long as that had been ahead. What was done here is done for as long as the clock says that nobody sets:
   * one that is set forward would end its watch at once.
   */
  tallies(released: RunControl['released'], now: number, elapsed?: number): readonly WaveTally[] {
    return this.#waves.map((wave, index): WaveTally => {
      const results = this.#tallies[index] as Record<WaveResult, number>
      let doneAt = this.#doneAt[index]
      const doneElapsed = this.#doneElapsed[index]
      if (doneAt !== undefined && doneElapsed !== undefined && elapsed !== undefined) {
        const since = now - (elapsed - doneElapsed)
        if (Math.abs(since - doneAt) > MOST_AHEAD_MS) this.#doneAt[index] = doneAt = since
      }
      if (doneAt !== undefined && doneAt - now > MOST_AHEAD_MS) this.#doneAt[index] = doneAt = now
      const word = released[index]
      return { size: wave.length, results, ...(doneAt !== undefined && { doneAt }), ...(word && { released: word }) }
    })
  }
}
