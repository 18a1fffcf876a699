import { type Cell, cellText, escapeMarkup, type Sheet } from './sheet.ts'

const STYLE = `:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--line:#bbb;--head:#eee;--stripe:#f7f7f7;--mark:#1f5fa8;--soft:#666}
@media (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181b;--line:#444;--head:#24282d;--stripe:#1c1f23;--mark:#7ab2ee;--soft:#a0a0a0}}
body{font:14px system-ui,sans-serif;margin:2em;color:var(--ink);background:var(--paper)}
table{border-collapse:collapse}
th,td{padding:.3em .8em;border:1px solid var(--line);text-align:left;vertical-align:top;white-space:pre-wrap}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th{background:var(--head);position:sticky;top:0}
tr:nth-child(even) td{background:var(--stripe)}
svg{display:block;max-width:100%;height:auto;margin:1em 0}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
svg .soft{fill:var(--soft)}svg .bar{fill:var(--mark)}svg .line{fill:none;stroke:var(--mark);stroke-width:2}svg .grid{stroke:var(--line)}
@media print{:root{--ink:#000;--paper:#fff;--line:#999;--head:#eee;--stripe:#fff;--mark:#1f5fa8;--soft:#444}body{margin:0}th{position:static}tr,svg{break-inside:avoid}thead{display:table-header-group}}`

/** A page that needs nothing else and runs nothing, in parts. */
export function* sheetHtml({ title, notes, columns, rows, pictures = [] }: Sheet): Generator<string> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${notes.map((note) => `<p>${escapeMarkup(note)}</p>\n`).join('')}${pictures.map((picture) => `${picture}\n`).join('')}<table>
<thead><tr>${columns.map((column) => `<th scope="col">${escapeMarkup(column)}</th>`).join('')}</tr></thead>
<tbody>
`
  for (const row of rows) yield `<tr>${row.map(cell).join('')}</tr>\n`
  yield '</tbody>\n</table>\n</body>\n</html>\n'
}

function cell(content: Cell): string {
  const isNumber = typeof content !== 'string' && 'number' in content
  return `<td${isNumber ? ' class="n"' : ''}>${escapeMarkup(cellText(content))}</td>`
}
