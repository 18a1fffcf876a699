import type { Failure } from '../../core/failure.ts'
import type { Scope, Step } from '../../core/runbook.ts'
import { type Glance, type Look, lookAtStep, type Surroundings } from './observe-step.ts'
import { evaluateWhen } from './prepare-step.ts'

/** What was seen of each step so far; emptied by changes. */
export type Looks = Map<string, Glance>

/** What of a runbook is judged so far. */
export interface Judged {
  scope(): Scope
  isJudged(id: string): boolean
}

/**
 * Looks at steps before their turn: everything that can be looked at is looked at in one exchange, and a change makes all
 * that follows be looked at again in the exchange of the change itself.
 */
export class LookAhead {
  readonly looks: Looks
  readonly #around: Surroundings
  readonly #judged: Judged
  /** Whether a step may be looked at that is only run if an earlier one changes something. */
  readonly #reacting: boolean
  /** Steps that ran into their deadline when they were looked at ahead: they are looked at in their turn only. */
  readonly #slow = new Set<string>()

  constructor(
    around: Surroundings,
    judged: Judged,
    options: { readonly looks: Looks | undefined; readonly reacting: boolean },
  ) {
    this.#around = around
    this.#judged = judged
    this.#reacting = options.reacting
    this.looks = options.looks ?? new Map()
  }

  /** Starts looking at every step of `steps` whose parameters do not depend on a step that is not judged yet. */
  start(steps: readonly Step[], phase: 'observe' | 'verify', wanted: (step: Step) => boolean = () => true): void {
    const scope = this.#judged.scope()
    for (const step of steps) {
      if (this.has(step.id) || !wanted(step)) continue
      const first = step === steps[0]
      if (!first && !this.canBeAhead(step, scope)) continue
      this.looks.set(step.id, lookAtStep(step, scope, this.#around, first ? phase : 'observe'))
    }
  }

  /** Whether there is a look at a step that was made, or is under way. */
  has(id: string): boolean {
    const glance = this.looks.get(id)
    return glance !== undefined && glance.ended?.kind !== 'passed'
  }

  at(id: string): Promise<Look> {
    return (this.looks.get(id) as Glance).look
  }

  /**
   * Whether its parameters are known. Whether it will have to be run need not be, if that hangs on nothing but how
   * earlier steps end: a look more costs less than a round trip.
   */
  canBeAhead(step: Step, scope: Scope): boolean {
    if (this.#slow.has(step.id)) return false
    const isKnown = (id: string): boolean => this.#judged.isJudged(id)
    if (!step.params.steps.every(isKnown)) return false
    if (step.when && !step.when.steps.every(isKnown)) {
      return this.#reacting && (step.when.values ?? step.when.steps).every(isKnown)
    }
    const due = evaluateWhen(step, scope)
    return due.ok && due.value
  }

  /** Steps that were seen to ask the device: looking again rides on the exchange of a change. */
  askers(): ReadonlySet<string> {
    const asked = [...this.looks].filter(([, glance]) => glance.channel.first !== undefined)
    return new Set(asked.map(([id]) => id))
  }

  /**
   * Waits for the looks that have asked the device: their questions come before those of a change in any case. One
   * that ran into its deadline is not taken along with changes, each of which it would hold up anew.
   * Resolves to why the session was lost, if it was.
   */
  async ended(): Promise<Failure | undefined> {
    for (const [id, glance] of this.looks) {
      if (glance.channel.first === undefined) continue
      const look = await glance.look
      if (look.kind === 'lost') return look.failure
      if (look.kind === 'failed' && look.failure.code === 'OBSERVE_TIMEOUT') this.#slow.add(id)
    }
    return undefined
  }

  /** Looks that did not ask the device after the last question of a change may show what was before it. */
  dropEarly(lastOfChange: number | undefined): void {
    for (const [id, { channel }] of this.looks) {
      if (channel.first === undefined || lastOfChange === undefined || channel.first < lastOfChange)
        this.looks.delete(id)
    }
  }
}
