import { type Carried, type CarriedSteps, stepKey, withCarried } from '../../core/carried.ts'
import { presentable } from '../../core/change.ts'
import type { RunEventBody } from '../../core/events.ts'
import { type Failure, SessionLost } from '../../core/failure.ts'
import type { DeviceOutcome, StepOutcome } from '../../core/outcome.ts'
import type { Clock } from '../../core/ports.ts'
import type { Runbook, Scope, Step } from '../../core/runbook.ts'
import { type LinkedStep, type ReadyChain, readyChain } from './chain-steps.ts'
import { type Converged, converge } from './change-step.ts'
import { broughtBy, drifted } from './content-ways.ts'
import { failedBefore, goesOn } from './go-on.ts'
import type { LeaveToChange } from './leave-to-change.ts'
import { LookAhead, type Looks } from './look-ahead.ts'
import type { Glance, Look, Surroundings } from './observe-step.ts'
import { type Due, planChain, type Seen } from './plan-chain.ts'
import { evaluateWhen } from './prepare-step.ts'
import type { StepDone, StepsDone } from './steps-done.ts'
import { ABORTED, unlessAborted } from './unless-aborted.ts'
import { failedBy, isUnmet, REGARDLESS_OF_CHANGES, seenIn, unmet, verified } from './verdict.ts'
import type { Lost } from './walk-end.ts'

export interface WalkOptions {
  readonly runbook: Runbook
  readonly scope: Omit<Scope, 'steps'>
  readonly around: Surroundings
  /** It is an apply: what differs is changed, and looked at again. */
  readonly isChanging: boolean
  /** Aborted: nothing new is begun; what is changing is finished. */
  readonly stopping: AbortSignal
  readonly leave: LeaveToChange
  readonly emit: (body: RunEventBody) => Promise<void>
  readonly clock: Clock
  /** What earlier attempts of the run have left of its steps. */
  readonly carried?: CarriedSteps | undefined
  /** Steps that are over, and not walked; those that are look at how they ended. */
  readonly earlier?: readonly StepDone[]
  /** Look ahead taken over from an earlier walk that changed nothing. */
  readonly looks?: Looks
}

export const CANCELLED = Symbol('cancelled')

export type Verdict = StepOutcome | { readonly lost: Lost } | { readonly deferred: DeviceOutcome } | typeof CANCELLED

/** What an earlier attempt has left of a step. */
export function carriedOf(
  { id }: Step,
  { runbook, carried }: Pick<WalkOptions, 'runbook' | 'carried'>,
): Carried | undefined {
  return carried?.[stepKey({ runbook: runbook.name, step: id })]
}

/**
 * What becomes of one step of a walk: it is looked at ahead, judged in its turn, changed and looked at again. Changes that can be foreseen
 * go out together, in a chain that the device itself stops where something is not as foreseen.
 */
export class StepWalk {
  readonly #options: WalkOptions
  readonly #ahead: LookAhead
  /** How steps have ended by now; whoever walks them records them there. */
  readonly #done: StepsDone
  /** Steps whose turn came, or comes, in the chain that is under way. */
  #linked = new Map<string, LinkedStep>()
  /** Taking back is part of a change under way: it is finished even when the run is being stopped. */
  #isTakingBack = false
  /** The device itself did not let the last change begin: by its fence, or by a guard. */
  #isHeldBack = false
  /** How often it did so, by step. */
  readonly #refusals = new Map<string, number>()
  /** Steps that an earlier attempt had done. */
  readonly #doneBefore = new Set<string>()

