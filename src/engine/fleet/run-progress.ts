/**
 * Which devices of a run are in progress, and whether anything has come of them since another one was told to wait. Devices
 * that are only being asked for are no progress: two that another run has would wait for each other for ever.
 */
export class RunProgress {
  /** Those that have a place, and whether something will have come of them when they give it back. */
  readonly #begun = new Map<string, boolean>()
  /** What had come of devices when each that waits was told to last. */
  readonly #toldAt = new Map<string, number>()
  /**
   * Each device that was worked on and is done, and each first look, is one: so nobody is kept by others that are put off again
   * and again, or that are given up themselves.
   */
  #news = 0
  /** How often a place was given back. */
  #backs = 0

  /** What has come of devices by now. */
  get now(): { readonly news: number; readonly backs: number } {
    return { news: this.#news, backs: this.#backs }
  }

  /** Whether one that was asked for then may get another answer by now: who was in its way is not in progress any more. */
  isOutdated({ news, backs }: RunProgress['now'], { looked }: { readonly looked: boolean }): boolean {
    return news !== this.#news || (!looked && backs !== this.#backs)
  }

  /** It has a place. `isFirst`: it was not looked at before. */
  begins(device: string, isFirst: boolean): void {
    this.#begun.set(device, isFirst)
  }

  mayChange(device: string): void {
    this.#begun.set(device, true)
  }

  gaveBack(device: string): void {
    if (this.#begun.delete(device)) this.#backs += 1
  }

  /** The device is done, or was looked at for the first time. */
  came(): void {
    this.#news += 1
  }

  /** `looked`: for one that had a place itself. Who only looks again may be waiting for that one in turn. */
  areOthersFor({ looked }: { readonly looked: boolean }): boolean {
    return looked ? [...this.#begun.values()].includes(true) : this.#begun.size > 0
  }

  wasTold(device: string): boolean {
    return this.#toldAt.has(device)
  }

  /** It is told to wait. */
  tells(device: string): void {
    this.#toldAt.set(device, this.#news)
  }

  /** Whether something has come of others since it was told to wait before. */
  isNewsTo(device: string): boolean {
    return this.#toldAt.get(device) !== this.#news
  }
}
