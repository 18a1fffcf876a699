import { looksLikeFormula, printable, type Sheet } from './sheet.ts'

/**
 * CSV (RFC 4180) with a line of titles, in parts. What a spreadsheet program would take for a formula has an apostrophe
 * before it, which such programs take for "this is text".
 */
export function* sheetCsv({ columns, rows }: Pick<Sheet, 'columns' | 'rows'>): Generator<string> {
  for (const row of [columns, ...rows]) yield `${row.map(cell).join(',')}\r\n`
}

function cell(text: string): string {
  const safe = looksLikeFormula(text) ? `'${printable(text)}` : printable(text)
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
