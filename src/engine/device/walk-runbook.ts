import type { StepOutcome } from '../../core/outcome.ts'
import type { Step } from '../../core/runbook.ts'
import { asItWas, stoppedAt } from './go-on.ts'
import type { Looks } from './look-ahead.ts'
import { CANCELLED, carriedOf, StepWalk, type WalkOptions } from './step-walk.ts'
import { StepsDone } from './steps-done.ts'
import type { WalkEnd } from './walk-end.ts'

/**
 * Walks the steps of a runbook on one device, in order: looked at ahead, and changed together where that can be foreseen, each is judged
 * in its turn. Where one fails, what was changed is taken back.
 */
export class RunbookWalk {
  readonly #options: WalkOptions
  readonly #done: StepsDone
  readonly #steps: StepWalk

  constructor(options: WalkOptions) {
    this.#options = options
    this.#done = new StepsDone({ ...options, device: options.around.device.name })
    this.#steps = new StepWalk(options, this.#done)
  }

  get looks(): Looks {
    return this.#steps.looks
  }

  async run(): Promise<WalkEnd> {
    try {
      const { runbook, carried, isChanging } = this.#options
      const stopped = isChanging ? stoppedAt(runbook, carried) : undefined
      return await (stopped ? this.#goOnBack(stopped) : this.#walk())
    } finally {
      this.#steps.close()
    }
  }

  async #walk(): Promise<WalkEnd> {
    const { stopping } = this.#options
    const { steps } = this.#options.runbook
    // Where a look may change the device, leave is asked for before it.
    const refused = this.#options.around.lookActs ? await this.#steps.refused() : undefined
    if (refused) return this.#end(refused)
    for (const [index, step] of steps.entries()) {
      if (stopping.aborted && !this.#steps.isInChain) return this.#end({ cancelled: true })
      const began = this.#options.clock.elapsed()
      const verdict = await this.#steps.step(step, steps.slice(index))
      if (verdict === CANCELLED) return this.#end({ cancelled: true })
      if ('lost' in verdict || 'deferred' in verdict) return this.#end(verdict)
      this.#done.record(step, verdict, began)
      if (stops(verdict) && !step.continue_on_failure) return this.#stopAt(step, steps.slice(index + 1))
    }
    return this.#end({})
  }

  async #stopAt(step: Step, rest: readonly Step[]): Promise<WalkEnd> {
    const lost = await this.#steps.wentAlong(rest)
    if (lost) return this.#end({ lost })
    // Before anything is taken back, so that nobody takes what was announced of them for sent.
    this.#notReached(rest, step)
    return (await this.#recover(step)) ?? this.#end({})
  }

  /** An earlier attempt had begun to take its changes back: that is gone on with, and nothing is made anew. */
  async #goOnBack(stopped: Step): Promise<WalkEnd> {
    if (this.#options.stopping.aborted) return this.#end({ cancelled: true })
    const { steps } = this.#options.runbook
    for (const [index, step] of steps.entries()) {
      const carried = carriedOf(step, this.#options)
      const isBehind = index > steps.indexOf(stopped)
      const outcome = carried ? asItWas(carried) : isBehind ? undefined : OVER
      if (outcome) this.#done.record(step, outcome, this.#options.clock.elapsed())
    }
    this.#notReached(steps, stopped)
    return (await this.#recover(stopped)) ?? this.#end({})
  }

  async #recover(failed: Step): Promise<WalkEnd | undefined> {
    if (!this.#options.isChanging) return undefined
    const changed = this.#done.walked.filter((done) => this.#done.mayHaveChanged(done))
    const steps = [...failed.on_failure, ...changed.reverse().flatMap((done) => done.step.rollback)]
    this.#steps.beginTakingBack()
    this.#done.beginTakingBack()
    for (const step of steps) {
      this.#steps.forget()
      const began = this.#options.clock.elapsed()
      const verdict = await this.#steps.step(step, [step])
      if (verdict === CANCELLED) return this.#end({ cancelled: true })
      if ('lost' in verdict || 'deferred' in verdict) return this.#end(verdict)
      this.#done.record(step, verdict, began)
    }
    return undefined
  }

  #notReached(steps: readonly Step[], failed: Step): void {
    for (const step of steps.filter(({ id }) => !this.#done.isWalked(id))) {
      const outcome: StepOutcome = {
        state: 'skipped',
        reason: `not reached: step "${failed.id}" ${this.#done.outcome(failed.id)?.state}`,
      }
      this.#done.record(step, outcome, this.#options.clock.elapsed())
    }
  }

  #end(how: Omit<WalkEnd, 'steps'>): WalkEnd {
    return { steps: this.#done.walked, ...how }
  }
}

function stops({ state, may_be_mended }: StepOutcome): boolean {
  return state === 'failed' || (state === 'unmet' && !may_be_mended)
}

const OVER: StepOutcome = {
  state: 'skipped',
  reason: 'not looked at anew: the run was cut off while changes were taken back',
}
