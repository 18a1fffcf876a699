import type { CarriedSteps } from '../../core/carried.ts'
import type { DeviceShell } from '../../core/chain.ts'
import type { Change } from '../../core/change.ts'
import type { RunEventBody, RunMode } from '../../core/events.ts'
import { PHASES_BEFORE_ANY_STEP, type Phase } from '../../core/failure.ts'
import type { Fence } from '../../core/fence.ts'
import type { Device, StoreFacts } from '../../core/fleet.ts'
import type { GuardSeen } from '../../core/guard.ts'
import type { JsonObject } from '../../core/json.ts'
import type { LeaseToken } from '../../core/lease.ts'
import type { Module, ModuleContext } from '../../core/module.ts'
import {
  type Classification,
  type DeviceOutcome,
  type DeviceState,
  type StepOutcome,
  type StepState,
  WORST_STATES_FIRST,
} from '../../core/outcome.ts'
import type { PlannedDevice } from '../../core/plan.ts'
import type { Clock } from '../../core/ports.ts'
import { aimed, deviceFlag, paramFlags, shellWord } from '../../core/remedy.ts'
import type { Runbook, Scope } from '../../core/runbook.ts'
import { severityRank } from '../../core/severity.ts'
import type { Admission, ChangeAnswer } from '../admission/admission.ts'
import { branchOf } from './branch-signal.ts'
import { stoppedAt } from './go-on.ts'
import { type GuardCheck, GuardedShell } from './guarded-shell.ts'
import { LeaveToChange } from './leave-to-change.ts'
import type { Looks } from './look-ahead.ts'
import { hasChanged, type Surroundings, stepScope } from './observe-step.ts'
import type { Preparation } from './prepare-step.ts'
import { undoing } from './undo-runbook.ts'
import { RunbookWalk, type WalkEnd, type WalkOptions } from './walk-runbook.ts'

/** The ways to a device, each of which connects when it is first used, and what ends them. */
export interface DeviceSession extends Pick<ModuleContext, 'host' | 'gateway' | 'dial'> {
  readonly shell: DeviceShell
  close(): Promise<void>
}

/** What one device has to do in a run. */
export interface DeviceWork {
  readonly device: Device
  readonly runbooks: readonly Runbook[]
  /** What was reviewed for it, when a plan is applied. */
  readonly planned?: PlannedDevice
  /** Which try at the device within the run. Default: 1. */
  readonly attempt?: number
  /** From 1; devices of a later wave begin after those of an earlier one were judged. Default: 1. */
  readonly wave?: number
  /** It is not worked on, and ends so. */
  readonly refused?: DeviceOutcome
  /** What earlier attempts of the run, which were cut off, have left of its steps. */
  readonly carried?: CarriedSteps
  /** What another run has changed: its runbooks are not walked, but what of them takes these steps back. */
  readonly undoes?: CarriedSteps
  /** Aborted when somebody else may work on the device: what is changing is finished, nothing new begins. */
  readonly lost?: AbortSignal
}

/** What running devices needs from outside; the same for all of them. */
export interface DeviceEnvironment {
  readonly mode: RunMode
  readonly modules: ReadonlyMap<string, Module>
  readonly preparation: Preparation
  readonly admission: Admission
  readonly clock: Clock
  /** Begun by the first interruption: nothing new starts, what is changing is finished. */
  readonly stopping: AbortSignal
  /** Begun by the second: everything ends now. */
  readonly aborting: AbortSignal
  /** `lease`: without which nothing may be written. */
  readonly emit: (body: RunEventBody, lease?: LeaseToken) => Promise<void>
  /** As it stands in events and plans: without secrets. */
  mask<T>(value: T): Promise<T>
  openSession(device: Device, signal: AbortSignal): DeviceSession
  /** What a device is given along with each change; undefined where nothing may be changed. */
  fenceOf(device: Device): Fence | undefined
  /** Asked before the first change of a device is announced, and again where a guard spoke up; with what its guards say. */
  leaveToChange(device: Device, guards: readonly GuardSeen[]): Promise<ChangeAnswer>
  /** What must not be so on a device when it is changed. */
  guardsOf(device: Device): readonly GuardCheck[]
  /** Reads the secrets of a device that are at hand, so that what it sends back of them is masked from its first answer on. */
  readonly learnSecrets?: (device: Device) => Promise<void>
  /** What earlier runs noted of a device. */
  historyOf(device: Device): ModuleContext['history']
  scopeOf(device: Device): Pick<Scope, 'store' | 'device' | 'vars'>
  deadlineMs(device: Device, phase: Phase): number
  /** Milliseconds so far in which this machine was too busy to judge others by their time; absent: it never is. */
  readonly overloadedMs?: () => number
}

