import { checkStepFiles } from '../app/revision/check-step-files.ts'
import { checkValues } from '../app/revision/check-values.ts'
import { planRules, refuseUnsigned } from '../app/revision/plan-rules.ts'
import { SYSTEM_CLOCK, storeClock } from '../app/run/device-environment.ts'
import { keepWork } from '../app/run/kept/keep-work.ts'
import { type PolicyBefore, type RunPolicy, runPolicy } from '../app/run/run-policy.ts'
import type { PlannedWork, RunEnd, RunOptions } from '../app/run/run-request.ts'
import { unknownRegions } from '../app/safety/check-policies.ts'
import { silenceRun } from '../app/silences/silence-run.ts'
import { refuseForeignStore } from '../app/state/store-that-counts.ts'
import { type Diagnostic, InputError } from '../core/diagnostic.ts'
import { type DevicePastDoubt, isChanging } from '../core/events.ts'
import { lockNameOf as lockNameFor } from '../core/fence.ts'
import type { JsonObject } from '../core/json.ts'
import { runKey } from '../core/lease.ts'
import type { DeviceOutcome } from '../core/outcome.ts'
import type { Marks } from '../core/sample.ts'
import { recordedEvents, type UnfinishedRun } from '../core/unfinished-run.ts'
import { leaseAdmission } from '../engine/admission/admission.ts'
import type { Lease } from '../engine/admission/lease-keeper.ts'
import { type FleetEnd, runFleet } from '../engine/fleet/run-fleet.ts'
import { RunPause } from '../engine/fleet/run-pause.ts'
import type { EarlierEvents } from '../engine/journal/delivery.ts'
import { type Journal, openJournal } from '../engine/journal/journal.ts'
import { revisionOf } from '../gitops/revision.ts'
import { askToUndo } from './ask-to-undo.ts'
import { endRun } from './end-run.ts'
import { heedWords } from './heed-words.ts'
import { openLocalWorkforce } from './local-workforce.ts'
import { openRemoteWorkforce, refuseWithoutWorkers } from './remote-workforce.ts'
import type { Run, Shared, Workforce } from './run.ts'
import { broken, tellFaults } from './run-faults.ts'
import { headOf, personOf } from './run-head.ts'
import { runId } from './run-id.ts'
import { RunStops } from './run-stops.ts'
import { type TakenBackBefore, type TakenBackEnd, takeBackFailedWave } from './take-back.ts'
import { watchLoad } from './watch-load.ts'

type Request = RunOptions & PlannedWork

/** A run that this process carries on, whoever began it. */
export interface Resumption {
  readonly unfinished: UnfinishedRun
  /** What is put on record now that it does go on. */
  readonly said: readonly DevicePastDoubt[]
  /** The policy and the waves that it has; absent: it is under no policy. */
  readonly policy?: PolicyBefore
  /** What was begun of taking a wave back that failed. */
  readonly takenBack: TakenBackBefore
  /** Called when everything has let go. */
  readonly close: () => void
}

/** What a run has that begins or goes on. */
interface Beginning {
  readonly id: string
  readonly lease: Lease
  readonly resumption?: Resumption
  /** Called when the journal says which devices it is about. */
  readonly onBegun?: () => Promise<void>
  /** It is begun by the run that it takes back. */
  readonly isWithin?: boolean
}

/** Wires one run to what its controller has, and starts it. */
export async function startRun(request: Request, shared: Shared): Promise<Run> {
  refuseUnsignedChange(request)
  // What is only looked at goes on without a device that lacks a value; what changes is right as a whole, or is not begun.
  const wrong =
    request.mode === 'drift'
      ? []
      : [
          ...checkValues(request.fleet, request.work, request.project.modules().all),
          ...checkStepFiles(request, request.work),
        ]
  if (wrong.length > 0) throw new InputError(wrong)
  await refuseWithoutWorkers(request, shared)
  const id = runId(SYSTEM_CLOCK.now())
  // Whoever carries a run on takes it over by this, and what is written here is refused from then on.
  const held = await shared.keeper.take([runKey(await shared.store.fleets.keyOf(request.fleet), id)], id)
  if (!held.granted) throw new Error(`the id "${id}" of a new run is taken`)
  return beginRun(request, shared, { id, lease: held.lease }).catch(async (error) => {
    await held.lease.release()
    throw error
  })
}

