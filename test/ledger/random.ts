/** Chance that is the same for the same seed. */
export interface Rng {
  /** At least `from`, less than `to` or equal where they are the same. */
  int(from: number, to: number): number
  chance(share: number): boolean
  pick<T>(list: readonly T[]): T
  shuffled<T>(list: readonly T[]): T[]
}

/** mulberry32, by Tommy Ettinger: public domain. */
export function randomFrom(seed: number): Rng {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const int = (from: number, to: number): number => from + Math.floor(next() * Math.max(1, to - from))
  return {
    int,
    chance: (share) => next() < share,
    pick: (list) => list[int(0, list.length)] as (typeof list)[number],
    shuffled: (list) => {
      const left = [...list]
      return list.map(() => left.splice(int(0, left.length), 1)[0] as (typeof list)[number])
    },
  }
}