  constructor(options: WalkOptions, done: StepsDone) {
    this.#options = options
    this.#done = done
    const judged = { scope: () => this.#scope(), isJudged: (id: string) => done.isJudged(id) }
    this.#ahead = new LookAhead(options.around, judged, { looks: options.looks, reacting: options.isChanging })
  }

  get looks(): Looks {
    return this.#ahead.looks
  }

  /** A chain is under way, which comes to its end also when the run is being stopped. */
  get isInChain(): boolean {
    return this.#linked.size > 0
  }

  /** From now on steps take changes back. */
  beginTakingBack(): void {
    this.#isTakingBack = true
  }

  /** What was seen, or is in a chain, says nothing of what comes. */
  forget(): void {
    this.looks.clear()
    this.#linked.clear()
  }

  /** The walk is over. */
  close(): void {
    this.#options.stopping.removeEventListener('abort', this.#breakOff)
  }

  /** What the device is changing is finished, and nothing that is behind it in a chain is begun. */
  readonly #breakOff = (): void => {
    if (this.#linked.size > 0) this.#options.around.shell.breakChain?.()
  }

  /** `rest`: the step and those behind it. */
  async step(step: Step, rest: readonly Step[]): Promise<Verdict> {
    const linked = this.#linked.get(step.id)
    const verdict = linked && (await this.#inChain(linked, rest))
    if (verdict) return verdict
    const scope = this.#scope()
    const due = evaluateWhen(step, scope)
    const carried = this.#carried(step)
    if (!due.ok) return this.#failedAs(due.failure, carried && { changes: carried.changes })
    if (carried?.state === 'failed' && this.#options.isChanging) return failedBefore(carried)
    // What an earlier attempt has begun was due then; what it has changed may be why it is no longer.
    if (!due.value && !carried) return { state: 'skipped', reason: `when: ${step.when?.text ?? ''}` }
    if (linked && this.#stopping()) return CANCELLED
    // What follows in a chain is under way; looks that are begun meanwhile would be early.
    this.#ahead.start(this.#linked.size > 0 ? [step] : rest, 'observe')
    const look = await this.#unlessStopping(this.#ahead.at(step.id))
    return look === CANCELLED ? CANCELLED : this.#judgeLook(step, rest, look)
  }

  /** Why the device may not be changed now, by its guards or by the run; undefined: it may. */
  async refused(): Promise<{ readonly lost: Lost } | { readonly deferred: DeviceOutcome } | undefined> {
    try {
      const refused = await this.#options.leave.refused()
      return refused && { deferred: refused }
    } catch (error) {
      if (error instanceof SessionLost) return this.#lost(error.failure, { changing: false })
      throw error
    }
  }

  /**
   * What the device went on to in a chain, having seen that the step was settled which is judged to have failed here: it
   * is told as it is.
   */
  async wentAlong(steps: readonly Step[]): Promise<Lost | undefined> {
    for (const step of steps) {
      const linked = this.#linked.get(step.id)
      const began = this.#options.clock.elapsed()
      const verdict = linked?.change && (await this.#inChain(linked, []))
      if (!verdict || verdict === CANCELLED || 'deferred' in verdict) continue
      if ('lost' in verdict) return verdict.lost
      this.#done.record(step, verdict, began)
    }
    this.#linked.clear()
    return undefined
  }

  #judgeLook(step: Step, rest: readonly Step[], look: Look): Promise<Verdict> | Verdict {
    if (look.kind === 'lost') return this.#lost(look.failure, { changing: this.#linked.size > 0 })
    if (look.kind === 'passed') return this.#lookAnew(step, rest)
    if (look.kind === 'seen') return this.#judge(step, rest, look)
    const carried = this.#carried(step)
    return this.#failedAs(look.failure, carried && { changes: carried.changes })
  }

  /** The device did not run a look: its chain was broken, or a guard spoke up before one that may change something. */
  async #lookAnew(step: Step, rest: readonly Step[]): Promise<Verdict> {
    if (this.#options.around.lookActs) {
      this.#options.leave.takeBack()
      const refused = await this.refused()
      if (refused) return refused
    }
    return this.step(step, rest)
  }

  /** How a step ended that is in a chain under way; undefined when it was not run: it is judged in the ordinary way. */
  async #inChain(linked: LinkedStep, rest: readonly Step[]): Promise<Verdict | undefined> {
    const { step, look, change } = linked
    const turn = await linked.turn
    this.#linked.delete(step.id)
    if (turn.kind === 'lost') return this.#lost(turn.failure, { changing: true })
    if (turn.kind === 'passed') {
      this.#linked.clear()
      return undefined
    }
    if (turn.kind === 'failed') return this.#failedAs(turn.failure)
    if (!change) return this.#judge(step, rest, look)
    const due = { step, look, changes: change.changes }
    return this.#concluded(due, await change.converged, change.verify)
  }

  /**
   * A step that fails on a device which still awaits changes before it says nothing yet: those come first. A check that does
   * not hold is told all the same: they may mend it, or not.
   */
  #failedAs(failure: Failure, seen: Pick<StepOutcome, 'value' | 'samples' | 'marks' | 'changes'> = {}): StepOutcome {
    if (!this.#options.isChanging && this.#done.changesPending && !REGARDLESS_OF_CHANGES.has(failure.code)) {
      if (isUnmet(failure)) return { ...failedBy(failure), may_be_mended: true, ...seen }
      return { state: 'skipped', reason: 'waits for the changes before it' }
    }
    return { ...failedBy(failure), ...seen }
  }

  async #judge(step: Step, rest: readonly Step[], look: Seen): Promise<Verdict> {
    const seen = seenIn(look.observation)
    const comparison = look.observation.compare({ triggered: this.#done.triggers(step) })
    if ('unknown' in comparison) return { state: 'unknown', reason: comparison.unknown, ...seen }
    const { changes } = comparison
    const carried = this.#carried(step)
    if (carried) return this.#goOn({ step, look, changes }, { rest, carried })
    if (changes.length === 0) return { state: 'ok', ...seen }
    if (!look.observation.converge) return this.#failedAs(unmet(changes, look.observation), seen)
    if (!this.#options.isChanging) return { ...(await drifted(look, changes)), ...seen }
    return this.#change({ step, look, changes }, rest)
  }

  #carried(step: Step): Exclude<Carried, { state: 'stopped' }> | undefined {
    const carried = carriedOf(step, this.#options)
    return carried?.state === 'stopped' ? undefined : carried
  }

  async #goOn(
    due: Due,
    { rest, carried }: { readonly rest: readonly Step[]; readonly carried: Exclude<Carried, { state: 'stopped' }> },
  ): Promise<Verdict> {
    const { step, look, changes } = due
    const isTriggeredAnew = step.restart_on.some((id) => !this.#doneBefore.has(id) && this.#done.hasChanged(id))
    const { isChanging } = this.#options
    const next = goesOn(step.id, carried, { changes, isChanging, isTriggeredAnew })
    if (next.kind === 'in-doubt') return this.#lost(next.failure, { changing: true })
    if (next.kind === 'aside') return { ...next.outcome, ...seenIn(look.observation) }
    if (next.kind === 'done') {
      this.#doneBefore.add(step.id)
      return { ...next.outcome, ...seenIn(look.observation) }
    }
    const verdict = await this.#change({ ...due, changes: next.changes }, rest)
    if (verdict === CANCELLED || !('state' in verdict) || verdict.state !== 'changed') return verdict
    return { ...verdict, changes: withCarried(carried.changes, verdict.changes ?? []) }
  }

  async #change(due: Due, rest: readonly Step[]): Promise<Verdict> {
    const before = await this.#unlessStopping(this.#ahead.ended())
    if (before === CANCELLED) return CANCELLED
    if (before) return this.#lost(before, { changing: false })
    const askers = this.#ahead.askers()
    const refused = await this.refused()
    if (refused) return 'lost' in refused ? refused : (this.#halfDone(rest, refused.deferred) ?? refused)
    const chain = await this.#foreseen(due, rest)
    await this.#announce(chain?.dues ?? [due])
    if (this.#options.leave.isOver) {
      chain?.drop()
      return CANCELLED
    }
    const chained = chain && (await this.#chained(chain, rest))
    if (chained) return chained
    const alone = this.#isHeldBack ? undefined : await this.#changeAlone(due, rest, askers)
    return alone ?? this.#heldBack(due, rest)
  }

  /**
   * A step that reacts to a change which was made may not be left for later: another look would find the change done, and
   * nothing to react to. So it has failed, for people to see to.
   */
  #halfDone(rest: readonly Step[], { failure }: DeviceOutcome): StepOutcome | undefined {
    const reacting = rest.find((step) => this.#done.triggers(step))
    if (reacting === undefined || !failure) return undefined
    const message = `${failure.message} What "${reacting.id}" reacts to was changed before that, and it has not been run.`
    const hint = `Run "${reacting.id}" once the device is free: the next run finds nothing that it would react to.`
    return { state: 'failed', failure: { ...failure, phase: 'converge', message, hint } }
  }

  /** The device did not begin a change, since what was seen of it may be out of date: it is judged anew. */
  async #heldBack({ step, changes }: Due, rest: readonly Step[]): Promise<Verdict> {
    this.#isHeldBack = false
    const times = (this.#refusals.get(step.id) ?? 0) + 1
    this.#refusals.set(step.id, times)
    if (times <= MOST_REFUSALS) return this.step(step, rest)
    return { state: 'failed', failure: ALWAYS_LATE, changes: changes.map(presentable) }
  }

  /** The changes that can go out together with one that is due; undefined when there is none. */
  async #foreseen(due: Due, rest: readonly Step[]): Promise<ReadyChain | undefined> {
    const outcomes = new Map(this.#done.walked.map(({ step, outcome }) => [step.id, outcome]))
    const dependencies = { ahead: this.#ahead, around: this.#options.around, scope: this.#scope() }
    if (this.#options.around.isAlone) return undefined
    // What an earlier attempt has worked on is judged in its turn.
    const until = rest.findIndex((step, index) => index > 0 && this.#carried(step) !== undefined)
    const plan = planChain(due, until < 0 ? rest : rest.slice(0, until), { ...dependencies, outcomes })
    return plan && plan.along.length > 0 ? readyChain(plan, rest, dependencies) : undefined
  }

  /** Resolves when it is durable that these changes may be under way. */
  async #announce(dues: readonly Due[]): Promise<void> {
    const { around, runbook, emit } = this.#options
    const told = dues.map(({ step, changes }) =>
      emit({
        type: 'step.converging',
        device: around.device.name,
        runbook: runbook.name,
        step: step.id,
        module: step.module,
        changes: changes.map(presentable),
      }),
    )
    await Promise.all(told)
  }

  /** Sends a chain; how its first step ended, or undefined when not even that was run. */
  async #chained(chain: ReadyChain, rest: readonly Step[]): Promise<Verdict | undefined> {
    if (this.#stopping()) {
      chain.drop()
      return undefined
    }
    this.#options.stopping.addEventListener('abort', this.#breakOff, { once: true })
    const linked = chain.send()
    this.#linked = new Map(linked.map((one) => [one.step.id, one]))
    return this.#inChain(linked[0] as LinkedStep, rest)
  }

  /** Begins a change, and in the same turn the looks at what follows from it, so that they share its exchange. */
  async #changeAlone(due: Due, rest: readonly Step[], askers: ReadonlySet<string>): Promise<Verdict | undefined> {
    const converging = converge(due, this.#options.around)
    this.looks.clear()
    this.#ahead.start(rest, 'verify', (later) => askers.has(later.id))
    return this.#concluded(due, await converging)
  }

  /** How a step ended whose change was made, or not; undefined when the device did not run it. */
  async #concluded(due: Due, converged: Converged, verify?: Glance): Promise<Verdict | undefined> {
    if (converged.kind === 'done') {
      this.#ahead.dropEarly(due.look.channel.last)
      return this.#verify(due, verify)
    }
    if (converged.kind === 'passed') {
      this.#linked.clear()
      this.#isHeldBack = converged.fenced || converged.closed
      if (converged.closed) this.#options.leave.takeBack()
      return undefined
    }
    this.looks.clear()
    if (converged.kind === 'lost') return this.#lost(converged.failure, { changing: true })
    return { state: 'failed', failure: converged.failure, changes: due.changes.map(presentable), ...broughtBy(due) }
  }

  async #verify(due: Due, glance: Glance | undefined): Promise<Verdict> {
    const { step, changes } = due
    const look = (await lookAfter(glance, due)) ?? (await this.#lookAgain(step))
    this.looks.delete(step.id)
    if (look.kind === 'lost') return this.#lost(look.failure, { changing: true })
    if (look.kind === 'seen') return { ...verified(changes, look.observation), ...broughtBy(due) }
    const failure = look.kind === 'failed' ? look.failure : NOT_SEEN
    return { state: 'failed', failure: { ...failure, phase: 'verify' }, changes: changes.map(presentable) }
  }

  async #lookAgain(step: Step): Promise<Look> {
    this.#ahead.start([step], 'verify')
    return this.#ahead.at(step.id)
  }

  #lost(failure: Failure, { changing }: { readonly changing: boolean }): { lost: Lost } {
    return { lost: { failure, changing, answered: this.#options.around.counter.answered > 0 } }
  }

  #scope(): Scope {
    return { ...this.#options.scope, steps: this.#done.scope }
  }

  #stopping(): boolean {
    return this.#options.stopping.aborted && !this.#isTakingBack
  }

  async #unlessStopping<T>(work: Promise<T>): Promise<T | typeof CANCELLED> {
    if (this.#isTakingBack) return work
    const done = await unlessAborted(work, this.#options.stopping)
    return done === ABORTED ? CANCELLED : done
  }
}

/** How often a device may say that a change comes too late, or waits for another session, before that is its end. */
const MOST_REFUSALS = 5

const ALWAYS_LATE: Failure = {
  code: 'LEASE_LOST',
  phase: 'converge',
  message:
    'The device took each attempt at this change for one that came too late, or its guards changed their answer every time, and it began none of them.',
}

const NOT_SEEN: Failure = { code: 'INTERNAL_BUG', phase: 'verify', message: 'It was not looked at after its change.' }

/** What was seen after all that a change asked; undefined when there is nothing that counts. */
async function lookAfter(glance: Glance | undefined, { look: { channel } }: Due): Promise<Look | undefined> {
  if (!glance || (glance.channel.first ?? 0) < (channel.last ?? 0)) return undefined
  const look = await glance.look
  return look.kind === 'passed' ? undefined : look
}
