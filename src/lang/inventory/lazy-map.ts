/** A map whose values are made when they are asked for. */
export class LazyMap<V> implements ReadonlyMap<string, V> {
  readonly #of: LazySource<V>

  constructor(of: LazySource<V>) {
    this.#of = of
  }

  get size(): number {
    return this.#of.size
  }

  get(key: string): V | undefined {
    return this.#of.get(key)
  }

  has(key: string): boolean {
    return this.#of.has(key)
  }

  keys(): Generator<string, undefined> {
    return this.#of.keys()
  }

  entries(): Generator<[string, V], undefined> {
    return this.#of.entries()
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this.#of.entries()) yield value
    return undefined
  }

  [Symbol.iterator](): Generator<[string, V], undefined> {
    return this.#of.entries()
  }

  forEach(call: (value: V, key: string, map: ReadonlyMap<string, V>) => void, self?: unknown): void {
    for (const [key, value] of this.#of.entries()) call.call(self, value, key, this)
  }
}

export interface LazySource<V> {
  readonly size: number
  get(key: string): V | undefined
  has(key: string): boolean
  keys(): Generator<string, undefined>
  entries(): Generator<[string, V], undefined>
}

/** A map with the keys of another, whose values are made of that one's, each when it is first asked for. */
export function mapped<V, W>(map: ReadonlyMap<string, V>, make: (value: V) => W): ReadonlyMap<string, W> {
  const made = new Map<string, W>()
  function get(key: string): W | undefined {
    const known = made.get(key)
    const value = known === undefined ? map.get(key) : undefined
    if (value === undefined) return known
    const fresh = make(value)
    made.set(key, fresh)
    return fresh
  }
  return new LazyMap({
    size: map.size,
    get,
    has: (key) => map.has(key),
    *keys() {
      yield* map.keys()
      return undefined
    },
    *entries() {
      for (const key of map.keys()) yield [key, get(key) as W] as [string, W]
      return undefined
    },
  })
}
