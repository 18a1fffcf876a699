import { relative, resolve } from 'node:path'
import { EVENT_SCHEMA } from '../../core/events.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Plan } from '../../core/plan.ts'
import type { Reporter } from '../../core/ports.ts'
import { emptyCounts } from '../../core/run.ts'
import type { Runbook } from '../../core/runbook.ts'
import { createAnswersReporter } from '../../reporters/answers.ts'
import { createCodeQualityReporter } from '../../reporters/code-quality.ts'
import type { Place } from '../../reporters/finding-report.ts'
import { createSarifReporter } from '../../reporters/findings-sarif.ts'
import { createFoldedPlanReporter, type PlanSeen } from '../../reporters/folded-plan.ts'
import { createHtmlReporter } from '../../reporters/html.ts'
import { createJsonReporter } from '../../reporters/json.ts'
import { createJunitReporter } from '../../reporters/junit.ts'
import { createLinesReporter } from '../../reporters/lines.ts'
import { createMarkdownReporter } from '../../reporters/markdown.ts'
import { createNdjsonReporter } from '../../reporters/ndjson.ts'
import type { Output } from '../../reporters/output.ts'
import { createPlanFileReporter } from '../../reporters/plan-file.ts'
import { createTerminalReporter } from '../../reporters/terminal.ts'
import { hereFlag, type Project } from '../project.ts'
import { referenceTo } from '../revision/runbooks.ts'
import { planDigest } from '../revision/wanted-digest.ts'
import { shownPath } from '../shown-path.ts'
import { VERSION } from '../version.ts'
import { fileWriter, stdoutWriter, type Writer } from '../writer.ts'

/** Makes whoever gets the events of a run, by its id and the commit of its repository. */
export type ReportersOf = (run: string, revision: string | null) => readonly Reporter[] | Promise<readonly Reporter[]>

interface OutputFlags {
  readonly json: boolean
  readonly ndjson: boolean
  readonly verbose: boolean
  readonly sandbox: boolean
  /** The repository, where it was named. */
  readonly project?: string | undefined
  readonly output?: string | undefined
  readonly junit?: string | undefined
  readonly markdown?: string | undefined
  readonly html?: string | undefined
  readonly 'code-quality'?: string | undefined
  readonly sarif?: string | undefined
}

/** What a run shows on stdout, and the result document in the file of `--output`. `runbooks`: what it works by. */
export function runReporters(flags: OutputFlags, runbooks: readonly Runbook[] = []): ReportersOf {
  return async () => [stdoutReporter(flags), ...(await resultFiles(flags, runbooks))]
}

async function resultFiles(flags: OutputFlags, runbooks: readonly Runbook[]): Promise<readonly Reporter[]> {
  const files = await reportFiles(flags, runbooks)
  if (flags.output === undefined) return files
  return [...files, await toFile(flags.output, (output) => createJsonReporter(output))]
}

/** What a command writes about a run that was only looked at, and has nothing to change: files, and documents on stdout. */
export function quietReporters(flags: OutputFlags, runbooks: readonly Runbook[]): ReportersOf {
  return async () => [
    ...(flags.json || flags.ndjson ? [stdoutReporter(flags)] : []),
    ...(await resultFiles(flags, runbooks)),
  ]
}

/** As for every run; but the file of `--output` is the plan. */
export function planReporters(
  flags: OutputFlags,
  planned: {
    readonly runbook: Runbook
    /** A plan holds wherever it is checked out. */
    readonly project: Project
    readonly fleet: Fleet
    readonly policy: Plan['policy']
    readonly validMs: number
  },
): ReportersOf {
  const { runbook, project, fleet, policy, validMs } = planned
  return async () => {
    const reporters = [stdoutReporter(flags, flags.output), ...(await reportFiles(flags, [runbook]))]
    if (flags.output !== undefined) {
      const digestOf = planDigest(runbook, { project, fleet })
      reporters.push(
        await toFile(flags.output, (output) =>
          createPlanFileReporter(output, {
            runbook: { ...referenceTo(runbook), file: relative(project.root, resolve(runbook.file)) },
            ...(policy && { policy }),
            isSandbox: project.isSandbox,
            validMs,
            digestOf,
          }),
        ),
      )
    }
    return reporters
  }
}

/**
 * A plan that is part of a preview: lines on stdout, or the result as text into `json`; in the Markdown file and on the page behind
 * the preview's own.
 */
export function previewReporters(
  flags: OutputFlags,
  preview: {
    readonly runbooks: readonly Runbook[]
    readonly markdown: string
    readonly text: string
    readonly json: string[]
  },
): ReportersOf {
  const { markdown, ...others } = flags
  const inPreview = {
    write: (text: string) => void preview.json.push(text),
    isTerminal: false,
    columns: 120,
    color: false,
  }
  return async () => {
    const shown = flags.json ? createJsonReporter(inPreview) : stdoutReporter(flags)
    const reporters = [shown, ...(await reportFiles(others, preview.runbooks, preview.text))]
    if (markdown !== undefined)
      reporters.push(
        await toFile(markdown, (output) => {
          void output.write(preview.markdown)
          return createMarkdownReporter(output, hintsOf(flags))
        }),
      )
    return reporters
  }
}