/** Runs the runbooks of one device in one session with it. */
export async function performDevice(work: DeviceWork, run: DeviceEnvironment): Promise<DeviceOutcome> {
  const [stopping, aborting] = [branchOf(run.stopping), branchOf(run.aborting)]
  const stop = (): void => stopping.abort(work.lost?.reason)
  work.lost?.addEventListener('abort', stop, { once: true })
  if (work.lost?.aborted) stop()
  try {
    return await inSession(work, { ...run, stopping: stopping.signal, aborting: aborting.signal })
  } finally {
    work.lost?.removeEventListener('abort', stop)
    stopping.release()
    aborting.release()
  }
}

async function inSession(work: DeviceWork, environment: DeviceEnvironment): Promise<DeviceOutcome> {
  const session = environment.openSession(work.device, environment.aborting)
  const checks = environment.guardsOf(work.device)
  const guarded = checks.length > 0 ? new GuardedShell(session.shell, checks, session.host?.shell) : undefined
  const around: Surroundings = {
    device: work.device,
    modules: environment.modules,
    store: environment.scopeOf(work.device).store as unknown as StoreFacts,
    session,
    now: () => environment.clock.now(),
    history: environment.historyOf(work.device),
    shell: guarded ?? session.shell,
    isAlone: guarded?.asksHost ?? false,
    counter: { next: 0, answered: 0 },
    preparation: environment.preparation,
    deadlineMs: (phase) => environment.deadlineMs(work.device, phase),
    fence: environment.fenceOf(work.device),
    lookActs: environment.mode === 'exec',
    signal: environment.aborting,
  }
  try {
    const outcomes: DeviceOutcome[] = []
    const leave = new LeaveToChange(environment, work.device, async () => (await guarded?.look()) ?? [])
    for (const runbook of work.runbooks) {
      const outcome = await runbookOutcome(runbook, work, { environment, around, leave })
      outcomes.push(outcome)
      if (ENDS_DEVICE.has(outcome.state)) break
    }
    const answered = around.counter.answered > 0 || outcomes.some((outcome) => outcome.answered)
    const leftovers = session.shell.leftovers?.() ?? []
    return { ...worstOf(outcomes), ...(answered && { answered }), ...(leftovers.length > 0 && { leftovers }) }
  } finally {
    await session.close()
  }
}

/** What comes after such an end of a runbook has no sense: the device is not there, or not to be touched. */
const ENDS_DEVICE: ReadonlySet<DeviceState> = new Set(['unreachable', 'indeterminate', 'cancelled', 'deferred'])

async function runbookOutcome(
  runbook: Runbook,
  work: DeviceWork,
  context: { readonly environment: DeviceEnvironment; readonly around: Surroundings; readonly leave: LeaveToChange },
): Promise<DeviceOutcome> {
  const { environment, around, leave } = context
  const scope = { ...environment.scopeOf(work.device), params: runbook.params }
  const options: WalkOptions = {
    ...(work.undoes ? undoing(runbook, work.undoes) : { runbook }),
    scope,
    around,
    converge: environment.mode === 'apply' || environment.mode === 'exec',
    stopping: environment.stopping,
    leave,
    carried: work.carried,
    emit: environment.emit,
    clock: environment.clock,
  }
  // Where taking back was begun, nothing is left of what was reviewed.
  if (!work.planned || stoppedAt(runbook, work.carried)) {
    const outcome = outcomeOf(await new RunbookWalk(options).run(), runbook, { scope, mode: environment.mode })
    return work.undoes && environment.mode === 'apply' ? { ...outcome, undone: true } : outcome
  }
  const rehearsal = await asPlanned(options, work.planned, environment.mask)
  if ('refused' in rehearsal) return rehearsal.refused
  const end = await new RunbookWalk({ ...options, looks: rehearsal.looks }).run()
  return outcomeOf(end, runbook, { scope, mode: environment.mode })
}

