/** A column of a table for people: its title, and the text of each row. */
export interface Column<Row> {
  readonly title: string
  readonly text: (row: Row) => string
  /** Gives way first when the table does not fit; higher gives way earlier. Columns without one are never cut. */
  readonly yields?: number
}

const GAP = '  '
const NARROWEST = 8

/**
 * Rows as aligned lines, a header first. With `width`, columns that yield are cut with `…` until the lines fit;
 * without (the output is read by a program or goes to a file) nothing is cut.
 */
export function* textTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: { readonly width?: number | undefined; readonly header?: (line: string) => string } = {},
): Generator<string> {
  const used = columns.filter((column) => rows.some((row) => column.text(row) !== ''))
  const widths = used.map(({ title, text }) =>
    rows.reduce((most, row) => Math.max(most, text(row).length), title.length),
  )
  if (options.width !== undefined) squeeze(widths, used, options.width)
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cut(cell, widths[index] ?? 0).padEnd(index === cells.length - 1 ? 0 : (widths[index] ?? 0)))
      .join(GAP)
      .trimEnd()
  const header = line(used.map(({ title }) => title))
  yield `${options.header?.(header) ?? header}\n`
  for (const row of rows) yield `${line(used.map(({ text }) => text(row)))}\n`
}

function squeeze<Row>(widths: number[], columns: readonly Column<Row>[], width: number): void {
  const order = columns
    .map((column, index) => ({ index, yields: column.yields ?? 0 }))
    .filter(({ yields }) => yields > 0)
    .sort((a, b) => b.yields - a.yields)
  for (const { index } of order) {
    const over = widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1)) - width
    if (over <= 0) return
    const has = widths[index] ?? 0
    widths[index] = Math.max(Math.min(has, NARROWEST), has - over)
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