/** Reports for others of a preview by which no device is looked at: they are written all the same, with nothing in them. */
export async function emptyReports({ markdown: _, ...flags }: OutputFlags, text: string): Promise<void> {
  const head = { schema: EVENT_SCHEMA, run: '', at: new Date().toISOString() } as const
  const by = { by: '', host: '', pid: 0, version: VERSION }
  const about = { mode: 'plan', runbooks: [], devices: 0, inventory_digest: '', revision: null } as const
  const counts = emptyCounts()
  for (const reporter of await reportFiles(flags, [], text)) {
    await reporter.event({ ...head, seq: 1, type: 'run.started', ...about, ...by })
    await reporter.event({ ...head, seq: 2, type: 'run.finished', counts, unknown: 0, exit_code: 0, duration_ms: 0 })
    await reporter.close()
  }
}

/** What a plan finds, folded, for somebody who is asked about it then: on stderr, where questions are. */
export function foldedPlan(): { readonly reporters: ReportersOf; readonly seen: PlanSeen } {
  const seen: PlanSeen = { drifted: new Set(), inSync: 0 }
  const isTerminal = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb'
  const output = {
    write: (text: string) => void process.stderr.write(text),
    isTerminal,
    columns: process.stderr.columns || 120,
    color: isTerminal && !process.env['NO_COLOR'],
  }
  return { reporters: () => [createFoldedPlanReporter(output, seen)], seen }
}

/** The names of devices that a plan would change, as they are found. */
export function driftedDevices(): { readonly names: ReadonlySet<string>; readonly reporter: Reporter } {
  const names = new Set<string>()
  const event: Reporter['event'] = (told) => {
    if (told.type === 'device.finished' && told.state === 'drifted') names.add(told.device)
  }
  return { names, reporter: { event, close: () => undefined } }
}

/** What devices answered, folded; or JSON. */
export function execReporters(flags: OutputFlags): ReportersOf {
  return async () => {
    const shown = flags.json || flags.ndjson ? stdoutReporter(flags) : onStdout(createAnswersReporter)
    return [shown, ...(await resultFiles(flags, []))]
  }
}

/** Reports for others, each in a file of its own. `before`: what a page says first, in lines. */
async function reportFiles(
  flags: OutputFlags,
  runbooks: readonly Runbook[],
  before = '',
): Promise<readonly Reporter[]> {
  const { junit, markdown, html, 'code-quality': codeQuality, sarif } = flags
  const placeOf = (cause: string | undefined): Place => placeOfStep(cause, runbooks)
  const reporters: Reporter[] = []
  if (junit !== undefined) reporters.push(await toFile(junit, createJunitReporter))
  if (markdown !== undefined)
    reporters.push(await toFile(markdown, (output) => createMarkdownReporter(output, hintsOf(flags))))
  const notes = before.split('\n').filter((line) => line !== '')
  if (html !== undefined)
    reporters.push(await toFile(html, (output) => createHtmlReporter(output, { ...hintsOf(flags), notes })))
  if (codeQuality !== undefined)
    reporters.push(await toFile(codeQuality, (output) => createCodeQualityReporter(output, placeOf)))
  if (sarif !== undefined)
    reporters.push(await toFile(sarif, (output) => createSarifReporter(output, { version: VERSION, placeOf })))
  return reporters
}

/** Where a step stands by its cause (`RUNBOOK/STEP`); else the one runbook there is, or where runbooks are assigned. */
function placeOfStep(cause: string | undefined, runbooks: readonly Runbook[]): Place {
  for (const { name, file, steps } of runbooks) {
    const step = steps.find(({ id }) => `${name}/${id}` === cause)
    if (step) return { path: shownPath(file), line: step.source.line }
  }
  const [only] = runbooks
  return { path: only && runbooks.length === 1 ? shownPath(only.file) : 'tillwright.yaml', line: 1 }
}

/** `plan`: the file that the run is planned into. */
function stdoutReporter(flags: OutputFlags, plan?: string): Reporter {
  return onStdout((output) => reporterFor(flags, output, plan))
}

/** What is suggested to type next has to look where this run looked. */
function hintsOf({ sandbox, project }: OutputFlags): { readonly flags?: string } {
  const flags = hereFlag({ isSandbox: sandbox, root: project }).trim()
  return flags === '' ? {} : { flags }
}

function reporterFor(flags: OutputFlags, output: Output, plan: string | undefined): Reporter {
  if (flags.json) return createJsonReporter(output)
  if (flags.ndjson) return createNdjsonReporter(output)
  const hints = { verbose: flags.verbose, ...hintsOf(flags), ...(plan !== undefined && { plan }) }
  return output.isTerminal ? createTerminalReporter(output, hints) : createLinesReporter(output, hints)
}

function onStdout(create: (output: Output) => Reporter): Reporter {
  const writer = stdoutWriter()
  const isTerminal = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb'
  const output = {
    write: (text: string) => writer.write(text),
    isTerminal,
    get columns() {
      return process.stdout.columns || 120
    },
    get rows() {
      return process.stdout.rows
    },
    color: isTerminal && !process.env['NO_COLOR'],
  }
  return closingBoth(create(output), writer)
}

async function toFile(path: string, create: (output: Output) => Reporter): Promise<Reporter> {
  const writer = await fileWriter(path)
  const output = { write: (text: string) => writer.write(text), isTerminal: false, columns: 120, color: false }
  return closingBoth(create(output), writer)
}

function closingBoth(reporter: Reporter, writer: Writer): Reporter {
  return {
    ...(reporter.onlyNew && { onlyNew: true }),
    event: (event) => reporter.event(event),
    async close() {
      await reporter.close()
      await writer.close()
    },
  }
}
