/** Edits that a slip of the finger makes: one insertion, deletion, substitution or swap of neighbours each. */
const MOST_EDITS = 2

/**
 * The candidate that was most likely meant by `name`: the nearest within two edits (and never one that shares
 * next to nothing with a short name), letter case and `-`/`_` aside. Undefined when none is near.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = normal(name)
  let best: string | undefined
  let bestDistance = Math.min(MOST_EDITS, Math.floor(wanted.length / 2)) + 1
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(wanted, normal(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
    if (bestDistance === 0) break
  }
  return best
}

/** The same as a hint for a diagnostic. */
export function didYouMean(name: string, candidates: Iterable<string>): { readonly hint?: string } {
  const near = suggest(name, candidates)
  return near === undefined ? {} : { hint: `did you mean "${near}"?` }
}

function normal(name: string): string {
  return name.toLowerCase().replaceAll('-', '_')
}

/** Damerau-Levenshtein distance (optimal string alignment): insert, delete, substitute, swap neighbours. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
