import { counted, formatCount } from '../../core/counted.ts'
import { inputError } from '../../core/diagnostic.ts'
import type { RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { formatTable, type TableColumn } from '../../reporters/table.ts'
import { runTitle, shortTime } from './list-runs.ts'
import { resolveRun } from './resolve-run.ts'

/** A run of which something is left, and on how many devices; 0: it was killed when all of them had their end, and has none itself. */
export interface RunLeft extends RunSummary {
  readonly left: number
}

/** Runs that `till resume` can go on with, newest first; with `of` that one alone, if it can. */
export async function unfinishedRuns(store: RunStore, of?: string): Promise<readonly RunLeft[]> {
  const ids = await store.kept.runs()
  const kept = await store.runs({ among: of === undefined ? ids : ids.filter((id) => id === of) })
  const open = kept.filter(({ state }) => state !== 'running')
  const all = await Promise.all(open.map(async (run) => ({ ...run, left: await leftOf(run, store) })))
  return all.filter(({ left, state }) => left > 0 || state === 'interrupted')
}

/** Those whose process was killed, or whose machine went down: nothing goes on with them until somebody says so. */
export async function killedRuns(store: RunStore): Promise<readonly RunLeft[]> {
  return (await unfinishedRuns(store)).filter(({ state }) => state === 'interrupted')
}

/** What people are told of one. `flag`: where it lies, as `hereFlag` says it. */
export function killedText({ run, runbooks, by, left }: RunLeft, flag = ''): string {
  const what = `Run ${run} (${runbooks.join(', ')}, by ${by}) was cut off`
  if (left === 0) return `${what} when all its devices had their end: till resume ${run}${flag} ends it, too.`
  return `${what}, and ${counted(left, 'device is', 'devices are')} left: till resume ${run}${flag} goes on with it, till abort ${run}${flag} ends it.`
}

/** A run to go on with: by its id, a beginning of it, or the newest of which something is left. Throws InputError. */
export async function resolveUnfinished(store: RunStore, reference: string): Promise<RunSummary> {
  if (reference !== 'latest') return resolveRun(store, reference)
  const [newest] = await unfinishedRuns(store)
  if (newest) return newest
  const summary = 'There is no run of which something is left'
  const detail = 'See `till runs list` for those that there are.'
  throw inputError('RUN_NOTHING_LEFT', summary, detail)
}

/** Of a wave that failed only that is left to do what is not taken back yet; a run whose wave was taken back is over. */
async function leftOf(run: RunSummary, store: RunStore): Promise<number> {
  const told = await store.reads.ofTypes(run.run, ['run.rollback', 'run.rolled_back'])
  const last = told.at(-1)
  if (last === undefined) return undone(run)
  if (last.type === 'run.rolled_back') return 0
  const [undoing] = await store.runs({ among: [last.rollback_run] })
  // At the least that has to be told.
  return Math.max(1, undoing ? undone(undoing) : last.devices)
}

/** What was told to be in doubt may be settled by looking, so it counts. */
function undone({ devices, counts }: RunSummary): number {
  const ended = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return devices - ended + counts.cancelled + counts.deferred + counts.indeterminate
}

const COLUMNS: readonly TableColumn<RunLeft>[] = [
  { title: 'RUN', value: ({ run }) => run },
  { title: 'STARTED', value: ({ started_at }) => shortTime(started_at) },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'WHAT', value: runTitle, flexible: true },
  { title: 'DEVICES', value: ({ devices }) => formatCount(devices), align: 'right' },
  { title: 'LEFT', value: ({ left }) => formatCount(left), align: 'right' },
  { title: 'BY', value: ({ by }) => by },
]

export function unfinishedTable(
  runs: readonly RunLeft[],
  options: { readonly width?: number | undefined; readonly color: boolean },
): string {
  return `${formatTable(runs, COLUMNS, options).join('\n')}\n`
}
