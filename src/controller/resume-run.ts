import { setTimeout as delay } from 'node:timers/promises'
import type { Project } from '../app/project.ts'
import { storeClock } from '../app/run/device-environment.ts'
import type { KeptOrder } from '../app/run/kept/keep-work.ts'
import { type KeptWork, notKept, openWork } from '../app/run/kept/open-work.ts'
import type { PolicyBefore } from '../app/run/run-policy.ts'
import type { RunOptions } from '../app/run/run-request.ts'
import { takenBackBy, takenBackOf } from '../app/run/taken-back.ts'
import { policyDigest } from '../app/safety/policy-in-force.ts'
import { type InputError, inputError } from '../core/diagnostic.ts'
import type { RunRollback } from '../core/events.ts'
import type { Fleet } from '../core/fleet.ts'
import type { FleetKey } from '../core/fleet-key.ts'
import type { KeptRun } from '../core/kept-run.ts'
import { type LeaseHolder, type LeaseToken, runKey } from '../core/lease.ts'
import { worseExitCode } from '../core/outcome.ts'
import type { Policy } from '../core/policy.ts'
import { countsOf, type RunSummary, runExitCode } from '../core/run.ts'
import { readUnfinished, type UnfinishedRun } from '../core/unfinished-run.ts'
import type { Lease } from '../engine/admission/lease-keeper.ts'
import { controlOf } from '../engine/admission/run-control.ts'
import { resultOf } from '../engine/admission/visit-result.ts'
import type { DeviceWork } from '../engine/device/perform-device.ts'
import { openJournal } from '../engine/journal/journal.ts'
import { undoneNow } from './ask-to-undo.ts'
import { inDoubtFor, onlyInDoubt, type PastDoubt, unfinishedNow } from './past-doubt.ts'
import { refuseWithoutWorkers } from './remote-workforce.ts'
import type { Run, Shared } from './run.ts'
import { beginRun } from './start-run.ts'

/** How what is left of a run is gone about. */
export type ResumeOptions = Omit<RunOptions, 'mode' | 'plan' | 'planExpiresAt'> & {
  readonly pastDoubt?: PastDoubt | undefined
}

/**
 * Carries a run on: what is left of it, in the waves that it has. Its lease is taken first, so that whoever had it before is
 * refused everything from then on; the journal is read after that. Throws InputError where it cannot be carried on.
 */
export async function resumeRun(
  { run: id, mode }: Pick<RunSummary, 'run' | 'mode'>,
  options: ResumeOptions,
  here: { readonly project: Project; readonly fleet: Fleet; readonly shared: Shared; readonly isWithin?: boolean },
): Promise<Run> {
  const { project, fleet, shared, isWithin = false } = here
  const key = await shared.store.fleets.keyOf(fleet)
  const { aborted } = controlOf(await shared.store.admission.read(key), id)
  if (aborted) throw wasAborted(id, aborted)
  if (mode !== 'apply') throw notKept(id, WHY_NOT[mode])
  const lease = await takeRun(id, key, shared)
  let work: KeptWork | undefined
  try {
    await untilLetGo(shared, { fleet: key, run: id })
    const undoing = await undoneNow(shared, id)
    if (undoing !== undefined) throw isTakenBack(id, undoing)
    const { unfinished, said } = await unfinishedNow(id, shared, options.pastDoubt)
    const { rollback, started } = unfinished.record
    if (rollback?.ended) {
      await endRolledBack(id, unfinished, { shared, lease: lease.token })
      throw rolledBack(id, rollback.begun)
    }
    const kept = await shared.store.kept.of(id)
    if (unfinished.left.length === 0 && !isToBeEnded(unfinished, kept)) {
      const doubtful = inDoubtFor(unfinished)
      if (doubtful.length > 0) throw onlyInDoubt(id, doubtful, kept !== undefined)
      await shared.store.kept.drop(id)
      throw nothingLeft(id)
    }
    if (!kept) throw notKept(id, GONE)
    await tellWhatStays(id, shared)
    const undoesOf = started?.undoes === undefined ? undefined : await toTakeBack(shared, started.undoes, id)
    work = openWork(kept, unfinished, { project, fleet, run: id, undoesOf })
    const { order, close, opened } = work
    const rules = rulesOf(order, id)
    const policy = rules && { policy: rules, ...wavesBefore(unfinished, work) }
    const resumeOther = (run: string): Promise<Run> =>
      resumeRun({ run, mode }, quiet(options), { ...here, isWithin: true })
    const takenBack = { runbooks: opened, rollback, goOn: resumeOther }
    const resumption = { unfinished, said, close, ...(policy && { policy }), takenBack }
    const goOn = options.goOn === true || order.go_on === true
    const asked = { ...options, ...work, mode, goOn, plan: order.plan?.id, undoes: order.undoes }
    // What is taken back is not gone on with.
    const left = rollback ? { ...asked, work: asked.work.map((item) => standing(item, unfinished)) } : asked
    await refuseWithoutWorkers(left, shared, isWithin)
    return await beginRun(left, shared, { id, lease, resumption, isWithin })
  } catch (error) {
    work?.close()
    await lease.release()
    throw error
  }
}

