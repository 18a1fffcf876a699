import type { BenchmarkResult } from './result.ts'
import { goalTable, nameOf, type Table, tablesOf } from './rows.ts'

/** The whole result as text for a terminal. */
export function tables(result: BenchmarkResult): string {
  const machine = Object.entries(result.machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
  const parts = [
    `${result.command}, ${result.started_at}, ${result.duration_s} s\n${machine}`,
    ...result.tools.map(({ name, version, configuration }) => `${name}: ${version}\n    ${configuration}`),
    ...tablesOf(result).flatMap(({ section, tables }) => [`# ${section}`, ...tables.map(aligned)]),
    ...(result.goals.some(({ measured }) => measured !== null) ? [aligned(goalTable(result))] : []),
    ...result.skipped.map(({ section, reason }) => `SKIPPED ${nameOf(result, section)}: ${reason}`),
  ]
  return `${parts.join('\n\n')}\n`
}

/** A table with aligned columns: words to the left, numbers to the right. */
export function aligned({ title, head, rows }: Table): string {
  const widths = head.map((text, n) => Math.max(text.length, ...rows.map((row) => row[n]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells.map((text, n) => (isNumber(text) ? text.padStart(widths[n] ?? 0) : text.padEnd(widths[n] ?? 0))).join('  ')
  return [title, ...[head, widths.map((width) => '-'.repeat(width)), ...rows].map((row) => line(row).trimEnd())].join(
    '\n',
  )
}

function isNumber(text: string): boolean {
  return /^-?[\d,]+(\.\d+)?$/.test(text)
}
