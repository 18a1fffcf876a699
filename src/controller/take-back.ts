import { referenceTo } from '../app/revision/runbooks.ts'
import { SYSTEM_CLOCK } from '../app/run/device-environment.ts'
import { runbooksOf } from '../app/run/kept/keep-work.ts'
import { type Undoing, undoWork } from '../app/run/rollback-work.ts'
import type { RunPolicy } from '../app/run/run-policy.ts'
import type { PlannedWork, RunOptions } from '../app/run/run-request.ts'
import { takenBackOf } from '../app/run/taken-back.ts'
import type { FailedWave } from '../app/safety/failed-wave.ts'
import type { RunRollback } from '../core/events.ts'
import { runKey } from '../core/lease.ts'
import { EXIT } from '../core/outcome.ts'
import { countsOf, type RunRecord, runExitCode } from '../core/run.ts'
import type { Runbook } from '../core/runbook.ts'
import { readUnfinished, type UnfinishedRun } from '../core/unfinished-run.ts'
import type { Lease } from '../engine/admission/lease-keeper.ts'
import type { DeviceWork } from '../engine/device/perform-device.ts'
import type { Journal } from '../engine/journal/journal.ts'
import type { Run, Shared } from './run.ts'
import { runId } from './run-id.ts'

type Request = RunOptions & PlannedWork

/** What a run that is carried on has of taking a wave back. */
export interface TakenBackBefore {
  readonly runbooks: readonly Runbook[]
  readonly rollback: RunRecord['rollback']
  /** Carries on the run that takes it back. */
  goOn(run: string): Promise<Run>
}

/** A run at the end of its devices. */
export interface EndOfDevices {
  readonly id: string
  readonly request: Request
  readonly commit: string | null
  readonly shared: Shared
  readonly journal: Pick<Journal, 'emit'>
  readonly policy: RunPolicy
  readonly stopping: AbortSignal
  readonly before: TakenBackBefore | undefined
  /** Starts the run that takes it back. */
  begin(request: Request, of: { readonly id: string; readonly lease: Lease }): Promise<Run>
  /** Called with that run, so that it can be stopped. */
  onRun(run: Run): void
}

/** What became of taking a wave back; `left`: it was begun, and whoever goes on with the run finishes it. */
export interface TakenBackEnd {
  readonly exitCode: number
  readonly state: 'none' | 'left' | 'done'
}

/**
 * Takes back the wave of a run that has failed, where its policy asks for it: by a run of its own, which the journal names before it
 * begins, so that whoever resumes the run finishes it. Nothing is begun to be taken back where somebody has stopped, paused or aborted
 * the run, or the breaker is open: then it is for people to say. What was begun comes to its end, whatever the policy says by then.
 */
export async function takeBackFailedWave(of: EndOfDevices): Promise<TakenBackEnd> {
  const { id, shared, stopping, before } = of
  const known = before?.rollback?.begun
  const failed = known ? undefined : await failedWave(of)
  if (!known && !failed) return NOTHING
  const unfinished = await readUnfinished(shared.store.events(id))
  const begun = known ?? (failed && !stopping.aborted ? await announce(of, failed, unfinished) : undefined)
  if (!begun) return NOTHING
  if (stopping.aborted) return LEFT
  const run = (await wasBegun(shared, begun.rollback_run))
    ? await whatIsLeft(of, begun.rollback_run)
    : await begin(of, begun, unfinished)
  if (run) of.onRun(run)
  const end = await run?.finished
  if (stopping.aborted) return LEFT
  const { exitCode, counts } = end ?? (await endOf(shared, begun.rollback_run))
  await of.journal.emit({ type: 'run.rolled_back', rollback_run: begun.rollback_run, counts, exit_code: exitCode })
  return { exitCode, state: 'done' }
}

const NOTHING: TakenBackEnd = { exitCode: EXIT.ok, state: 'none' }
/** The run was stopped, and ends so. */
const LEFT: TakenBackEnd = { exitCode: EXIT.ok, state: 'left' }

/** The wave that has failed and is to be taken back now; undefined where there is none. */
async function failedWave({ id, request, shared, policy, stopping }: EndOfDevices): Promise<FailedWave | undefined> {
  const isChange = request.mode === 'apply' && request.undoes === undefined
  if (!isChange || stopping.aborted || policy.policy?.rollback.automatic !== 'wave') return undefined
  const { failed, heldBy } = (await policy.wavesEnd?.()) ?? {}
  if (!failed || heldBy === undefined) return failed
  const { wave } = failed
  shared.warn(`Wave ${wave} failed, but ${heldBy}: it is not taken back by itself. By hand: till rollback ${id}`)
  return undefined
}

