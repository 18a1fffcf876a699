import type { RunControl } from '../../core/admission.ts'
import { type InputError, inputError } from '../../core/diagnostic.ts'
import { isChanging } from '../../core/events.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { RunSummary } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { controlOf, withControl } from '../../engine/admission/run-control.ts'
import { resolveUnfinished } from '../history/unfinished-runs.ts'
import { tell, type Word } from './control-run.ts'
import { takenBackBy } from './taken-back.ts'

type Paused = NonNullable<RunControl['paused']>

interface About {
  readonly fleet: FleetKey
  readonly run: RunSummary
}

/**
 * Holds a run in progress: whoever works on it finishes what is being changed and begins nothing new. Resolves to who has paused it
 * already; undefined: nobody had. Throws InputError (RUN_NOT_PAUSABLE) for a run that is over, only looks, or takes changes back.
 */
export async function pauseRun(store: RunStore, of: About, word: Word): Promise<Paused | undefined> {
  const { run, state, mode } = of.run
  if (state !== 'running')
    throw unfit(run, `It is ${state}.`, 'Nobody works on it; `till resume --list` shows what is left.')
  if (!isChanging(mode)) {
    throw unfit(
      run,
      `It only looks (${mode}).`,
      'It changes nothing that would have to be held: stop it by Ctrl-C where it runs.',
    )
  }
  const takesBack = await whatItTakesBack(store, run)
  if (takesBack !== undefined)
    throw unfit(run, takesBack, 'What is half taken back is worse than either: let it end, or till abort it.')
  const known = await store.admission.transact(of.fleet, (content) => {
    const before = controlOf(content, run)
    if (before.paused) return { result: before.paused, content }
    return { result: undefined, content: { ...content, ...withControl(content, run, { ...before, paused: word }) } }
  })
  if (known === undefined) await tell(store, run, { type: 'run.paused', by: word.by, why: word.why })
  return known
}

/** Whether it is in progress and somebody holds it. */
export async function isHeldWhereItRuns(store: RunStore, { fleet, run }: About): Promise<boolean> {
  return run.state === 'running' && controlOf(await store.admission.read(fleet), run.run).paused !== undefined
}

/** Lets a paused run go on; resolves to false where nobody has paused it. */
export async function unpauseRun(store: RunStore, of: About, by: string, why?: string): Promise<boolean> {
  const { run } = of.run
  const wasPaused = await store.admission.transact(of.fleet, (content) => {
    const { paused, ...control } = controlOf(content, run)
    if (!paused) return { result: false, content }
    const { runs: _before, ...others } = content
    const saying = { by, ...(why !== undefined && { why }) }
    return { result: true, content: { ...others, ...withControl(content, run, control) }, saying }
  })
  if (wasPaused) await tell(store, run, { type: 'run.unpaused', by, ...(why !== undefined && { why }) })
  return wasPaused
}

/**
 * A run to go on with: as `resolveUnfinished`, and the newest that is paused goes before. Throws InputError; also for the latest where
 * somebody has taken that back: what is left of it would be brought by whoever says so each night.
 */
export async function resolveResumable(store: RunStore, fleet: FleetKey, reference: string): Promise<RunSummary> {
  if (reference !== 'latest') return resolveUnfinished(store, reference)
  const content = await store.admission.read(fleet)
  const runs = await store.runs({ limit: RECENT })
  const paused = runs.find(({ run, state }) => state === 'running' && controlOf(content, run).paused !== undefined)
  const found = paused ?? (await resolveUnfinished(store, reference))
  const by = await takenBackBy(store, found.run)
  if (by !== undefined) throw wasTakenBack(found.run, by)
  return found
}

function wasTakenBack(run: string, by: string): InputError {
  const summary = `Run "${run}", of which something is left, was taken back by run ${by}`
  const detail = `Where what is left is to be done all the same, name it: till resume ${run}. Otherwise end it: till abort ${run} --because WHY`
  return inputError('RUN_ROLLED_BACK', summary, detail)
}

/** Runs in progress are among the newest. */
const RECENT = 500

/** Undefined where it takes nothing back. */
async function whatItTakesBack(store: RunStore, run: string): Promise<string | undefined> {
  const told = await store.reads.ofTypes(run, ['run.started', 'run.rollback', 'run.rolled_back'])
  const last = told.at(-1)
  if (last?.type === 'run.rollback') return `Its wave ${last.wave} is being taken back, by run ${last.rollback_run}.`
  const isUndoing = told.some((event) => event.type === 'run.started' && event.undoes !== undefined)
  return isUndoing ? 'It takes changes back.' : undefined
}

function unfit(run: string, what: string, detail: string): InputError {
  const summary = `Run "${run}" cannot be paused: ${what}`
  return inputError('RUN_NOT_PAUSABLE', summary, detail)
}