/** Its lease. Throws InputError where it is in progress, or is being taken back. */
async function takeRun(run: string, fleet: FleetKey, { keeper }: Shared): Promise<Lease> {
  const taken = await keeper.take([runKey(fleet, run)], run)
  if (taken.granted) return taken.lease
  const { holder } = taken
  throw holder.run === run ? inProgress(run, holder) : isTakenBack(run, holder.run)
}

async function tellWhatStays(run: string, { store, warn }: Shared): Promise<void> {
  const by = await takenBackBy(store, run)
  if (by !== undefined) warn(`What run ${by} has taken back of run ${run} stays as it is. What is left is done.`)
}

/** The policy that a run began under. */
function rulesOf({ policy }: KeptOrder, run: string): Policy | undefined {
  if (policy && policyDigest(policy.rules) !== policy.digest)
    throw notKept(run, 'What was kept of its policy is not whole.')
  return policy?.rules
}

/** A run that was killed when all its devices had their end has none itself, and the wave that failed may still have to be taken back. */
function isToBeEnded({ record }: UnfinishedRun, kept: KeptRun | undefined): boolean {
  return record.rollback !== undefined || (kept !== undefined && record.finished === undefined)
}

/** A run that was killed when its wave was taken back has its end, too. */
async function endRolledBack(
  run: string,
  { record }: UnfinishedRun,
  { shared, lease }: { readonly shared: Shared; readonly lease: LeaseToken },
): Promise<void> {
  const { store, masker } = shared
  const { started, finished, rollback } = record
  if (!finished && started && rollback?.ended) {
    const devices = [...record.devices.values()]
    const journal = openJournal({ run, store, reporters: [], masker, clock: storeClock(store), lease })
    await journal.emit({
      type: 'run.finished',
      counts: countsOf(devices),
      unknown: devices.filter(({ unknown }) => unknown === true).length,
      exit_code: worseExitCode(runExitCode(devices), rollback.ended.exit_code),
      duration_ms: Math.max(0, Date.parse(rollback.ended.at) - Date.parse(started.at)),
    })
  }
  await store.kept.drop(run)
}

/**
 * What a run has changed on each of its devices, and what others than the one that asks have made of taking it back. Throws InputError
 * where its journal is gone.
 */
async function toTakeBack({ store }: Shared, run: string, asks: string): Promise<UnfinishedRun['changesOf']> {
  const unfinished = await readUnfinished(store.events(run))
  if (!unfinished.record.started)
    throw notKept(run, 'Its journal is gone, so that nobody knows what is to be taken back.')
  const { stepsOf } = await takenBackOf(store, run, { ...unfinished, asks })
  return (device) => ({ ...unfinished.changesOf(device), ...stepsOf(device) })
}

/** A run within a run tells nobody by itself. */
function quiet({
  reporters: _reporters,
  failOn: _failOn,
  on: _on,
  pastDoubt: _past,
  ...options
}: ResumeOptions): ResumeOptions {
  return options
}

/** It ends as it has. */
function standing(item: DeviceWork, { record }: UnfinishedRun): DeviceWork {
  const known = record.devices.get(item.device.name)
  if (item.refused || !known) return item
  const {
    device: _device,
    store: _store,
    region: _region,
    kind: _kind,
    duration_ms: _ms,
    steps: _steps,
    ...refused
  } = known
  return { ...item, refused }
}

