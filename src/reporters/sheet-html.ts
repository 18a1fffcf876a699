import { escapeMarkup, type Sheet } from './sheet.ts'

const STYLE = `body{font:14px system-ui,sans-serif;margin:2em;color:#1a1a1a;background:#fff}
table{border-collapse:collapse}
th,td{padding:.3em .8em;border:1px solid #bbb;text-align:left;vertical-align:top}
th{background:#eee;position:sticky;top:0}
tr:nth-child(even) td{background:#f7f7f7}
@media print{th{position:static}}`

/** A page that needs nothing else and runs nothing, in parts. */
export function* sheetHtml({ title, notes, columns, rows }: Sheet): Generator<string> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${notes.map((note) => `<p>${escapeMarkup(note)}</p>\n`).join('')}<table>
<thead><tr>${columns.map((column) => `<th scope="col">${escapeMarkup(column)}</th>`).join('')}</tr></thead>
<tbody>
`
  for (const row of rows) yield `<tr>${row.map((cell) => `<td>${escapeMarkup(cell)}</td>`).join('')}</tr>\n`
  yield '</tbody>\n</table>\n</body>\n</html>\n'
}
