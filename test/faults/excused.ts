/** What may be hit: a seat, or the database. */
export interface Hittable {
  readonly isHit: boolean
}

/** So long after it was hit, what is whole again is counted as such: processes begin anew, and find each other. */
const AGAIN_MS = 5_000
const LOOK_EVERY_MS = 200

/** Notes the times in which none of some was whole, or one that all need was not. */
export class Excused {
  readonly #some: readonly Hittable[]
  readonly #needed: Hittable
  readonly #hitAt = new Map<Hittable, number>()
  readonly #times: (readonly [number, number])[] = []
  readonly #timer: NodeJS.Timeout
  #lookedAt = Date.now()

  constructor(some: readonly Hittable[], needed: Hittable) {
    this.#some = some
    this.#needed = needed
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  /** From and to, in milliseconds since 1970. */
  get times(): readonly (readonly [number, number])[] {
    return this.#times
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = Date.now()
    for (const each of [...this.#some, this.#needed]) if (each.isHit) this.#hitAt.set(each, now)
    const isWhole = (each: Hittable): boolean => now - (this.#hitAt.get(each) ?? 0) > AGAIN_MS
    if (!(isWhole(this.#needed) && this.#some.some(isWhole))) this.#times.push([this.#lookedAt, now])
    this.#lookedAt = now
  }
}
