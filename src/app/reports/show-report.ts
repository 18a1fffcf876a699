import type { Report } from '../../core/report.ts'
import { chartSvg } from '../../reporters/chart-svg.ts'
import { reportCells, reportNotes, reportTable } from '../../reporters/report-sheet.ts'
import type { Sheet } from '../../reporters/sheet.ts'
import { type CsvLocale, sheetCsv } from '../../reporters/sheet-csv.ts'
import { sheetHtml } from '../../reporters/sheet-html.ts'
import { jsonDocument } from '../json-document.ts'

export const REPORT_FORMATS = ['table', 'json', 'csv', 'xlsx', 'html'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

/** A report as it is written, in parts. */
export async function shownReport(
  report: Report,
  format: ReportFormat,
  { width, locale }: { readonly width: number | undefined; readonly locale: CsvLocale },
): Promise<Iterable<string | Uint8Array>> {
  switch (format) {
    case 'table':
      return report.rows.length > 0 ? [reportTable(report, width)] : []
    case 'json':
      return reportJson(report)
    case 'csv':
      return sheetCsv(reportCells(report), locale)
    case 'html':
      return sheetHtml({ ...sheetOf(report), pictures: report.charts.map(chartSvg) })
    case 'xlsx': {
      const { sheetXlsx } = await import('../../reporters/sheet-xlsx.ts')
      return [sheetXlsx(sheetOf(report))]
    }
  }
}

function sheetOf(report: Report): Sheet {
  return { title: report.form.title, notes: reportNotes(report), ...reportCells(report) }
}

/** One document with a schema of its own: `till.report-availability/1`. */
function reportJson({ form, since, until, made_at, zone, by, of, notes, rows, total }: Report): Iterable<string> {
  const when = { since, until, made_at, zone }
  const head = { schema: `till.report-${form.name}/1`, ...when, by, of, notes, count: rows.length, total }
  return jsonDocument(head, form.rows, rows)
}
