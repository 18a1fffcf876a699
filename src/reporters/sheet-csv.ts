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
 * before it, which such programs take for "this is text". Shares are per cent.
 */
export function* sheetCsv(
  { columns, rows }: Pick<Sheet, 'columns' | 'rows'>,
  locale: CsvLocale = 'en',
): Generator<string> {
  const writing = WRITINGS[locale]
  yield writing.mark
  for (const row of [columns, ...rows]) yield `${row.map((cell) => written(cell, writing)).join(writing.separator)}\r\n`
}

function written(cell: Cell, { separator, point }: Writing): string {
  if (typeof cell !== 'string') return 'wall' in cell ? timeText(cell) : numberText(cell).replace('.', point)
  const safe = looksLikeFormula(cell) ? `'${printable(cell)}` : printable(cell)
  return /[",\r\n]/.test(safe) || safe.includes(separator) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function numberText({ number, as }: Exclude<Cell, string | { readonly wall: number }>): string {
  if (as === 'share') return percentCut(number, 4)
  return as === 'money' ? number.toFixed(2) : String(number)
}
