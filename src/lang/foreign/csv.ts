/** Rows of RFC 4180, with the line that each begins at. */
export interface CsvRow {
  readonly line: number
  readonly cells: readonly string[]
}

/** Takes CSV apart; the sign between cells is found in the first line. Undefined where a quote is never closed. */
export function parseCsv(source: string): readonly CsvRow[] | undefined {
  const text = source.replace(/^\ufeff/, '')
  const separator = separatorOf(text.slice(0, text.search(/\r?\n|$/)))
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n][^${separator}\\r\\n]*)?)(${separator}|\\r?\\n|$)`,
    'y',
  )
  const rows: CsvRow[] = []
  let [line, begin, cells] = [1, 1, [] as string[]]
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text)
    if (match === null) return undefined
    const [all, quoted, plain = '', end = ''] = match
    cells.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'))
    line += all.split('\n').length - 1
    if (end === separator && cell.lastIndex < text.length) continue
    if (end === separator) cells.push('')
    if (cells.some((one) => one !== '')) rows.push({ line: begin, cells })
    ;[begin, cells] = [line, []]
  }
  return rows
}

function separatorOf(head: string): string {
  const count = (sign: string): number => head.split(sign).length
  return [',', ';', '\t'].toSorted((a, b) => count(b) - count(a))[0] ?? ','
}

/** Rows as CSV, quoted where they must be; a cell that a spreadsheet would take for a formula stays text. */
export function csvText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(text: string): string {
  const safe = /^[=+@\t\r-]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
