import type { Pulled } from '../../gitops/pull.ts'
import { plainText } from '../../reporters/plain-text.ts'
import { overtakenDocument, overtakenHereText, overtakenText, pulledDocument } from './gitops-view.ts'
import type { Reconciled } from './reconcile.ts'
import type { Pass } from './reconcile-pass.ts'

/** What `till reconcile --json` answers (till.reconciled/1). */
export function reconciledDocument(pulled: Pulled | undefined, done: Reconciled, exitCode: number) {
  const { runs, waiting, suspended, asked, contested, emptied } = done
  const overtaken = done.overtaken === undefined ? null : overtakenDocument(done.overtaken)
  const pull = pulled === undefined ? null : withoutSchema(pulledDocument(pulled))
  return {
    schema: 'till.reconciled/1',
    exit_code: exitCode,
    pull,
    overtaken,
    runs,
    waiting,
    suspended,
    asked,
    contested,
    emptied,
  } as const
}

function withoutSchema({ schema: _, ...rest }: ReturnType<typeof pulledDocument>) {
  return rest
}

/** What there is to say behind the runs, which say what they do themselves. */
export function reconciledText({ done, pulled, root: project }: Pick<Pass, 'done' | 'pulled' | 'root'>): string {
  if (done.overtaken !== undefined)
    return pulled === undefined ? overtakenHereText(done.overtaken) : overtakenText(done.overtaken)
  const { runs, waiting, suspended, asked, contested, emptied } = done
  const lines: string[] = []
  if (runs.length === 0) lines.push('No assignment with devices is due.')
  if (waiting.length > 0) lines.push(`Not due yet: ${waiting.join(', ')}.`)
  if (suspended.length > 0) lines.push(`Suspended: ${suspended.join(', ')} (till assignments).`)
  for (const { assignment, since } of emptied)
    lines.push(
      `${assignment} means no device any more, since ${since}: see its \`where\` and the \`targets\` of its runbook (till validate). If it is meant so: till assignments resume ${assignment}`,
    )
  for (const { assignment, device } of asked)
    lines.push(
      `${device} differs and waits for a person (${assignment}): till apply … --device ${device} --project ${project}`,
    )
  for (const { assignment, device, since } of contested)
    lines.push(
      `${device} was mended twice and differs again, since ${since} (${assignment}): something else changes it. It is left as it is.`,
    )
  return lines.map((line) => `${plainText(line)}\n`).join('')
}
