import { isAbsolute, join, relative, resolve } from 'node:path'
import { previewMerge } from '../app/gitops/preview/preview-merge.ts'
import { type Preview, previewDocument, previewMarkdown, previewText } from '../app/gitops/preview/preview-view.ts'
import { jsonPage } from '../app/json-document.ts'
import { referenceTo } from '../app/revision/runbooks.ts'
import type { Selection } from '../app/revision/selection.ts'
import { emptyReports, previewReporters } from '../app/run/reporting.ts'
import { fileWriter } from '../app/writer.ts'
import type { Controller } from '../controller/controller.ts'
import { type DeviceState, EXIT, worseExitCode } from '../core/outcome.ts'
import { underSignals } from './interrupts.ts'

/** What `till plan --against` was asked. */
export interface PreviewAsked extends Selection {
  readonly against: string
  readonly runbook: string | undefined
  readonly params: Readonly<Record<string, string>>
  readonly sample?: number | undefined
  readonly seed?: string | undefined
  readonly sandbox: boolean
  readonly json: boolean
  readonly ndjson: boolean
  readonly verbose: boolean
  readonly junit?: string | undefined
  readonly markdown?: string | undefined
  readonly html?: string | undefined
  readonly 'code-quality'?: string | undefined
  readonly sarif?: string | undefined
  readonly parallel?: number | undefined
  readonly failOn: ReadonlySet<DeviceState> | undefined
}

/**
 * Shows what a merge would change, and plans what may be looked at. Its exit code: that of the plan; what stays on paper
 * could not be judged, unless it was said which states count. Throws InputError.
 */
export async function showPreview(
  controller: Controller,
  asked: PreviewAsked,
  write: (text: string) => Promise<void>,
): Promise<number> {
  const { project } = controller
  const { against, runbook, params, sample, seed, sandbox, failOn } = asked
  const named = runbook === undefined ? undefined : { reference: fromRoot(project.root, runbook), params }
  const { preview, fleet, work, root } = await previewMerge(project, {
    against,
    named,
    selection: asked,
    sample,
    seed,
    sandbox,
  })
  if (!asked.json) await write(previewText(preview))
  const onPaper = preview.difference.paper.length > 0 && failOn === undefined ? EXIT.unreachable : EXIT.ok
  if (work.length === 0) return withoutPlan(preview, { asked, write, exitCode: onPaper })
  const runbooks = [...new Set(work.flatMap((item) => item.runbooks))]
  const json: string[] = []
  const run = await controller.startRun({
    mode: 'plan',
    previews: preview.tip,
    project,
    fleet,
    work,
    runbooks: runbooks.map(referenceTo),
    parallel: asked.parallel,
    // Threads read the repository as it lies here.
    workers: 0,
    failOn,
    reporters: previewReporters(asked, {
      runbooks: runbooks.map((one) => ({ ...one, file: join(project.root, relative(root, one.file)) })),
      markdown: previewMarkdown(preview),
      text: previewText(preview),
      json,
    }),
  })
  const end = await underSignals(run, async () => undefined)
  if (asked.json) await write(jsonPage(previewDocument(preview, JSON.parse(json.join('')))))
  return worseExitCode(end.exitCode, onPaper)
}

async function withoutPlan(
  preview: Preview,
  { asked, write, exitCode }: { asked: PreviewAsked; write: (text: string) => Promise<void>; exitCode: number },
): Promise<number> {
  if (asked.markdown !== undefined) {
    const file = await fileWriter(asked.markdown)
    await file.write(previewMarkdown(preview))
    await file.close()
  }
  await emptyReports(asked, previewText(preview))
  if (asked.json) await write(jsonPage(previewDocument(preview, null)))
  return exitCode
}

/** A file is named from the root of the repository, since it is read elsewhere. */
function fromRoot(root: string, reference: string): string {
  if (/^[\w-]+$/.test(reference)) return reference
  const way = relative(root, resolve(reference))
  return way.startsWith('..') || isAbsolute(way) ? reference : way
}
