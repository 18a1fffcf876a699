import type { Figure, Sample } from './result.ts'

/** The middle one; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** Slope of the straight line that fits points best (least squares): how much one more x costs. NaN of fewer than two x. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const n = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / (spread === 0 ? Number.NaN : spread)
}

/** The order in which tools run in a round: each round another one begins, so that none always follows the same. */
export function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const start = items.length === 0 ? 0 : round % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

/**
 * One figure for each tool and task: medians value by value, right only if every sample was. Memory is the highest seen: a
 * look at it can only miss a peak.
 */
export function figuresOf(samples: readonly Sample[]): readonly Figure[] {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) {
    const key = JSON.stringify([sample.section, sample.what, sample.tool, sample.devices])
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  return [...groups.values()].map(figureOf)
}

const typical = (name: string): ((values: readonly number[]) => number) =>
  name === 'memory_mb' ? (values) => Math.max(...values) : median

function figureOf(group: readonly Sample[]): Figure {
  const [first] = group
  if (!first) throw new Error('A figure of no samples.')
  const names = [...new Set(group.flatMap(({ values }) => Object.keys(values)))]
  const valuesOf = (name: string): number[] => group.flatMap(({ values }) => values[name] ?? [])
  return {
    section: first.section,
    what: first.what,
    tool: first.tool,
    devices: first.devices,
    samples: group.length,
    right: group.every(({ right }) => right),
    values: Object.fromEntries(names.map((name) => [name, typical(name)(valuesOf(name))])),
    notes: [...new Set(group.flatMap(({ note }) => note ?? []))],
  }
}
