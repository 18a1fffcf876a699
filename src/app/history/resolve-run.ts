import { MOST_AHEAD_MS } from '../../core/clock-ahead.ts'
import { InputError } from '../../core/diagnostic.ts'
import type { RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { suggest } from '../../lang/suggest.ts'

/**
 * A run by its id, a unique beginning of it, or `latest`. Throws InputError with RUN_UNKNOWN when there is none,
 * or more than one begins so.
 */
export async function resolveRun(store: RunStore, reference: string): Promise<RunSummary> {
  const runs = await store.runs()
  const hits = reference === 'latest' ? latestOf(runs) : runs.filter((run) => beginsWith(run, reference))
  const exact = hits.find((run) => run.run === reference)
  const [only] = hits
  if (exact ?? (hits.length === 1 ? only : undefined)) return (exact ?? only) as RunSummary
  const near = suggest(reference, ['latest', ...runs.map((run) => run.run)])
  throw new InputError([
    {
      code: 'RUN_UNKNOWN',
      severity: 'error',
      summary:
        hits.length > 1 ? `"${reference}" is the beginning of ${hits.length} runs` : `There is no run "${reference}"`,
      detail: hits.length > 1 ? 'Write more of its id.' : 'See `till runs list` for those that there are.',
      ...(near !== undefined && { hint: `did you mean "${near}"?` }),
    },
  ])
}

/** Every id begins with nothing: an empty variable of a script names no run. */
function beginsWith({ run }: RunSummary, reference: string): boolean {
  return reference !== '' && run.startsWith(reference)
}

/** One that was begun while the clock was far ahead is the latest only where there is no other. */
function latestOf(runs: readonly RunSummary[]): readonly RunSummary[] {
  const ahead = new Date(Date.now() + MOST_AHEAD_MS).toISOString()
  return [runs.find(({ started_at }) => started_at <= ahead) ?? runs[0]].flatMap((run) => run ?? [])
}
