import { type Carried, noteEnd, stepKey } from '../../core/carried.ts'
import { InputError } from '../../core/diagnostic.ts'
import { isChanging, type RunEventBody } from '../../core/events.ts'
import { type Failure, SessionLost, WANTS_HERE } from '../../core/failure.ts'
import { inDoubt, settles, stillInDoubt } from '../../core/fold-run.ts'
import type { GuardSeen } from '../../core/guard.ts'
import type { LeaseToken } from '../../core/lease.ts'
import { type DeviceOutcome, wasNeverReached } from '../../core/outcome.ts'
import type { WarningSeen } from '../../core/warning.ts'
import type { ChangeAnswer, Permit, Wait } from '../admission/admission.ts'
import type { DeviceWorker } from '../fleet/worker-pool.ts'
import { cancelled } from './device-outcome.ts'
import type { DeviceVisit } from './device-visit.ts'
import type { DeviceEnvironment, DeviceWork } from './perform-device.ts'

/** Runs the runbooks of one device, unless it has to wait, and emits its one final state. */
export async function runDevice(work: DeviceWork, run: DeviceEnvironment, worker: DeviceWorker): Promise<DeviceVisit> {
  if (run.stopping.aborted) return endDevice(work, run, cancelled())
  if (work.refused) return endDevice(work, run, work.refused)
  if (!isChanging(run.mode)) return visitDevice(work, run, { worker, permit: undefined })
  const place = await run.admission.place({ device: work.device.name, attempt: work.attempt ?? 1 })
  if (place.kind === 'wait') return { kind: 'waits', wait: place, looked: false }
  if (place.kind === 'refuse') return endDevice(work, run, { state: 'deferred', failure: place.failure })
  let outcome: DeviceOutcome | undefined
  try {
    const end = await visitDevice(work, run, { worker, permit: place.permit })
    if (end.kind === 'ended') outcome = end.outcome
    return end
  } finally {
    await place.permit.release(outcome)
  }
}

/** One attempt at a device, that has the leave which it needs; tells its beginning and its end. */
export function visitDevice(
  work: DeviceWork,
  run: DeviceEnvironment,
  by: { readonly worker: DeviceWorker; readonly permit: Permit | undefined },
): Promise<DeviceVisit> {
  const { worker, permit } = by
  return worker.visit?.(work, run, permit) ?? new Visit(work, run, permit).perform(worker)
}

/** Tells the end of a device that is not worked on. */
export async function endDevice(
  work: DeviceWork,
  run: DeviceEnvironment,
  outcome: DeviceOutcome,
): Promise<DeviceVisit> {
  const visit = new Visit(work, run, undefined)
  visit.begin()
  return { kind: 'ended', outcome: await visit.end(outcome) }
}

/** One attempt at a device, with leave to change it where that is needed. */
class Visit {
  readonly #work: DeviceWork
  readonly #run: DeviceEnvironment
  readonly #permit: Permit | undefined
  readonly #began: number
  readonly #changing = new Set<string>()
  /** Steps that an earlier attempt left in doubt, by their keys; those that are put aside, until the device has gone on past them. */
  readonly #doubts = new Map<string, string>()
  /** What this attempt and earlier ones have left of its steps. */
  readonly #carried: Map<string, Carried>
  #wait: Wait | undefined
  /** Something of it was changed, or may have been. */
  #isTouched = false

  constructor(work: DeviceWork, run: DeviceEnvironment, permit: Permit | undefined) {
    this.#work = work
    this.#run = run
    this.#permit = permit
    this.#began = run.clock.elapsed()
    this.#carried = new Map(Object.entries(work.carried ?? {}))
    for (const [key, { state }] of this.#carried) {
      if (state === 'changing' || state === 'aside') this.#doubts.set(key, key.split('\n')[1] ?? key)
    }
  }

  begin(): void {
    const { device } = this.#work
    this.#emit({ type: 'device.started', device: device.name, store: device.store }).catch(() => undefined)
  }

