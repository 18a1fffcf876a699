import { strToU8, type Zippable, zipSync } from 'fflate'
import { DAY_MS } from '../core/duration.ts'
import {
  type Cell,
  cellText,
  escapeMarkup,
  looksLikeFormula,
  type NumberCell,
  type Sheet,
  type TimeCell,
} from './sheet.ts'

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const SHEET_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
/** Cell styles by their place in styles.xml. */
const STYLE = { plain: 0, title: 1, quoted: 2, count: 3, number: 4, share: 5, money: 6, time: 7, day: 8 } as const
/** The day that Excel counts 0, in days before 1970 (ECMA-376, 18.17.4.1). */
const DAYS_BEFORE_1970 = 25_569
/** Excel takes no longer text in a cell, and no longer name of a sheet. */
const MOST_CHARS = 32_767
const NAME_CHARS = 31
/** The earliest time that a ZIP can hold: the same report is the same file. */
const EPOCH = '1980-01-01T12:00:00'

/**
 * A workbook (ECMA-376): the table, and a sheet with what is said about it, such as its period. Cells are texts, numbers and times: nothing in it can be a formula. A text that looks like one is also
 * marked as quoted, as Excel does with what is typed behind an apostrophe, so that it stays a text when it is edited.
 */
export function sheetXlsx(sheet: Sheet): Uint8Array {
  const files: Readonly<Record<string, string>> = {
    '[Content_Types].xml': `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${SHEET_TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${SHEET_TYPE}.styles+xml"/></Types>`,
    '_rels/.rels': relationships([['officeDocument', 'xl/workbook.xml']]),
    'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="${nameOf(sheet.title)}" sheetId="1" r:id="rId1"/><sheet name="${NOTES}" sheetId="2" r:id="rId3"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relationships([
      ['worksheet', 'worksheets/sheet1.xml'],
      ['styles', 'styles.xml'],
      ['worksheet', 'worksheets/sheet2.xml'],
    ]),
    'xl/styles.xml': STYLES,
    'xl/worksheets/sheet1.xml': worksheet(sheet),
    'xl/worksheets/sheet2.xml': notesSheet(sheet),
  }
  const zipped: Zippable = {}
  for (const [name, text] of Object.entries(files)) zipped[name] = strToU8(HEAD + text)
  return zipSync(zipped, { level: 6, mtime: EPOCH })
}

const STYLES = `<styleSheet xmlns="${MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="9"><xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/><xf numFmtId="49" quotePrefix="1" applyNumberFormat="1"/>${[3, 0, 10, 4, 164, 165].map((id) => `<xf numFmtId="${id}" applyNumberFormat="1"/>`).join('')}</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

function relationships(targets: readonly (readonly [type: string, target: string])[]): string {
  const each = targets.map(
    ([type, target], index) => `<Relationship Id="rId${index + 1}" Type="${OFFICE}/${type}" Target="${target}"/>`,
  )
  return `<Relationships xmlns="${PACKAGE}/relationships">${each.join('')}</Relationships>`
}

/** The name of the second sheet: no report is called so. */
const NOTES = 'About'

function nameOf(title: string): string {
  return xstring(title.replace(/[[\]:*?/\\]/g, ' ').slice(0, NAME_CHARS))
}

function worksheet({ columns, rows }: Sheet): string {
  const widths = columns.map((column, index) => {
    const most = rows.reduce((width, row) => Math.max(width, cellText(row[index] ?? '').length), column.length)
    return `<col min="${index + 1}" max="${index + 1}" width="${Math.min(60, most + 2)}" customWidth="1"/>`
  })
  const all = [columns, ...rows].map((row, index) => rowOf(row, index + 1))
  const frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
  const last = `${letters(columns.length - 1)}${rows.length + 1}`
  return `<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">${frozen}</sheetView></sheetViews><cols>${widths.join('')}</cols><sheetData>${all.join('')}</sheetData><autoFilter ref="A1:${last}"/></worksheet>`
}

function notesSheet({ title, notes }: Sheet): string {
  const rows = [title, ...notes].map((note, index) => rowOf([note], index + 1))
  return `<worksheet xmlns="${MAIN}"><cols><col min="1" max="1" width="100" customWidth="1"/></cols><sheetData>${rows.join('')}</sheetData></worksheet>`
}

function rowOf(row: readonly Cell[], number: number): string {
  const cells = row.map((cell, index) => cellOf(cell, { place: `${letters(index)}${number}`, isTitle: number === 1 }))
  return `<row r="${number}">${cells.join('')}</row>`
}

function cellOf(cell: Cell, { place, isTitle }: { readonly place: string; readonly isTitle: boolean }): string {
  if (typeof cell !== 'string') return `<c r="${place}" s="${STYLE[cell.as]}"><v>${serial(cell)}</v></c>`
  if (cell === '') return ''
  const style = isTitle ? STYLE.title : looksLikeFormula(cell) ? STYLE.quoted : STYLE.plain
  const content = xstring(cell.slice(0, MOST_CHARS)).replaceAll('\r', '&#13;')
  return `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${content}</t></is></c>`
}

/**
 * A text as ST_Xstring (ECMA-376, 22.9.2.19), where `_x000D_` stands for a carriage return. A text that has such characters of its own, as
 * what PowerShell writes has, gets its underscore written as `_x005F_`.
 */
function xstring(text: string): string {
  return escapeMarkup(text.replace(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_'))
}

/** Times are days since the last one of 1899, to the second. */
function serial(cell: NumberCell | TimeCell): number {
  return 'wall' in cell ? Math.round(cell.wall / 1000) / (DAY_MS / 1000) + DAYS_BEFORE_1970 : cell.number
}

/** `A`, `B`, … `Z`, `AA`. */
function letters(index: number): string {
  const rest = Math.floor(index / 26)
  return (rest > 0 ? letters(rest - 1) : '') + String.fromCharCode(65 + (index % 26))
}
