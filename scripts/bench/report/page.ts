import { LAYOUTS } from './layout.ts'
import type { Drawn } from './pictures.ts'
import type { BenchmarkResult } from './result.ts'
import { goalTable, nameOf, type Table, tablesOf } from './rows.ts'

export const BEGIN = '<!-- Between here and the end mark the page is written by npm run bench:report. -->'
export const END = '<!-- end of what is written by npm run bench:report -->'

/** Puts what a result says between the marks of a page. Throws when a mark is missing. */
export function renewed(page: string, result: BenchmarkResult, pictures: readonly Drawn[]): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined)
    throw new Error('The page has no place for results: its marks are missing.')
  return `${before}${BEGIN}\n\n${body(result, pictures)}\n\n${END}${after}`
}

function body(result: BenchmarkResult, pictures: readonly Drawn[]): string {
  const machine = Object.entries(result.machine).map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`)
  const bySection = tablesOf(result)
  const parts = [
    `\`${result.command}\`, ${result.started_at.slice(0, 10)}, ${Math.round(result.duration_s / 60)} minutes; ${machine.join(', ')}.`,
    '### Goals',
    markdownTable(goalTable(result)),
    ...bySection.flatMap(({ section, tables }) => [
      `### ${section}`,
      ...pictures
        .filter((picture) => titleOf(picture) === section)
        .map(({ file, title }) => `![${title}](performance/${file})`),
      ...tables.flatMap((table) => [`**${table.title}**`, markdownTable(table)]),
    ]),
    '### The tools and how they are configured',
    markdownTable({
      title: '',
      head: ['tool', 'version', 'configuration'],
      rows: result.tools.map(({ name, version, configuration }) => [name, version, configuration]),
    }),
    ...(result.skipped.length > 0 ? ['### Not measured'] : []),
    result.skipped.map(({ section, reason }) => `- ${nameOf(result, section)}: ${reason}`).join('\n'),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function titleOf({ section }: Drawn): string | undefined {
  return LAYOUTS.find((layout) => layout.section === section)?.title
}

/** A table as Markdown; numbers to the right. */
export function markdownTable({ head, rows }: Table): string {
  const numeric = head.map((_, n) => rows.length > 0 && rows.every((row) => /^(-?[\d,]+(\.\d+)?)?$/.test(row[n] ?? '')))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(numeric.map((right) => (right ? '---:' : '---'))), ...rows.map(line)].join('\n')
}
