import { goalsOf } from './goals.ts'
import type { BenchmarkResult } from './result.ts'
import { figuresOf } from './statistics.ts'

/** Puts results together: a section of a later one takes the place of the same section of an earlier one. */
export function merged(results: readonly BenchmarkResult[]): BenchmarkResult {
  const [first, ...later] = results
  if (!first) throw new Error('There is no result to show.')
  return later.reduce(together, renewedResult(first))
}

/** Figures and goals anew from the samples, so that a page is never older than the rules. */
function renewedResult(result: BenchmarkResult): BenchmarkResult {
  const figures = figuresOf(result.samples)
  return { ...result, figures, goals: goalsOf(figures) }
}

function together(a: BenchmarkResult, b: BenchmarkResult): BenchmarkResult {
  const newer = new Set(b.samples.map(({ section }) => section))
  const samples = [...a.samples.filter(({ section }) => !newer.has(section)), ...b.samples]
  const known = new Set(a.tools.map(({ id }) => id))
  return renewedResult({
    ...a,
    duration_s: a.duration_s + b.duration_s,
    command: `${a.command} && ${b.command}`,
    tools: [...a.tools, ...b.tools.filter(({ id }) => !known.has(id))],
    samples,
    skipped: [...a.skipped.filter(({ section }) => !newer.has(section)), ...b.skipped],
  })
}