/** Workers of a controller that is gone finish what they have. */
async function untilLetGo(
  { store, warn }: Pick<Shared, 'store' | 'warn'>,
  of: { readonly fleet: FleetKey; readonly run: string },
): Promise<void> {
  const until = performance.now() + LET_GO_MS
  for (;;) {
    const [device, ...others] = await store.work.inHand(of.run, of.fleet)
    if (device === undefined) return
    const what = others.length === 0 ? device : `${device} and ${others.length} more`
    if (performance.now() > until) throw stillInHand(of.run, what)
    warn(`Workers are still finishing devices of run "${of.run}": it goes on when they are done.`)
    await delay(LOOK_EVERY_MS)
  }
}

const LET_GO_MS = 10 * 60_000
const LOOK_EVERY_MS = 500

function stillInHand(run: string, what: string): InputError {
  const summary = `Run "${run}" is in progress: workers have ${what}`
  const detail = 'Wait until they are done, or stop the workers.'
  return inputError('RUN_IN_PROGRESS', summary, detail)
}

const GONE =
  'What it was made from is not kept: it was begun by an older version, a hook or a schedule, or what it had left is long past.'

const WHY_NOT: Readonly<Record<Exclude<RunSummary['mode'], 'apply'>, string>> = {
  plan: 'It has only looked.',
  drift: 'It has only looked.',
  exec: 'Commands that were typed are not repeated.',
}

/** The waves of a run, and what devices have come to that are done, or that are not worked on any more. */
function wavesBefore(unfinished: UnfinishedRun, { work }: KeptWork): Omit<PolicyBefore, 'policy'> {
  const waves: string[][] = []
  for (const { device, wave } of unfinished.record.targets) {
    while (waves.length < wave) waves.push([])
    waves[wave - 1]?.push(device)
  }
  const results = new Map<string, { result: ReturnType<typeof resultOf>; at: number }>()
  // Somebody who goes on with what is taken back has seen what failed: it counts no more towards those after which nothing is begun.
  const isUndoing = unfinished.record.started?.undoes !== undefined
  for (const [device, at] of unfinished.endedAt) {
    const ended = unfinished.record.devices.get(device)
    if (ended && isUndoing && resultOf(ended) === 'failed') continue
    if (ended) results.set(device, { result: resultOf(ended), at: Date.parse(at) })
  }
  for (const { device, refused } of work) if (refused) results.set(device.name, { result: 'deferred', at: Date.now() })
  return { waves, results, warned: unfinished.warned }
}

function inProgress(id: string, { pid, host }: LeaseHolder): InputError {
  const summary = `Run "${id}" is in progress: process ${pid} on ${host} has it`
  const detail = `Wait for its end, or stop it there. A process that hangs loses it when nothing is heard of it for as long as a lease lasts.`
  return inputError('RUN_IN_PROGRESS', summary, detail)
}

function isTakenBack(id: string, undoing: string): InputError {
  const summary = `Run "${id}" is being taken back by run ${undoing}`
  const detail = 'Wait for its end, or till abort it; what goes on meanwhile would bring what that takes away.'
  return inputError('RUN_IN_PROGRESS', summary, detail)
}

function wasAborted(id: string, { by, why }: { readonly by: string; readonly why: string }): InputError {
  const summary = `Run "${id}" was aborted by ${by}: ${why}`
  return inputError('RUN_ABORTED', summary, 'Start a new run for what is left.')
}

function rolledBack(id: string, { wave, rollback_run }: RunRollback): InputError {
  const summary = `Wave ${wave} of run "${id}" failed and was taken back by run ${rollback_run}`
  const detail = `Mend what failed, then start a new run. How it was taken back: till runs show ${rollback_run}`
  return inputError('RUN_ROLLED_BACK', summary, detail)
}

function nothingLeft(id: string): InputError {
  const summary = `Run "${id}" has nothing left to do`
  const detail = `What it came to: till runs show ${id}`
  return inputError('RUN_NOTHING_LEFT', summary, detail)
}
