import { markdownBlock, markdownCode } from '../../reporters/markdown-text.ts'
import { contentLines, itemHead } from '../evidence/collected-text.ts'
import type { KeptBundle } from '../evidence/device-evidence.ts'

/** An incident with everything that was gathered since its fault began, for a ticket: what `page` says, and then each item. */
export function incidentDocument(title: string, page: string, bundles: readonly KeptBundle[]): string {
  const parts = [
    `# ${markdownCode(title)}`,
    block(page.trimEnd().split('\n')),
    ...bundles.flatMap(({ run, runbook, step, bundle }) => [
      `## Evidence of ${markdownCode(bundle.gathered_at)}: ${markdownCode(`${runbook}/${step}`)} of run ${markdownCode(run)}`,
      ...bundle.items.flatMap((item) => {
        const lines = contentLines(item)
        return [`### ${markdownCode(itemHead(item))}`, ...(lines.length === 0 ? [] : [block(lines)])]
      }),
    ]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Without a language: nothing of it is a difference. */
function block(lines: readonly string[]): string {
  return markdownBlock(lines.map((line) => `  ${line}`)).replace(/^(`+)diff\n/, '$1\n')
}
