import { type CarriedSteps, stepKey } from '../../core/carried.ts'
import type { RunEventBody } from '../../core/events.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { StepOutcome } from '../../core/outcome.ts'
import type { Clock } from '../../core/ports.ts'
import type { Runbook, Step } from '../../core/runbook.ts'
import { hasChanged, stepScope } from './observe-step.ts'

/** A step, and how it ended. */
export interface StepDone {
  readonly step: Step
  readonly outcome: StepOutcome
}

export interface StepsDoneOptions {
  readonly device: string
  readonly runbook: Runbook
  readonly emit: (body: RunEventBody) => Promise<void>
  readonly clock: Clock
  /** Steps that are over, and not walked, where what they changed is taken back: those that are walked look at how they ended. */
  readonly earlier?: readonly StepDone[] | undefined
  /** What earlier attempts of the run have left of its steps. */
  readonly carried?: CarriedSteps | undefined
}

/** How the steps of a walk have ended so far, in the order in which they were judged: what later ones look at. */
export class StepsDone {
  readonly #options: StepsDoneOptions
  readonly #done = new Map<string, StepDone>()
  readonly #earlier: ReadonlyMap<string, StepDone>
  #isTakingBack: boolean

  constructor(options: StepsDoneOptions) {
    this.#options = options
    this.#earlier = new Map(options.earlier?.map((done) => [done.step.id, done]))
    this.#isTakingBack = options.earlier !== undefined
  }

  /** What was changed is taken back from now on, and what may have been. */
  beginTakingBack(): void {
    this.#isTakingBack = true
  }

  /** What this walk has judged. */
  get walked(): readonly StepDone[] {
    return [...this.#done.values()]
  }

  get changesPending(): boolean {
    return this.walked.some((done) => done.outcome.state === 'drifted')
  }

  isWalked(id: string): boolean {
    return this.#done.has(id)
  }

  isJudged(id: string): boolean {
    return this.#done.has(id) || this.#earlier.has(id)
  }

  outcome(id: string): StepOutcome | undefined {
    return (this.#done.get(id) ?? this.#earlier.get(id))?.outcome
  }

  hasChanged(id: string): boolean {
    const outcome = this.outcome(id)
    return outcome !== undefined && hasChanged(outcome)
  }

  /** Whether a step that it reacts to has changed something. */
  triggers(step: Step): boolean {
    return step.restart_on.some((id) => this.hasChanged(id))
  }

  /** Also where that is not known, and somebody said to go on. */
  mayHaveChanged({ step, outcome }: StepDone): boolean {
    if (outcome.state === 'skipped') return false
    const { runbook, carried } = this.#options
    const key = stepKey({ runbook: runbook.name, step: step.id })
    return outcome.changes !== undefined || carried?.[key]?.state === 'aside'
  }

  /** The `steps` that expressions of later steps see. To those that take back, what may have been changed was. */
  get scope(): JsonObject {
    const steps: Record<string, JsonValue> = {}
    for (const done of [...this.#earlier.values(), ...this.#done.values()]) {
      const changed = this.#isTakingBack ? this.mayHaveChanged(done) : hasChanged(done.outcome)
      steps[done.step.id] = stepScope(done.outcome, changed)
    }
    return steps
  }

  /**
   * The step is judged: later ones see it, and it is told. Telling is not awaited: events keep their order, and a journal that
   * fails does so at the end of the device too.
   *
   * @param began by the walk's clock, in milliseconds
   */
  record(step: Step, outcome: StepOutcome, began: number): void {
    this.#done.set(step.id, { step, outcome })
    const { device, runbook, clock, emit } = this.#options
    const written = emit({
      type: 'step.finished',
      device,
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
