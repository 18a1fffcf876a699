import type { Report, ReportColumn, ReportRow, ReportType } from '../core/report.ts'
import { wallTime } from '../core/zoned-time.ts'
import { formatDuration } from './format-duration.ts'
import { type Cell, cellText } from './sheet.ts'
import { formatTable, type TableColumn } from './table.ts'

/** Units of numbers that say nothing of it themselves. */
const UNITS: Readonly<Partial<Record<ReportType, string>>> = { seconds: 'min', share: '%' }

/** The cells of a report, for a page, a workbook or a list: lengths of time are minutes, times by the clock of the report. */
export function reportCells({ form, rows, total, zone }: Report): {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
} {
  const all = total === null ? rows : [...rows, total]
  return {
    columns: form.columns.map(({ title, type }) => (UNITS[type] === undefined ? title : `${title} [${UNITS[type]}]`)),
    rows: all.map((row) => form.columns.map((column) => cellOf(column, row[column.key] ?? null, zone))),
  }
}

/** A value as a cell; what is not known is empty. */
export function cellOf({ type }: Pick<ReportColumn, 'type'>, value: string | number | null, zone: string): Cell {
  if (value === null) return ''
  if (typeof value === 'string') {
    if (type === 'time') return { wall: wallTime(Date.parse(value), zone), as: 'time' }
    return type === 'day' ? { wall: Date.parse(`${value}T00:00:00Z`), as: 'day' } : value
  }
  switch (type) {
    case 'seconds':
      return { number: Math.round(value / 6) / 10, as: 'number' }
    case 'share':
    case 'money':
    case 'count':
      return { number: value, as: type }
    default:
      return { number: value, as: 'number' }
  }
}

/** From when to when it goes and when it was made, by its clock. */
export function reportNotes({ since, until, made_at: made, notes, zone }: Report): readonly string[] {
  const clock = (time: string): string =>
    new Date(wallTime(Date.parse(time), zone)).toISOString().slice(0, 16).replace('T', ' ')
  return [`From ${clock(since)} to ${clock(until)}, made at ${clock(made)} (${zone}).`, ...notes]
}

/** For a terminal; what finds no room in its column goes on in the next line of it. */
export function reportTable(report: Report, width: number | undefined): string {
  const columns = report.form.columns
    .filter(({ aside }) => !aside)
    .map(
      (column): TableColumn<ReportRow> => ({
        title: column.title.toUpperCase(),
        value: (row) => shownValue(column, row[column.key] ?? null, report.zone),
        ...(column.flexible && { flexible: true, wraps: true }),
        ...(isNumber(column.type) && { align: 'right' }),
      }),
    )
  const rows = report.total === null ? report.rows : [...report.rows, report.total]
  return `${formatTable(rows, columns, { width }).join('\n')}\n`
}

function isNumber(type: ReportType): boolean {
  return type !== 'text' && type !== 'time' && type !== 'day'
}

function shownValue(column: ReportColumn, value: string | number | null, zone: string): string {
  if (value === null || value === '') return '-'
  if (column.type === 'seconds' && typeof value === 'number') return value === 0 ? '0' : formatDuration(value * 1000)
  return cellText(cellOf(column, value, zone))
}
