import { formatCount } from '../core/counted.ts'
import { moneyText } from '../core/money.ts'
import { shareText } from '../core/share-text.ts'

/** A number in a cell, and how it is shown: `share` is 0 to 1, `money` has two places. */
export interface NumberCell {
  readonly number: number
  readonly as: 'count' | 'number' | 'share' | 'money'
}

/** A time as clocks show it, in milliseconds as if that were UTC. */
export interface TimeCell {
  readonly wall: number
  readonly as: 'time' | 'day'
}

export type Cell = string | NumberCell | TimeCell

/** A report as rows of cells: what its renderings (HTML, XLSX, CSV) have in common. */
export interface Sheet {
  readonly title: string
  /** What is said about it, in sentences. */
  readonly notes: readonly string[]
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Pictures before the table of a page, as SVG. */
  readonly pictures?: readonly string[]
}

/** A cell as people read it. */
export function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if ('wall' in cell) return timeText(cell)
  switch (cell.as) {
    case 'count':
      return formatCount(cell.number)
    case 'number':
      return String(cell.number)
    case 'share':
      return `${shareText(cell.number)} %`
    case 'money':
      return moneyText(cell.number)
  }
}

/** `2026-11-30 18:00`, or the day alone. */
export function timeText({ wall, as }: TimeCell): string {
  return new Date(wall)
    .toISOString()
    .slice(0, as === 'day' ? 10 : 16)
    .replace('T', ' ')
}

/** Characters by which a spreadsheet program takes a cell for a formula (OWASP, CSV Injection). */
const FORMULA = /^[=+\-@\t\r]/

/** Whether a spreadsheet program could take a text for a formula. A lone `-` is none: it stands for nothing. */
export function looksLikeFormula(text: string): boolean {
  return FORMULA.test(text) && text !== '-'
}

/** Without the control characters that neither XML nor a page can hold; line breaks and tabs stay. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
}

/** For a text or an attribute of XML or HTML. */
export function escapeMarkup(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return printable(text).replace(/[&<>"']/g, (character) => named[character] ?? character)
}
