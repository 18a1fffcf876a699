import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, expect, test } from 'vitest'
import { cellText, type Sheet } from '../../src/reporters/sheet.ts'
import { CSV_LOCALES, sheetCsv } from '../../src/reporters/sheet-csv.ts'
import { sheetHtml } from '../../src/reporters/sheet-html.ts'
import { sheetXlsx } from '../../src/reporters/sheet-xlsx.ts'
import { isThere } from '../peers/debian.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-sheet-'))
afterAll(() => rmSync(folder, { recursive: true }))

const HOSTILE = [
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '-',
  '<script>alert("1")</script>',
  "a,b\n'c'",
  'Żabka 😀 & co',
  '',
]
const sheet: Sheet = {
  title: 'Check/list: <a>',
  notes: ['2 devices & more.'],
  columns: ['City', 'Last receipt'],
  rows: [['Łódź', '2026-11-25 10:00'], ...HOSTILE.map((text) => ['x', text])],
}
const text = (parts: Iterable<string>): string => [...parts].join('')

test('CSV: what looks like a formula is marked as text', () => {
  expect(text(sheetCsv(sheet)).split('\r\n')).toMatchInlineSnapshot(`
    [
      "City,Last receipt",
      "Łódź,2026-11-25 10:00",
      "x,'=1+1",
      "x,'+1",
      "x,'-1",
      "x,'@SUM(A1)",
      "x,'	'=1",
      "x,"'
    '=1"",
      "x,-",
      "x,"<script>alert(""1"")</script>"",
      "x,"a,b
    'c'"",
      "x,Żabka 😀 & co",
      "x,",
      "",
    ]
  `)
})

test.each(CSV_LOCALES)('CSV for %s: nor does a part of it, whichever separator a program goes by', (locale) => {
  const hostile = fc.array(fc.constantFrom('a', ' ', ',', ';', '\t', '\n', '\r', '"', "'", '=', '+', '-', '@'), {
    maxLength: 8,
  })
  const cell = fc.oneof(
    fc.constantFrom('a;=1+1', 'a\n=1+1', 'a;"=1"', 'a,@b'),
    hostile.map((letters) => letters.join('')),
  )
  fc.assert(
    fc.property(cell, (one) => {
      // What stands for nothing is none.
      fc.pre(one !== '-')
      const written = text(sheetCsv({ columns: ['x'], rows: [['x', one, 'x']] }, locale))
      for (const separator of [/[,\r\n]/, /[;\r\n]/, /[\t\r\n]/, /[,;\t\r\n]/]) {
        const begins = written.split(separator).map((part) => part.replace(/^"+/, ''))
        expect(begins.filter((part) => /^[=+\-@]/.test(part))).toEqual([])
      }
    }),
    { numRuns: 2_000 },
  )
})

test('HTML: a page that runs nothing', () => {
  expect(text(sheetHtml({ ...sheet, rows: sheet.rows.slice(-5) }))).toMatchInlineSnapshot(`
    "<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>Check/list: &lt;a&gt;</title>
    <style>
    :root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--line:#bbb;--head:#eee;--stripe:#f7f7f7;--mark:#1f5fa8;--soft:#666}
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
    @media print{:root{--ink:#000;--paper:#fff;--line:#999;--head:#eee;--stripe:#fff;--mark:#1f5fa8;--soft:#444}body{margin:0}th{position:static}tr,svg{break-inside:avoid}thead{display:table-header-group}}
    </style>
    </head>
    <body>
    <h1>Check/list: &lt;a&gt;</h1>
    <p>2 devices &amp; more.</p>
    <table>
    <thead><tr><th scope="col">City</th><th scope="col">Last receipt</th></tr></thead>
    <tbody>
    <tr><td>x</td><td>-</td></tr>
    <tr><td>x</td><td>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;</td></tr>
    <tr><td>x</td><td>a,b
    &#39;c&#39;</td></tr>
    <tr><td>x</td><td>Żabka 😀 &amp; co</td></tr>
    <tr><td>x</td><td></td></tr>
    </tbody>
    </table>
    </body>
    </html>
    "
  `)
})

test('HTML: no text of a cell is ever markup', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'<>&"\'/=a\u0000\u001b') }), (cell) => {
      const page = text(sheetHtml({ title: cell, notes: [cell], columns: [cell], rows: [[cell]] }))
      const plain = text(sheetHtml({ title: '', notes: [''], columns: [''], rows: [['']] }))
      expect(page.match(/<[^>]*>/g)).toEqual(plain.match(/<[^>]*>/g))
    }),
  )
})

