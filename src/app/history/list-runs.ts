import { formatCount } from '../../core/counted.ts'
import type { RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { formatDuration } from '../../reporters/format-duration.ts'
import { paintFor, stateStyle } from '../../reporters/paint.ts'
import { title } from '../../reporters/run-tally.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'

/** A run as it is listed. */
export interface ListedRun extends RunSummary {
  /** Who holds it by `till pause`. */
  readonly paused?: { readonly by: string; readonly at: string; readonly why: string }
}

/** Runs, newest first, and which of them are paused. */
export async function listedRuns(store: RunStore, limit: number): Promise<readonly ListedRun[]> {
  const runs = await store.runs({ limit })
  if (runs.every(({ state }) => state !== 'running')) return runs
  const paused = await store.admission.paused()
  return runs.map((run) => {
    const word = run.state === 'running' ? paused.get(run.run) : undefined
    return word ? { ...run, paused: { by: word.by, at: new Date(word.at).toISOString(), why: word.why } } : run
  })
}

const paint = paintFor(true)

const COLUMNS: readonly TableColumn<ListedRun>[] = [
  { title: 'RUN', value: (run) => run.run, whole: true },
  { title: 'STARTED', value: (run) => shortTime(run.started_at), whole: true, spare: 1 },
  {
    title: 'STATE',
    value: (run) => (run.paused ? 'paused' : run.state),
    whole: true,
    style: (text, run) => (run.state === 'interrupted' ? paint('red', text) : text),
  },
  { title: 'TOOK', value: tookText, align: 'right', spare: 5 },
  { title: 'EXIT', value: (run) => (run.exit_code === null ? '' : String(run.exit_code)), align: 'right', spare: 3 },
  { title: 'WHAT', value: runTitle, flexible: true },
  { title: 'DEVICES', value: (run) => formatCount(run.devices), align: 'right', spare: 4 },
  { title: 'RESULT', value: (run) => countsText(run.counts), flexible: true },
  { title: 'BY', value: (run) => run.by, spare: 2 },
]

/** Runs as a table; without `width` nothing is cut. */
export function runsTable(
  runs: readonly ListedRun[],
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  return `${formatTable(runs, COLUMNS, options).join('\n')}\n`
}

/** `Plan till-health`. */
export function runTitle(run: RunSummary): string {
  return title({ mode: run.mode, runbooks: run.runbooks.map((name) => ({ name, digest: '', params: {} })) })
}

/** `2026-11-22 03:47:16Z`. */
export function shortTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`
}

/** `12 in-sync, 3 failed`: what occurs. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  const present = Object.entries(counts).filter(([, count]) => count > 0)
  return present.map(([state, count]) => `${formatCount(count)} ${state}`).join(', ')
}

/** A text in the colour of a state. */
export function inStateColor(text: string, state: string): string {
  return paint(stateStyle(state), text)
}

function tookText({ started_at, finished_at }: RunSummary): string {
  return finished_at === null ? '' : formatDuration(Date.parse(finished_at) - Date.parse(started_at))
}
