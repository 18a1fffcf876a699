import type { Change } from '../core/change.ts'
import { presentable } from '../core/change.ts'
import type { RunEventBody } from '../core/events.ts'
import { type Failure, type Result, success } from '../core/failure.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { StepOutcome } from '../core/outcome.ts'
import type { Clock } from '../core/ports.ts'
import type { Runbook, Scope, Step } from '../core/runbook.ts'
import {
  caught,
  type Glance,
  hasChanged,
  type Look,
  lookAtStep,
  type Surroundings,
  stepScope,
  within,
} from './observe-step.ts'
import { evaluateWhen } from './prepare-step.ts'

/** The session was lost; `changing` while a change was under way, `answered` when the device had answered before. */
interface Lost {
  readonly failure: Failure
  readonly changing: boolean
  readonly answered: boolean
}

/** How a runbook ended on a device. */
export interface WalkEnd {
  readonly steps: readonly { readonly step: Step; readonly outcome: StepOutcome }[]
  readonly lost?: Lost
  readonly cancelled?: boolean
}

export interface WalkOptions {
  readonly runbook: Runbook
  readonly scope: Omit<Scope, 'steps'>
  readonly around: Surroundings
  readonly converge: boolean
  /** Aborted: nothing new is begun; what is changing is finished. */
  readonly stopping: AbortSignal
  readonly emit: (body: RunEventBody) => Promise<void>
  readonly clock: Clock
  /** Look ahead taken over from an earlier walk that changed nothing. */
  readonly looks?: Looks
}

/** What was seen of each step so far; emptied by changes. */
export type Looks = Map<string, Glance>

interface Done {
  readonly step: Step
  readonly outcome: StepOutcome
}

const CANCELLED = Symbol('cancelled')

/**
 * Walks the steps of a runbook on one device, in order. Everything that can be looked at is looked at ahead, in one
 * exchange; a change makes all that follows be looked at again in the exchange of the change itself.
 */
export class RunbookWalk {
  readonly #options: WalkOptions
  readonly looks: Looks
  readonly #done = new Map<string, Done>()
  /** Undoing is part of a change under way: it is finished even when the run is being stopped. */
  #recovering = false
  /** Steps that ran into their deadline when they were looked at ahead: they are looked at in their turn only. */
  readonly #slow = new Set<string>()

  constructor(options: WalkOptions) {
    this.#options = options
    this.looks = options.looks ?? new Map()
  }

  async run(): Promise<WalkEnd> {
    const { steps } = this.#options.runbook
    for (const [index, step] of steps.entries()) {
      if (this.#options.stopping.aborted) return this.#end({ cancelled: true })
      const began = this.#options.clock.elapsed()
      const verdict = await this.#step(step, steps.slice(index))
      if (verdict === CANCELLED) return this.#end({ cancelled: true })
      if ('lost' in verdict) return this.#end({ lost: verdict.lost })
      this.#settle(step, verdict, began)
      if (verdict.state === 'failed' && !step.continue_on_failure) {
        const recovery = await this.#recover(step)
        this.#notReached(steps.slice(index + 1), step)
        return recovery ?? this.#end({})
      }
    }
    return this.#end({})
  }

  #end(how: Omit<WalkEnd, 'steps'>): WalkEnd {
    return { steps: [...this.#done.values()], ...how }
  }

  async #step(step: Step, rest: readonly Step[]): Promise<StepOutcome | { lost: Lost } | typeof CANCELLED> {
    const scope = this.#scope()
    const due = evaluateWhen(step, scope)
    if (!due.ok) return this.#failure(due.failure)
    if (!due.value) return { state: 'skipped', reason: `when: ${step.when?.text ?? ''}` }
    this.#lookAhead(rest, 'observe')
    const look = await this.#unlessStopping(this.#lookAt(step.id))
    if (look === CANCELLED) return CANCELLED
    if (look.kind === 'lost') return this.#lost(look.failure, { changing: false })
    if (look.kind === 'failed') return this.#failure(look.failure)
    return this.#judge(step, rest, look)
  }

  /** A step that fails on a device which still awaits changes before it says nothing yet: those come first. */
  #failure(failure: Failure, value?: JsonValue): StepOutcome {
    if (!this.#options.converge && this.#changesPending() && !REGARDLESS_OF_CHANGES.has(failure.code)) {
      return { state: 'skipped', reason: 'waits for the changes before it' }
    }
    return { state: 'failed', failure, ...(value !== undefined && { value }) }
  }

  #changesPending(): boolean {
    return [...this.#done.values()].some((done) => done.outcome.state === 'drifted')
  }

