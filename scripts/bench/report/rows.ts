import { type Column, LAYOUTS, type Layout, REFERENCES } from './layout.ts'
import type { BenchmarkResult, Figure } from './result.ts'

/** A table ready to be written: text only. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function nameOf({ tools }: BenchmarkResult, tool: string): string {
  return tools.find(({ id }) => id === tool)?.name ?? REFERENCES[tool] ?? tool
}

/** All tables of a result, in the order of the layouts; those without a figure are left out. */
export function tablesOf(
  result: BenchmarkResult,
): readonly { readonly section: string; readonly tables: readonly Table[] }[] {
  return LAYOUTS.map((layout) => ({
    section: layout.title,
    tables: Object.entries(layout.whats).flatMap(([what, title]) => tableOf(result, layout, what, title) ?? []),
  })).filter(({ tables }) => tables.length > 0)
}

function tableOf(result: BenchmarkResult, layout: Layout, what: string, title: string): Table | undefined {
  const figures = result.figures.filter((figure) => figure.section === layout.section && figure.what === what)
  if (figures.length === 0) return undefined
  const columns = layout.columns.filter(({ value }) => figures.some(({ values }) => values[value] !== undefined))
  const [first] = columns
  const sorted = [...figures].sort((a, b) => a.devices - b.devices || numberIn(a, first) - numberIn(b, first))
  return {
    title,
    head: ['', 'devices', ...columns.map((column) => column.title), 'right'],
    rows: sorted.map((figure) => [
      nameOf(result, figure.tool),
      String(figure.devices),
      ...columns.map((column) => cell(figure, column)),
      figure.right ? 'yes' : `NO${figure.notes.length > 0 ? `: ${figure.notes.join('; ')}` : ''}`,
    ]),
  }
}

function numberIn(figure: Figure, column: Column | undefined): number {
  return (column && figure.values[column.value]) ?? 0
}

function cell({ values }: Figure, { value, digits }: Column): string {
  const number = values[value]
  return number === undefined
    ? ''
    : number.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Tillwright's goals as a table. */
export function goalTable({ goals }: BenchmarkResult): Table {
  const verdict = { true: 'met', false: 'NOT MET', null: 'not measured' }
  return {
    title: 'Goals',
    head: ['what', 'goal', 'measured', ''],
    rows: goals.map(({ what, goal, measured, met }) => [what, goal, measured ?? '', verdict[`${met}`]]),
  }
}