/**
 * What a person or a pipeline starts may need a signed plan. Hooks and what is followed act on what is in force, and who takes
 * a run back wants nothing new.
 */
function refuseUnsignedChange({ mode, origin, undoes, project, planIsSigned = false }: Request): void {
  const changes = mode === 'exec' || (mode === 'apply' && undoes === undefined)
  if (!changes || origin === 'hook' || origin === 'schedule') return
  const isOnTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
  refuseUnsigned(planRules(project), planIsSigned, isOnTerminal)
}

/** A rule for a region that is not there protects nothing: nobody begins to change by it. Hooks were refused it before. */
function refuseEmptyRules(request: Request): void {
  if (!isChanging(request.mode) || request.undoes !== undefined) return
  const unknown = unknownRegions(request.project, request.fleet)
  if (unknown.length > 0) throw new InputError(unknown)
}

/** Starts a run, or carries it on, under a lease that is held. Of those that take one run back, one begins at a time. */
export async function beginRun(request: Request, shared: Shared, beginning: Beginning): Promise<Run> {
  const { id, resumption, isWithin = false } = beginning
  if (!isChanging(request.mode) || request.undoes === undefined) return begin(request, shared, beginning)
  const leave = await askToUndo(request.undoes, request, { id, shared, isWithin, isResumed: resumption !== undefined })
  try {
    const run = await begin(request, shared, { ...beginning, onBegun: () => leave.release() })
    run.finished.finally(() => leave.release()).catch(() => undefined)
    return run
  } catch (error) {
    await leave.release()
    throw error
  }
}

async function begin(request: Request, shared: Shared, beginning: Beginning): Promise<Run> {
  const { id, lease, resumption, onBegun } = beginning
  const { store, masker } = shared
  refuseEmptyRules(request)
  if (isChanging(request.mode)) await refuseForeignStore(request.project, store)
  const fleet = await store.fleets.keyOf(request.fleet)
  const commit = request.revision === undefined ? await revisionOf(request.project.root, shared.warn) : request.revision
  const reporters = (await request.reporters?.(id, commit)) ?? []
  const before = resumption && earlierEvents(resumption.unfinished)
  const isShared = request.on === 'workers'
  const told = { reporters, masker, clock: storeClock(store), before, isShared }
  const journal = openJournal({ run: id, store, lease: lease.token, ...told })
  const stops = new RunStops((signal, hard) => {
    journal.emit({ type: 'run.interrupted', signal, hard }).catch(() => undefined)
  })
  const { stopping, aborting } = stops
  const pause = new RunPause()
  const policy = await underPolicy(request, { shared, id, before: resumption?.policy })
  const isResumed = resumption !== undefined
  const silences = await silenceRun({ ...request, ...shared, run: id, isResumed, by: personOf(request) })
  if ((isShared || request.mode === 'apply') && !resumption) await keep(request, { shared, id, policy })
  const admission = silences.over(policy.admission)
  const dependencies = { shared, admission, guardsOf: policy.guardsOf, journal, stopping, aborting }
  const known = { id, lease: lease.token, after: before?.seq ?? 0, runbooks: resumption?.takenBack.runbooks }
  const workforce = isShared
    ? await openRemoteWorkforce(request, { ...dependencies, ...known })
    : openLocalWorkforce(request, dependencies)
  const beforeEnd = () =>
    takeBackFailedWave({
      ...{ id, request, commit, shared, journal, policy, stopping, before: resumption?.takenBack },
      begin: (undo, of) => beginRun(undo, shared, { ...of, isWithin: true }),
      onRun: (run) => stops.include(run),
    })
  const what = { id, commit, journal, policy, pause, resumption, onBegun, beforeEnd }
  const finished = seeThrough(request, { ...what, ...workforce })
    .then((end) => endRun(request, { shared, id, policy, end }))
    .finally(silences.end)
    .finally(() => {
      unheed()
      resumption?.close()
      return lease.release()
    })
  finished.catch(() => undefined)
  const stop = (why: string): void => stops.stop(why)
  const { warn } = shared
  const unheed = heedWords({ id, store, pause, stop, warn, fleet, stopping })
  return { id, finished, stop }
}

