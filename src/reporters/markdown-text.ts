import { clip, plainText } from './plain-text.ts'

const LONGEST_CODE = 160

/** Foreign text as inline code on one line, cut where it is long: nothing in it is a link, a mention or HTML. */
export function markdownCode(text: string): string {
  const shown = clip(plainText(text), LONGEST_CODE) || ' '
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = /^`|`$|^ .* $/.test(shown) ? ' ' : ''
  return `${fence}${space}${shown}${space}${fence}`
}

/**
 * A table; cells are Markdown already. Bars are escaped in them, in code too, since a table is cut before code is looked for (GitHub
 * Flavored Markdown, 4.10); anywhere else a backslash within code would be shown (CommonMark 0.31, 6.1).
 */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** Lines that differ (`describeChange`) as a block of code in which nothing is Markdown. */
export function markdownBlock(lines: readonly string[]): string {
  const text = lines.map((line) => line.replace(/^ {2}/, '')).join('\n')
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}diff\n${text}\n${fence}`
}