  async perform(worker: DeviceWorker): Promise<DeviceVisit> {
    await this.#run.learnSecrets?.(this.#work.device)
    this.begin()
    const outcome = await this.#outcome(worker)
    if (this.#wait && outcome.state === 'deferred') {
      const carried = this.#carried.size > 0 && { carried: Object.fromEntries(this.#carried) }
      return { kind: 'waits', wait: this.#wait, looked: true, ...(outcome.answered && { answered: true }), ...carried }
    }
    return { kind: 'ended', outcome: await this.end(outcome) }
  }

  /** Resolves to the outcome as it was told. */
  async end(judged: DeviceOutcome): Promise<DeviceOutcome> {
    const outcome = this.#withDoubts(judged)
    try {
      await this.#finish(outcome, this.#permit?.lease.token)
      return outcome
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error
      // Whoever has the device now says what became of it; this run has an end for it all the same.
      const lost = this.#lost(error.failure)
      await this.#finish(lost)
      return lost
    }
  }

  /** What an earlier attempt left in doubt stays so until this one has settled it. */
  #withDoubts(outcome: DeviceOutcome): DeviceOutcome {
    if (this.#doubts.size === 0 || outcome.state === 'in-sync' || outcome.state === 'changed') return outcome
    if (outcome.state === 'indeterminate') return outcome
    return { ...outcome, state: 'indeterminate', failure: stillInDoubt(inDoubt([...this.#doubts.values()]), outcome) }
  }

  async #outcome(worker: DeviceWorker): Promise<DeviceOutcome> {
    const outcome = await this.#judged(worker)
    // Whoever logged in before the want of time was known ran into it together; by now logins are slowed down.
    const isWorthATry = WANTS_HERE.has(outcome.failure?.code ?? '') && wasNeverReached(outcome)
    return isWorthATry && !this.#isOver() ? this.#judged(worker) : outcome
  }

  #isOver(): boolean {
    return this.#run.stopping.aborted || this.#permit?.lease.lost.aborted === true
  }

  async #judged(worker: DeviceWorker): Promise<DeviceOutcome> {
    const { overloadedMs = () => 0, clock } = this.#run
    const [began, overloaded] = [clock.elapsed(), overloadedMs()]
    const outcome = await this.#performed(worker)
    const isOurs = overloadedMs() - overloaded > (clock.elapsed() - began) / 2
    return isOurs ? notBlamed(outcome) : outcome
  }

  async #performed(worker: DeviceWorker): Promise<DeviceOutcome> {
    const permit = this.#permit
    const lost = permit?.lease.lost
    const environment: DeviceEnvironment = {
      ...this.#run,
      emit: (body) => this.#emit(body, permit?.lease.token),
      fenceOf: () => permit?.fence,
      leaveToChange: (_device, guards, warned) => this.#leaveToChange(guards, warned),
    }
    const outcome = await worker.perform({ ...this.#work, ...(lost && { lost }) }, environment).catch(bug)
    if (!lost?.aborted || outcome.state !== 'cancelled' || this.#run.stopping.aborted) return outcome
    return this.#lost(LAPSED)
  }

  async #leaveToChange(guards: readonly GuardSeen[], warned?: readonly WarningSeen[]): Promise<ChangeAnswer> {
    // Asked again, since the device itself did not begin what was announced.
    this.#changing.clear()
    const so = { isTouched: this.#isTouched, ...(warned && { warned }) }
    const answer = (await this.#permit?.change(guards, so)) ?? { kind: 'begin' }
    this.#wait = answer.kind === 'wait' ? answer : undefined
    return answer
  }

  #lost(failure: Failure): DeviceOutcome {
    if (this.#changing.size === 0) return { state: 'deferred', failure: { ...failure, phase: 'resolve' } }
    const message = `A change was under way; whether it took effect is not known. ${failure.message}`
    return { state: 'indeterminate', failure: { ...failure, message } }
  }

  async #emit(body: RunEventBody, lease?: LeaseToken): Promise<void> {
    const { attempt = 1 } = this.#work
    if (body.type === 'step.converging') this.#changing.add(stepKey(body))
    const told = this.#run.emit('device' in body ? { ...body, attempt } : body, lease)
    if (body.type !== 'step.converging' && body.type !== 'step.finished') return told
    const key = stepKey(body)
    if (body.type === 'step.finished') {
      if (settles(body, this.#carried.get(key)?.state === 'aside')) this.#doubts.delete(key)
      if (body.changes !== undefined) this.#isTouched = true
      noteEnd(this.#carried, body)
      this.#changing.delete(key)
    } else told.catch(() => this.#changing.delete(key))
    return told
  }

  #finish(outcome: DeviceOutcome, lease?: LeaseToken): Promise<void> {
    const { device } = this.#work
    const { name, store, region, kind } = device
    const duration = Math.round(this.#run.clock.elapsed() - this.#began)
    const body = {
      type: 'device.finished',
      device: name,
      store,
      region,
      kind,
      ...outcome,
      duration_ms: duration,
    } as const
    return this.#emit(body, lease)
  }
}

const LAPSED: Failure = {
  code: 'LEASE_LOST',
  phase: 'resolve',
  message: 'This process was not heard of for longer than its lease of the device lasts; another run may have it.',
}

/** A fault of ours, or of what we work with, costs this one device, and says so. */
function bug(error: unknown): DeviceOutcome {
  if (error instanceof SessionLost) return { state: 'cancelled', failure: error.failure }
  const [diagnostic] = error instanceof InputError ? error.diagnostics : []
  if (diagnostic) {
    return { state: 'failed', failure: { code: diagnostic.code, phase: 'resolve', message: `${diagnostic.summary}.` } }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { state: 'failed', failure: { code: 'INTERNAL_BUG', phase: 'observe', message } }
}

/** Where this machine was overloaded most of the time, that something came too late says nothing about a device. */
function notBlamed(outcome: DeviceOutcome): DeviceOutcome {
  const { failure } = outcome
  if (outcome.state !== 'unreachable' || !failure?.code.endsWith('_TIMEOUT')) return outcome
  const message = `${failure.message} Since this machine was overloaded meanwhile, that says nothing about the device.`
  return { ...outcome, state: 'failed', failure: { ...failure, code: 'CONTROLLER_OVERLOADED', message } }
}