function earlierEvents({ record, left, endedAt, lastSeq }: UnfinishedRun): EarlierEvents {
  const toCome = left.map(({ device }) => device)
  return { seq: lastSeq, events: () => recordedEvents(record, { isTold: (device) => endedAt.has(device), toCome }) }
}

/** Keeps what another process needs to carry the run on. */
async function keep(
  request: Request,
  { shared, id, policy }: { readonly shared: Shared; readonly id: string; readonly policy: RunPolicy },
): Promise<void> {
  const mask = (value: JsonObject): JsonObject => shared.masker.value(value)
  const kept = keepWork({ ...request, policy: policy.policy, mask })
  if (kept) await shared.store.kept.keep(id, kept)
  else if (request.on === 'workers') throw new InputError([SECRET_IN_QUEUE])
}

const SECRET_IN_QUEUE: Diagnostic = {
  code: 'SECRET_NOT_HANDED',
  severity: 'error',
  summary: 'A parameter of the runbook is a secret, and would lie in the queue of jobs',
  detail: 'Let the runbook name the secret, so that it is read where the worker runs; or run it without --on workers.',
}

/** What decides about the devices of a run: leases, and for one that changes something the policy that it is under. */
async function underPolicy(
  request: Request,
  run: { readonly shared: Shared; readonly id: string; readonly before: PolicyBefore | undefined },
): Promise<RunPolicy> {
  const { shared, id, before } = run
  const { store, keeper } = shared
  const { fleet, work } = request
  const machineOf = (device: string): Promise<Marks> => store.machineOf(device)
  const lockNameOf = (name: string): string => {
    const device = fleet.devices.get(name)
    return device ? lockNameFor(device, keeper.storeId) : name
  }
  const leases = leaseAdmission(keeper, { run: id, fleet: await store.fleets.keyOf(fleet), machineOf, lockNameOf })
  if (isChanging(request.mode)) {
    // How many devices workers have room for is not known here.
    const most = request.on === 'workers' ? undefined : request.project.settings.run.parallel
    const atOnce = request.parallel ?? most
    return runPolicy(store, leases, { ...request, run: id, by: personOf(request), warn: shared.warn, before, atOnce })
  }
  return { admission: leases, work, patienceMs: request.waitMs ?? 0, guardsOf: () => [] }
}

async function seeThrough(
  request: Request,
  run: Workforce & {
    readonly id: string
    readonly commit: string | null
    readonly journal: Journal
    readonly policy: RunPolicy
    readonly pause: RunPause
    readonly resumption: Resumption | undefined
    readonly onBegun: Beginning['onBegun']
    readonly beforeEnd: () => Promise<TakenBackEnd>
  },
): Promise<RunEnd & { readonly takenBack: TakenBackEnd['state'] }> {
  const { journal, policy, environment, pool, resumption } = run
  const unwatch = watchLoad((event) => void journal.emit(event).catch(() => undefined))
  let end: FleetEnd
  let takenBack: TakenBackEnd['state'] = 'none'
  try {
    await Promise.all(resumption?.said.map((event) => journal.emit(event)) ?? [])
    end = await runFleet(policy.work, {
      environment,
      parallel: () => run.parallel(),
      pool,
      patienceMs: policy.patienceMs,
      pause: run.pause,
      ...(request.failOn && { failOn: request.failOn }),
      head: headOf(request, run),
      ...(run.onBegun && { onBegun: run.onBegun }),
      beforeEnd: async () => {
        const undone = await run.beforeEnd()
        takenBack = undone.state
        return undone.exitCode
      },
      ...(resumption && { before: { outcomes: standingOutcomes(resumption.unfinished) } }),
    })
    await run.told()
  } catch (error) {
    // Why the run broke off comes first; reporters often fail for the same reason.
    await journal.close()
    throw broken(error)
  } finally {
    unwatch()
    run.leave()
    await pool.close()
  }
  tellFaults(await journal.close())
  return { ...end, run: run.id, takenBack }
}

/** How those devices ended on which there is nothing left to do. */
function standingOutcomes({ record, endedAt }: UnfinishedRun): readonly DeviceOutcome[] {
  return [...record.devices.values()].filter(({ device }) => endedAt.has(device))
}
