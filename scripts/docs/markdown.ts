/** Text in a cell of a table: a bar would end the cell, a line end the row. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')
}

/** Inline code, with as many backticks around it as it takes. */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${text}${pad}${fence}`
}

/** A table, one line a row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** The first lines of every page that is generated. */
export function notice(source: string): string {
  return `<!-- Written by scripts/generate-docs.ts from ${source}. Change that, then run: npx tsx scripts/generate-docs.ts -->`
}

/** Contents of the fenced blocks of a page that are marked so: `yaml runbook`. */
export function fencedBlocks(page: string, mark: string): readonly string[] {
  return [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter(([, of]) => of === mark)
    .map(([, , text = '']) => text)
}
