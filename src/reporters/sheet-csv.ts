import { percentCut } from '../core/share-text.ts'
import { type Cell, looksLikeFormula, printable, type Sheet, timeText } from './sheet.ts'

/** How a country writes lists of values: Excel opens by these what it is given, and asks nothing. */
export const CSV_LOCALES = ['en', 'pl'] as const
export type CsvLocale = (typeof CSV_LOCALES)[number]

interface Writing {
  readonly separator: string
  readonly point: string
  /** Before all of it; tells Excel that it is UTF-8. */
  readonly mark: string
}

const WRITINGS: Readonly<Record<CsvLocale, Writing>> = {
  en: { separator: ',', point: '.', mark: '' },
  pl: { separator: ';', point: ',', mark: '\ufeff' },
}

/**
 * CSV (RFC 4180) with a line of titles, in parts. What a spreadsheet program would take for a formula has an apostrophe
 * before it, which such programs take for "this is text"; so has what would begin a cell where a program goes by another
 * separator than this one, as Excel does by that of its country: quotes in the middle of a cell are none then. Shares are per cent.
 */
export function* sheetCsv(
  { columns, rows }: Pick<Sheet, 'columns' | 'rows'>,
  locale: CsvLocale = 'en',
): Generator<string> {
  const writing = WRITINGS[locale]
  yield writing.mark
  for (const row of [columns, ...rows]) yield `${row.map((cell) => written(cell, writing)).join(writing.separator)}\r\n`
}

/** Where a cell begins for any program: at its begin, or behind a separator or line end; with a formula there. */
const FORMULA_ANYWHERE = /(^|[,;\t\r\n])(?="*[=+\-@])/g

function written(cell: Cell, { separator, point }: Writing): string {
  if (typeof cell !== 'string') return 'wall' in cell ? timeText(cell) : numberText(cell).replace('.', point)
  const text = cell === '-' ? cell : printable(cell).replace(FORMULA_ANYWHERE, "$1'")
  const safe = looksLikeFormula(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) || safe.includes(separator) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function numberText({ number, as }: Exclude<Cell, string | { readonly wall: number }>): string {
  if (as === 'share') return percentCut(number, 4)
  return as === 'money' ? number.toFixed(2) : String(number)
}