/**
 * Walks without changing anything and compares with what was reviewed; a device that has moved is left alone. From
 * there the same runbook leads to the same changes, and to those that only show once an earlier one was made.
 */
async function asPlanned(
  options: WalkOptions,
  planned: PlannedDevice,
  mask: DeviceEnvironment['mask'],
): Promise<{ readonly refused: DeviceOutcome } | { readonly looks: Looks }> {
  const walk = new RunbookWalk({ ...options, converge: false, emit: async () => undefined })
  const end = await walk.run()
  if (end.lost || end.cancelled)
    return { refused: outcomeOf(end, options.runbook, { scope: options.scope, mode: 'plan' }) }
  const seen = await mask(end.steps.map(({ outcome }) => outcome.changes ?? []))
  const now = end.steps.map(({ step, outcome }, index) => fingerprint(step.id, outcome.state, seen[index] ?? []))
  const then = planned.steps.map((step) => fingerprint(step.step, step.state, step.changes))
  const isBegun = options.carried !== undefined
  const different = end.steps.find(({ outcome }, index) => {
    if (now[index] === then[index]) return false
    // What an earlier attempt has done may have settled what comes behind it, or have shown that more is to be done.
    return !isBegun || (outcome.state === 'drifted' && HAD_A_WORD.has(planned.steps[index]?.state ?? 'ok'))
  })
  if (!different && now.length === then.length) return { looks: walk.looks }
  const message = different
    ? `Step "${different.step.id}" would now make another change than the one that was reviewed. Nothing was changed.`
    : 'The steps are no longer those that were reviewed. Nothing was changed.'
  const hint = planAgain(options.runbook, options.around.device.name)
  return { refused: { state: 'failed', failure: { code: 'PLAN_MOVED', phase: 'observe', message, hint } } }
}

function planAgain(runbook: Runbook, device: string): string {
  const command = `till plan ${shellWord(runbook.name)}${paramFlags(runbook)} ${deviceFlag(device)} --output plan.json`
  return `Plan again and have the new plan reviewed: ${command}`
}

/** A reviewed step that was to be changed in another way, or not at all. */
const HAD_A_WORD: ReadonlySet<StepState> = new Set(['drifted', 'ok'])

/** By values alone: plans of older versions have no lines that differ. */
function fingerprint(step: string, state: string, changes: readonly Change[]): string {
  return JSON.stringify([step, state, changes.map(({ texts: _texts, diff: _diff, ...values }) => values)])
}

/** The state of a device after one runbook. */
function outcomeOf(
  end: WalkEnd,
  runbook: Runbook,
  run: { readonly scope: Omit<Scope, 'steps'>; readonly mode: RunMode },
): DeviceOutcome {
  const outcomes = end.steps.map((done) => done.outcome)
  const unknown = outcomes.some((outcome) => outcome.state === 'unknown')
  const classification = classify(end, runbook, run.scope)
  const answered = hasSpoken(end, run.scope)
  const common = {
    ...(unknown && { unknown }),
    ...(answered && { answered }),
    ...(classification && { classification }),
  }
  if (end.lost) {
    // A command of `till exec` may change whatever it likes: to run it is to be under way.
    const changing = end.lost.changing || run.mode === 'exec'
    return { ...lostOutcome({ ...end.lost, changing }), ...common }
  }
  const failed = outcomes.find((outcome) => outcome.state === 'failed')
  if (failed?.failure) return { state: 'failed', failure: failed.failure, ...common }
  if (end.deferred) return { ...end.deferred, ...common }
  if (end.cancelled) return { ...cancelled(), ...common }
  const unmet = outcomes.find((outcome) => outcome.state === 'unmet' && !outcome.may_be_mended)
  if (unmet?.failure) return { state: 'unmet', failure: unmet.failure, ...common }
  return { state: stateWithoutFailure(outcomes), ...common }
}

