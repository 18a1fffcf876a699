import { clip, displayWidth, pad, plainText } from './plain-text.ts'
import { wrapText } from './wrap-text.ts'

export interface TableColumn<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  readonly align?: 'left' | 'right'
  /**
   * Gives way first when the table is too wide; others are clipped only when nothing else is left to take from. Where no more than a
   * few letters would be left of it, it stands below its line, in full.
   */
  readonly flexible?: boolean
  /** Goes on in further lines of its column instead of being clipped. */
  readonly wraps?: boolean
  /** Never clipped: where it finds no room in full, it stands below its line. */
  readonly inFull?: boolean
  /** Of use in full only, as a name that is typed again: never clipped, also where the table gets too wide. */
  readonly whole?: boolean
  /** Left out where the table is too wide otherwise: 1 first. */
  readonly spare?: number
  /** Escape codes around the finished cell, for a terminal with colours. */
  readonly style?: (text: string, row: Row) => string
}

const GAP = '  '
/** What stands in a cell that has nothing to say. */
const NOTHING = '-'
const NARROWEST = 4
/** What a column that gives way needs to say anything. */
const READABLE = 20

/**
 * Rows, each one text of one line or more, that fit `width` terminal columns (as wide as they need without one), under a line of titles. Values may come from anywhere: control
 * characters are made visible, wide and combining characters are counted as terminals show them.
 */
export function formatTable<Row>(
  rows: readonly Row[],
  all: readonly TableColumn<Row>[],
  options: { readonly width?: number | undefined; readonly color?: boolean },
): string[] {
  const width = options.width ?? Number.POSITIVE_INFINITY
  const { columns, below } = columnsThatFit(rows, all, width)
  const cells = rows.map((row) => columns.map((column) => plainText(column.value(row))))
  const natural = columns.map((column) => naturalWidth(rows, column))
  const widths = fitWidths(natural, columns, width)
  const line = (texts: readonly string[], row?: Row): string =>
    columns
      .map((column, index) => {
        const own = widths[index] ?? 0
        const cell = clip(texts[index] ?? '', own)
        const styled = row !== undefined && options.color && column.style ? column.style(cell, row) : cell
        const space = pad('', own - displayWidth(cell))
        return column.align === 'right' ? space + styled : styled + space
      })
      .join(GAP)
      .trimEnd()
  const lines = (texts: readonly string[], row: Row): string[] => {
    const split = columns.map(({ wraps }, index) => cellLines(texts[index] ?? '', wraps ? widths[index] : undefined))
    const most = Math.max(1, ...split.map(({ length }) => length))
    return Array.from({ length: most }, (_, at) =>
      line(
        split.map((each) => each[at] ?? ''),
        row,
      ),
    )
  }
  const rest = (row: Row): string[] =>
    below
      .map(({ value }) => plainText(value(row)))
      .filter((text) => text !== NOTHING)
      .flatMap((text) => wrapText(text, { width, indent: '  ' }))
  const head = line(columns.map((column) => column.title))
  return [head, ...rows.map((row, index) => [...lines(cells[index] ?? [], row), ...rest(row)].join('\n'))]
}

/** A cell in lines of `width` columns, a longer word broken; in one line without it. */
function cellLines(text: string, width: number | undefined): readonly string[] {
  if (width === undefined || displayWidth(text) <= width) return [text]
  return wrapText(text, { width }).flatMap((each) => broken(each, width))
}

function broken(text: string, width: number): readonly string[] {
  const lines = ['']
  for (const character of text) {
    const longer = `${lines.at(-1)}${character}`
    if (displayWidth(longer) > width && lines.at(-1) !== '') lines.push(character)
    else lines[lines.length - 1] = longer
  }
  return lines
}

function naturalWidth<Row>(rows: readonly Row[], { title, value }: TableColumn<Row>): number {
  return rows.reduce((most, row) => Math.max(most, displayWidth(plainText(value(row)))), displayWidth(title))
}

/** Without as many of the spare ones as is needed for the others to be read; what still finds no room stands below. */
function columnsThatFit<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  width: number,
): { readonly columns: readonly TableColumn<Row>[]; readonly below: readonly TableColumn<Row>[] } {
  if (width === Number.POSITIVE_INFINITY) return { columns, below: [] }
  const spares = columns.filter(({ spare }) => spare !== undefined)
  const least = new Map(
    columns.map((column) => {
      const natural = naturalWidth(rows, column)
      return [column, column.flexible ? Math.min(natural, READABLE) : natural] as const
    }),
  )
  const total = (): number => [...least.values()].reduce((sum, each) => sum + each + GAP.length, -GAP.length)
  for (const column of spares.sort((a, b) => (a.spare ?? 0) - (b.spare ?? 0))) {
    if (total() <= width) break
    least.delete(column)
  }
  const below: TableColumn<Row>[] = []
  for (const column of [...least.keys()].reverse()) {
    if (total() <= width) break
    if ((column.flexible || column.inFull) && least.delete(column)) below.unshift(column)
  }
  return { columns: [...least.keys()], below }
}

/** Takes what is too much from the widest flexible column, step by step, then from the widest of all. */
function fitWidths(natural: readonly number[], columns: readonly TableColumn<never>[], width: number): number[] {
  const widths = [...natural]
  const total = (): number => widths.reduce((sum, w) => sum + w, GAP.length * (widths.length - 1))
  for (let excess = total() - width; excess > 0; excess = total() - width) {
    const widest =
      widestOf(widths, (index) => columns[index]?.flexible === true) ??
      widestOf(widths, (index) => columns[index]?.whole !== true)
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

function widestOf(widths: readonly number[], mayShrink: (index: number) => boolean): number | undefined {
  let widest: number | undefined
  for (const [index, width] of widths.entries()) {
    if (width <= NARROWEST || !mayShrink(index)) continue
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index
  }
  return widest
}