const READ = `
import json, sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
page = book.active
cells = [[{"v": c.value, "t": c.data_type, "q": bool(c.quotePrefix)} for c in row] for row in page.iter_rows()]
about = [row[0].value for row in book["About"].iter_rows()]
print(json.dumps({"sheets": book.sheetnames, "about": about, "frozen": page.freeze_panes, "cells": cells}))
`
const hasReader = isThere({
  what: 'XLSX by a foreign reader',
  debian: 'python3-openpyxl',
  isHere: spawnSync('/usr/bin/python3', ['-c', 'import openpyxl']).status === 0,
})

interface ReadBook {
  readonly sheets: readonly string[]
  readonly about: readonly string[]
  readonly frozen: string
  readonly cells: readonly (readonly { readonly v: string | null; readonly t: string; readonly q: boolean }[])[]
}

function readBack(of: Sheet): ReadBook {
  const file = join(folder, 'book.xlsx')
  writeFileSync(file, sheetXlsx(of))
  const read = spawnSync('/usr/bin/python3', ['-c', READ, file], { encoding: 'utf8' })
  expect(read.stderr).toBe('')
  return JSON.parse(read.stdout) as ReadBook
}

test.skipIf(!hasReader)('XLSX: a foreign reader finds texts, no formulas, and the same texts', () => {
  const { sheets, about, frozen, cells } = readBack(sheet)
  expect([sheets, about]).toEqual([
    ['Check list  <a>', 'About'],
    [sheet.title, ...sheet.notes],
  ])
  expect(frozen).toBe('A2')
  expect(cells.map((row) => row.map(({ v }) => v ?? ''))).toEqual([sheet.columns, ...sheet.rows])
  expect(cells.flat().filter(({ t }) => t === 'f')).toEqual([])
  expect(cells.slice(1).flatMap((row) => row.filter(({ q }) => q).map(({ v }) => v))).toEqual(HOSTILE.slice(0, 6))
})

test.skipIf(!hasReader)('XLSX: any text', () => {
  const cell = fc.string({ unit: 'binary', maxLength: 20 })
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 5 }), (any) => {
      // The reader leaves rows out that are empty, at the end.
      const rows = [...any, ['end', '', '']]
      const { cells } = readBack({ title: 'T', notes: [], columns: ['a', 'b', 'c'], rows })
      expect(cells.flat().filter(({ t }) => t === 'f')).toEqual([])
      expect(cells.length).toBe(rows.length + 1)
    }),
    { numRuns: 8 },
  )
})

/** What Excel shows of the cells of a workbook: `_xHHHH_` is a character (ECMA-376, 22.9.2.19). */
function shown(book: Uint8Array): readonly string[] {
  const page = strFromU8(unzipSync(book)['xl/worksheets/sheet1.xml'] ?? new Uint8Array())
  return [...page.matchAll(/<t [^>]*>([^<]*)<\/t>/g)].map(([, written = '']) =>
    written.replace(/_x([0-9a-f]{4})_/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
  )
}

test('XLSX: a text with characters of CLIXML is shown as it is', () => {
  const busy = 'The till is busy._x000D__x000A_'
  const book = sheetXlsx({ title: 'T', notes: [], columns: ['Why', 'PROMO_x0041_'], rows: [[busy, '_x005F_x005f_']] })
  expect(shown(book)).toEqual(['Why', 'PROMO_x0041_', busy, '_x005F_x005f_'])
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('_', 'x', '0041', '_x005F_', 'x005f_'), { minLength: 1, maxLength: 9 }),
      (parts) => {
        const cell = parts.join('')
        expect(shown(sheetXlsx({ title: 'T', notes: [], columns: ['a'], rows: [[cell]] }))).toEqual(['a', cell])
      },
    ),
  )
})

test('XLSX: the same report is the same file', () => {
  expect(Buffer.from(sheetXlsx(sheet)).equals(Buffer.from(sheetXlsx(sheet)))).toBe(true)
})

test('a share is never shown as more than it is: not as the whole, and not as what was promised', () => {
  const shown = (number: number): string[] => {
    const row = { title: '', notes: [], columns: ['a'], rows: [[{ number, as: 'share' as const }]] }
    return [cellText({ number, as: 'share' }), [...sheetCsv(row)].join('').split('\r\n')[1] ?? '']
  }
  expect([1, 0.99996, 0.9999999, 0.998996, 0.999, 0.99995, 0.995, 0.5, 2 / 3, 0].map(shown)).toEqual([
    ['100.00 %', '100.0000'],
    ['99.996 %', '99.9960'],
    ['99.9999 %', '99.9999'],
    ['99.8996 %', '99.8996'],
    ['99.90 %', '99.9000'],
    ['99.995 %', '99.9950'],
    ['99.50 %', '99.5000'],
    ['50.00 %', '50.0000'],
    ['66.66 %', '66.6666'],
    ['0.00 %', '0.0000'],
  ])
})
