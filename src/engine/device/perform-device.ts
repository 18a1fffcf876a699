import type { CarriedSteps } from '../../core/carried.ts'
import type { DeviceShell } from '../../core/chain.ts'
import { isChanging, type RunEventBody, type RunMode } from '../../core/events.ts'
import type { Phase } from '../../core/failure.ts'
import type { Fence } from '../../core/fence.ts'
import type { Device, StoreFacts } from '../../core/fleet.ts'
import type { GuardSeen } from '../../core/guard.ts'
import type { LeaseToken } from '../../core/lease.ts'
import type { Module, ModuleContext } from '../../core/module.ts'
import type { DeviceOutcome, DeviceState } from '../../core/outcome.ts'
import type { PlannedDevice } from '../../core/plan.ts'
import type { Clock } from '../../core/ports.ts'
import type { Runbook, Scope } from '../../core/runbook.ts'
import type { WarningSeen } from '../../core/warning.ts'
import type { Admission, ChangeAnswer } from '../admission/admission.ts'
import { asPlanned } from './as-planned.ts'
import { branchOf } from './branch-signal.ts'
import { outcomeOf, worstOf } from './device-outcome.ts'
import { stoppedAt } from './go-on.ts'
import { type GuardCheck, GuardedShell } from './guarded-shell.ts'
import { LeaveToChange } from './leave-to-change.ts'
import type { Surroundings } from './observe-step.ts'
import type { Preparation } from './prepare-step.ts'
import type { WalkOptions } from './step-walk.ts'
import { undoing } from './undo-runbook.ts'
import { RunbookWalk } from './walk-runbook.ts'
import { type WarnPeople, warnPeople } from './warn-people.ts'

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
  /** Asked before the first change of a device is announced, and again where a guard spoke up, or people were warned; with what they say. */
  leaveToChange(device: Device, guards: readonly GuardSeen[], warned?: readonly WarningSeen[]): Promise<ChangeAnswer>
  /** What a device is asked to run so that people at it are told. */
  readonly warningQuestion: WarnPeople['question']
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
    const leave = new LeaveToChange(environment, work.device, {
      look: async () => (await guarded?.look()) ?? [],
      warn: (warnings) =>
        warnPeople(warnings, work.device, {
          shell: session.shell,
          emit: environment.emit,
          question: environment.warningQuestion,
        }),
    })
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
    isChanging: isChanging(environment.mode),
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