/** What takes a wave back. */
async function workOf(
  { id, before, request, shared }: EndOfDevices,
  wave: number,
  unfinished: UnfinishedRun,
): Promise<Undoing & { readonly opened: readonly Runbook[] }> {
  const opened = before?.runbooks ?? runbooksOf(request.work)
  const inWave = new Set(unfinished.record.targets.flatMap((target) => (target.wave === wave ? [target.device] : [])))
  const takenBack = await takenBackOf(shared.store, id, unfinished)
  const here = { fleet: request.fleet, opened, takenBack }
  return { opened, ...undoWork(unfinished, here, (name) => inWave.has(name)) }
}

/** Says what is going to be taken back; undefined where there is nothing, or nothing says how. */
async function announce(
  of: EndOfDevices,
  { wave, failed, limit }: FailedWave,
  unfinished: UnfinishedRun,
): Promise<RunRollback | undefined> {
  const { work, ...others } = await workOf(of, wave, unfinished)
  if (work.length === 0) {
    of.shared.warn(nothingToTakeBack(wave, others))
    return undefined
  }
  const devices = work.length
  const rollback_run = runId(SYSTEM_CLOCK.now())
  const rollback: RunRollback = { type: 'run.rollback', wave, failed, limit, devices, rollback_run }
  await of.journal.emit(rollback)
  return rollback
}

function nothingToTakeBack(wave: number, of: Omit<Undoing, 'work'>): string {
  return `Wave ${wave} failed, and there is nothing to take back: ${whyNothing(of)}.`
}

function whyNothing({ without, done, inHand }: Omit<Undoing, 'work'>): string {
  if (inHand.length > 0) return 'another run is to do so'
  if (done.length > 0) return 'another run has done so'
  if (without.length === 0) return 'nothing of it was changed'
  return 'what was changed has no rollback steps, or was taken back on the devices that failed'
}

async function wasBegun({ store }: Shared, run: string): Promise<boolean> {
  for await (const _event of store.events(run)) return true
  return false
}

/** Goes on with a rollback that was cut off; undefined where it has come to its end, or somebody has aborted it. */
async function whatIsLeft({ shared, before }: EndOfDevices, run: string): Promise<Run | undefined> {
  const { left, record } = await readUnfinished(shared.store.events(run))
  if (left.length === 0 && record.finished) return undefined
  if (!(await shared.store.kept.runs()).includes(run)) return undefined
  if (!before) throw new Error(`the id "${run}" of a new run is taken`)
  return before.goOn(run)
}

async function begin(
  of: EndOfDevices,
  { wave, rollback_run: id }: RunRollback,
  unfinished: UnfinishedRun,
): Promise<Run> {
  const { request, shared, commit } = of
  const { work, opened } = await workOf(of, wave, unfinished)
  const held = await shared.keeper.take([runKey(await shared.store.fleets.keyOf(request.fleet), id)], id)
  if (!held.granted) throw new Error(`the id "${id}" of a new run is taken`)
  // By a process that was killed before it had begun.
  await shared.store.kept.drop(id)
  return of.begin(undoing(of, { work, opened, wave, commit }), { id, lease: held.lease }).catch(async (error) => {
    await held.lease.release()
    throw error
  })
}

function undoing(
  { request, id }: EndOfDevices,
  of: {
    readonly work: readonly DeviceWork[]
    readonly opened: readonly Runbook[]
    readonly wave: number
    readonly commit: string | null
  },
): Request {
  const { project, fleet, origin, requestedBy, waitMs, breakGlass, parallel, workers } = request
  return {
    ...{ project, fleet, origin, requestedBy, waitMs, breakGlass, parallel, workers },
    work: of.work,
    runbooks: of.opened.map(referenceTo),
    mode: 'apply',
    undoes: id,
    because: `wave ${of.wave} of run ${id} failed`,
    revision: of.commit,
  }
}

/** How a run ended that nobody has to go on with. */
async function endOf({ store }: Shared, run: string) {
  const { record } = await readUnfinished(store.events(run))
  const devices = [...record.devices.values()]
  const { exit_code: exitCode, counts } = record.finished ?? {
    exit_code: runExitCode(devices),
    counts: countsOf(devices),
  }
  return { exitCode, counts }
}