  async #judge(
    step: Step,
    rest: readonly Step[],
    look: Look & { kind: 'seen' },
  ): Promise<StepOutcome | { lost: Lost } | typeof CANCELLED> {
    const { value } = look.observation
    const comparison = look.observation.compare({ triggered: this.#triggered(step) })
    if ('unknown' in comparison) return { state: 'unknown', reason: comparison.unknown, value }
    const { changes } = comparison
    if (changes.length === 0) return { state: 'ok', value }
    if (!look.observation.converge) return this.#failure(unmet(changes), value)
    if (!this.#options.converge) return { state: 'drifted', changes: changes.map(presentable), value }
    return this.#change(step, rest, { look, changes })
  }

  async #change(
    step: Step,
    rest: readonly Step[],
    due: { look: Look & { kind: 'seen' }; changes: readonly Change[] },
  ): Promise<StepOutcome | { lost: Lost } | typeof CANCELLED> {
    const { around } = this.#options
    const shown = due.changes.map(presentable)
    const before = await this.#unlessStopping(this.#looksEnded())
    if (before === CANCELLED) return CANCELLED
    if (before) return this.#lost(before, { changing: false })
    await this.#options.emit({
      type: 'step.converging',
      device: around.device.name,
      runbook: this.#options.runbook.name,
      step: step.id,
      module: step.module,
      changes: shown,
    })
    const { channel } = due.look
    try {
      const converged = await this.#converging(step, rest, due)
      if (converged.ok) {
        this.#dropEarly(channel.last)
        return this.#verify(step, due.changes, shown)
      }
      this.looks.clear()
      return { state: 'failed', failure: converged.failure, changes: shown }
    } catch (error) {
      this.looks.clear()
      const end = caught(error, 'converge')
      if (end.kind === 'lost') return this.#lost(end.failure, { changing: true })
      return { state: 'failed', failure: end.failure, changes: shown }
    }
  }

  /** Begins the change, and in the same turn the looks at what follows from it, so that they share its exchange. */
  #converging(
    step: Step,
    rest: readonly Step[],
    due: { look: Look & { kind: 'seen' }; changes: readonly Change[] },
  ): Promise<Result<void>> {
    const { around } = this.#options
    // The module's own observation holds the channel that converge uses: what is asked through it is counted there.
    const { channel, observation } = due.look
    const limits = {
      deadlineMs: step.timeout_ms ?? around.deadlineMs('converge'),
      signal: around.signal,
      phase: 'converge' as const,
    }
    const askers = this.#askers()
    channel.enter(limits.phase, limits.deadlineMs)
    const converging = within(channel, limits, async () => observation.converge?.(due.changes) ?? success(undefined))
    this.looks.clear()
    this.#lookAhead(rest, 'verify', (later) => askers.has(later.id))
    return converging
  }

  async #verify(
    step: Step,
    changes: readonly Change[],
    shown: readonly Change[],
  ): Promise<StepOutcome | { lost: Lost }> {
    if (!this.looks.has(step.id)) this.#lookAhead([step], 'verify')
    const look = await this.#lookAt(step.id)
    this.looks.delete(step.id)
    if (look.kind === 'lost') return this.#lost(look.failure, { changing: true })
    if (look.kind === 'failed')
      return { state: 'failed', failure: { ...look.failure, phase: 'verify' }, changes: shown }
    const { value } = look.observation
    const left = look.observation.compare({ triggered: false })
    if ('unknown' in left) return { state: 'unknown', reason: left.unknown, changes: shown, value }
    const undone = left.changes.filter((change) => !change.once)
    if (undone.length === 0) return { state: 'changed', changes: shown, value }
    const fields = undone.map(presentable).map((change) => `${change.path} is still ${JSON.stringify(change.before)}`)
    const message = `${changes.length} change(s) were made without error, but ${fields.join(', ')}.`
    return { state: 'failed', failure: { code: 'NOT_CONVERGED', phase: 'verify', message }, changes: shown, value }
  }

  /** Starts looking at every step of `steps` whose parameters do not depend on a step that is not judged yet. */
  #lookAhead(steps: readonly Step[], phase: 'observe' | 'verify', wanted: (step: Step) => boolean = () => true): void {
    const scope = this.#scope()
    for (const step of steps) {
      if (this.looks.has(step.id) || !wanted(step)) continue
      const first = step === steps[0]
      if (!first && !this.#canBeAhead(step)) continue
      const due = evaluateWhen(step, scope)
      if (!due.ok || !due.value) continue
      this.looks.set(step.id, lookAtStep(step, scope, this.#options.around, first ? phase : 'observe'))
    }
  }

  #canBeAhead(step: Step): boolean {
    const needed = [...step.params.steps, ...(step.when?.steps ?? [])]
    return !this.#slow.has(step.id) && needed.every((id) => this.#done.has(id))
  }

  /** Steps that were seen to ask the device: looking again rides on the exchange of a change. */
  #askers(): ReadonlySet<string> {
    const asked = [...this.looks].filter(([, glance]) => glance.channel.first !== undefined)
    return new Set(asked.map(([id]) => id))
  }

  /**
   * Waits for the looks that have asked the device: their questions come before those of a change in any case. One
   * that ran into its deadline is not taken along with changes, each of which it would hold up anew.
   * Resolves to why the session was lost, if it was.
   */
  async #looksEnded(): Promise<Failure | undefined> {
    for (const [id, glance] of this.looks) {
      if (glance.channel.first === undefined) continue
      const look = await glance.look
      if (look.kind === 'lost') return look.failure
      if (look.kind === 'failed' && look.failure.code === 'OBSERVE_TIMEOUT') this.#slow.add(id)
    }
    return undefined
  }

  #lookAt(id: string): Promise<Look> {
    return (this.looks.get(id) as Glance).look
  }

  /** Looks that did not ask the device after the last question of a change may show what was before it. */
  #dropEarly(lastOfChange: number | undefined): void {
    for (const [id, { channel }] of this.looks) {
      if (channel.first === undefined || lastOfChange === undefined || channel.first < lastOfChange)
        this.looks.delete(id)
    }
  }

  async #recover(failed: Step): Promise<WalkEnd | undefined> {
    if (!this.#options.converge) return undefined
    const changed = [...this.#done.values()].filter(
      (done) => done.outcome.changes !== undefined && done.outcome.state !== 'skipped',
    )
    const steps = [...failed.on_failure, ...changed.reverse().flatMap((done) => done.step.rollback)]
    this.#recovering = true
    for (const step of steps) {
      this.looks.clear()
      const began = this.#options.clock.elapsed()
      const verdict = await this.#step(step, [step])
      if (verdict === CANCELLED) return this.#end({ cancelled: true })
      if ('lost' in verdict) return this.#end({ lost: verdict.lost })
      this.#settle(step, verdict, began)
    }
    return undefined
  }

  #notReached(steps: readonly Step[], failed: Step): void {
    for (const step of steps) {
      const outcome: StepOutcome = { state: 'skipped', reason: `not reached: step "${failed.id}" failed` }
      this.#settle(step, outcome, this.#options.clock.elapsed())
    }
  }

  #triggered(step: Step): boolean {
    return step.restart_on.some((id) => {
      const outcome = this.#done.get(id)?.outcome
      return outcome !== undefined && hasChanged(outcome)
    })
  }

  #lost(failure: Failure, { changing }: { readonly changing: boolean }): { lost: Lost } {
    return { lost: { failure, changing, answered: this.#options.around.counter.answered > 0 } }
  }

  #scope(): Scope {
    const steps: Record<string, JsonValue> = {}
    for (const { step, outcome } of this.#done.values()) steps[step.id] = stepScope(outcome)
    return { ...this.#options.scope, steps: steps as JsonObject }
  }

  async #unlessStopping<T>(work: Promise<T>): Promise<T | typeof CANCELLED> {
    const { stopping } = this.#options
    if (this.#recovering) return work
    if (stopping.aborted) return CANCELLED
    let stop: (() => void) | undefined
    const stopped = new Promise<typeof CANCELLED>((resolve) => {
      stop = () => resolve(CANCELLED)
      stopping.addEventListener('abort', stop, { once: true })
    })
    try {
      return await Promise.race([work, stopped])
    } finally {
      if (stop) stopping.removeEventListener('abort', stop)
    }
  }

  /**
   * The step is judged: later ones see it, and it is told. Telling is not awaited: events keep their order, and a
   * journal that fails does so at the end of the device too.
   */
  #settle(step: Step, outcome: StepOutcome, began: number): void {
    this.#done.set(step.id, { step, outcome })
    const { around, runbook, clock, emit } = this.#options
    const written = emit({
      type: 'step.finished',
      device: around.device.name,
      runbook: runbook.name,
      step: step.id,
      name: step.name,
      module: step.module,
      ...outcome,
      duration_ms: Math.round(clock.elapsed() - began),
    })
    written.catch(() => undefined)
  }
}

/** Failures that no change on the device could make go away. */
const REGARDLESS_OF_CHANGES: ReadonlySet<string> = new Set([
  'MODULE_SYSTEM_UNSUPPORTED',
  'SECRET_UNREADABLE',
  'INTERNAL_BUG',
])

function unmet(changes: readonly Change[]): Failure {
  const shown = changes.map(presentable)
  const found = shown.map((c) => `${c.path} is ${JSON.stringify(c.before)}, wished ${JSON.stringify(c.after)}`)
  return { code: 'CHECK_UNMET', phase: 'observe', message: `${found.join('; ')}.` }
}
