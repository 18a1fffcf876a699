/** Numbers from a seed; the same seed, the same numbers (mulberry32). */
export interface Random {
  /** From 0 to less than `below`. */
  whole(below: number): number
  chance(share: number): boolean
  pick<T>(list: readonly T[]): T
  some<T>(list: readonly T[], share: number): readonly T[]
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const random: Random = {
    whole: (below) => Math.floor(next() * below),
    chance: (share) => next() < share,
    pick: (list) => list[Math.floor(next() * list.length)] as never,
    some: (list, share) => list.filter(() => next() < share),
  }
  return random
}