/** Devices without a shell speak through what was read of them; the others, through their shell, which counts by itself. */
function hasSpoken({ steps }: WalkEnd, scope: Omit<Scope, 'steps'>): boolean {
  const { family } = (scope.device['os'] ?? {}) as { readonly family?: string }
  return family === 'none' && steps.some(({ outcome }) => outcome.state === 'ok' && (outcome.value ?? null) !== null)
}

/** What is known not to be as desired comes before what is not known, and that before anything good. */
function stateWithoutFailure(outcomes: readonly StepOutcome[]): 'changed' | 'drifted' | 'unknown' | 'in-sync' {
  if (outcomes.some((outcome) => outcome.state === 'drifted')) return 'drifted'
  if (outcomes.some((outcome) => outcome.state === 'unknown')) return 'unknown'
  return outcomes.some(hasChanged) ? 'changed' : 'in-sync'
}

function lostOutcome(lost: NonNullable<WalkEnd['lost']>): DeviceOutcome {
  const { failure } = lost
  if (failure.code === 'RUN_LOST_CONVERGING') return { state: 'indeterminate', failure }
  if (failure.code === 'DEVICE_BUSY' || failure.code === 'LEASE_LOST') return { state: 'deferred', failure }
  if (failure.code === 'RUN_CANCELLED' && !lost.changing) return { state: 'cancelled', failure }
  if (!lost.changing && OWN_FAULTS.has(failure.code)) return { state: 'failed', failure }
  if (!lost.changing || (!lost.answered && PHASES_BEFORE_ANY_STEP.has(failure.phase)))
    return { state: 'unreachable', failure }
  const message = `Contact was lost while a change was under way; whether it took effect is not known. ${failure.message}`
  return { state: 'indeterminate', failure: { ...failure, code: 'CONVERGE_LOST', phase: 'converge', message } }
}

/** What failed on this side says nothing of whether a device can be reached. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['SSH_CLIENT_FAULT', 'INTERNAL_BUG'])

/** How a device ends that the run did not get to, or not to its end. */
export function cancelled(): DeviceOutcome {
  const message = 'The run was stopped before this device was done.'
  return { state: 'cancelled', failure: { code: 'RUN_CANCELLED', phase: 'resolve', message } }
}

/** The first row of the truth table that holds; a row whose values are missing does not. */
function classify(end: WalkEnd, runbook: Runbook, scope: Omit<Scope, 'steps'>): Classification | undefined {
  if (runbook.classify.length === 0 || end.cancelled) return undefined
  const steps = Object.fromEntries(end.steps.map(({ step, outcome }) => [step.id, stepScope(outcome)])) as JsonObject
  for (const row of runbook.classify) {
    const answer = row.when.evaluate({ ...scope, steps })
    if (!answer.ok || answer.value !== true) continue
    const said = row.says.render({ ...scope, steps })
    if (said.ok) return classificationOf(said.value, String(scope.device['name']))
  }
  return undefined
}

/** A remedy that is a command of ours is for this device, and no other. */
function classificationOf({ fault, severity, ...more }: JsonObject, device: string): Classification {
  const texts = Object.entries(more).filter(([, text]) => text !== null && text !== '')
  const others = Object.fromEntries(texts.map(([name, text]) => [name, String(text)]))
  const { remedy } = others
  const aim = remedy !== undefined && { remedy: aimed(remedy, deviceFlag(device)) }
  return { fault: String(fault), severity: String(severity), ...others, ...aim }
}

/** Several runbooks on one device: the worst of their ends and of their verdicts, and unknown if any was. */
function worstOf(outcomes: readonly DeviceOutcome[]): DeviceOutcome {
  const worstFirst = [...outcomes].sort(
    (a, b) => WORST_STATES_FIRST.indexOf(a.state) - WORST_STATES_FIRST.indexOf(b.state),
  )
  // Of verdicts that are equally bad the one of the worse end, since sorting keeps the order.
  const [classification] = worstFirst
    .flatMap((outcome) => outcome.classification ?? [])
    .sort((a, b) => severityRank(a.severity) - severityRank(b.severity))
  const unknown = outcomes.some((outcome) => outcome.unknown)
  const worst: DeviceOutcome = worstFirst[0] ?? { state: 'in-sync' }
  return { ...worst, ...(unknown && { unknown }), ...(classification && { classification }) }
}
