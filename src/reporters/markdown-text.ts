import { clip, plainText } from './plain-text.ts'

const LONGEST_CODE = 160

/**
 * Foreign text as inline code on one line, cut where it is long: nothing in it is a link, a mention, HTML or a new cell of a
 * table. Bars are escaped, since tables are cut before code is looked for.
 */
export function markdownCode(text: string): string {
  const shown = clip(plainText(text), LONGEST_CODE) || ' '
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = /^`|`$|^ .* $/.test(shown) ? ' ' : ''
  return `${fence}${space}${shown}${space}${fence}`.replaceAll('|', '\\|')
}

/** A table; cells are Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** Lines that differ (`describeChange`) as a block of code in which nothing is Markdown. */
export function markdownBlock(lines: readonly string[]): string {
  const text = lines.map((line) => line.replace(/^ {2}/, '')).join('\n')
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}diff\n${text}\n${fence}`
}
