import type { Change } from '../../core/change.ts'
import type { Proof } from '../../core/module.ts'
import type { StepOutcome } from '../../core/outcome.ts'
import type { Scope, Step } from '../../core/runbook.ts'
import type { LookAhead } from './look-ahead.ts'
import { hasChanged, type Look, type Surroundings, stepScope } from './observe-step.ts'
import { evaluateWhen } from './prepare-step.ts'
import type { Question } from './tracked-channel.ts'

export type Seen = Look & { readonly kind: 'seen' }

/** A step that is to be changed, with what was seen of it. */
export interface Due {
  readonly step: Step
  readonly look: Seen
  readonly changes: readonly Change[]
}

/** A step that goes along in a chain, as it is expected to end. */
export interface ChainedStep {
  readonly step: Step
  readonly look: Seen
  /** The question that it was looked at by: asked again in its turn, it has to answer the same. */
  readonly question: Question
  /** Absent: nothing is to be changed. */
  readonly change?: { readonly changes: readonly Change[]; readonly proof: Proof }
}

export interface ChainPlan {
  /** The first change, which is due in any case. */
  readonly first: Due & { readonly proof: Proof }
  /** What goes along behind it; the last of them is a change. Empty: there is nothing to chain. */
  readonly along: readonly ChainedStep[]
}

/**
 * How far the steps behind a change can be foreseen: those that are judged alike if they are seen alike in their turn,
 * and of whose changes the device itself can tell that they came about. A chain ends before the first step of which that
 * is not so. `rest` begins with the step of `due`; its looks, and those of what follows, have ended.
 */
export function planChain(
  due: Due,
  rest: readonly Step[],
  known: {
    readonly ahead: LookAhead
    readonly around: Surroundings
    readonly scope: Scope
    readonly outcomes: ReadonlyMap<string, StepOutcome>
  },
): ChainPlan | undefined {
  const proof = proofOf(due.look, due.changes, known.around)
  if (!proof) return undefined
  const expected = new Expectations(known.scope, known.outcomes)
  expected.add(due.step, CHANGED)
  const along: ChainedStep[] = []
  let changes = 0
  for (const step of rest.slice(1)) {
    const next = foreseen(step, expected, known)
    if (!next) break
    expected.add(step, next.outcome)
    if (next.chained) along.push(next.chained)
    if (next.chained?.change) changes = along.length
  }
  return { first: { ...due, proof }, along: along.slice(0, changes) }
}

/** Its value is only known once it was looked at again; nothing that depends on it is foreseen. */
const CHANGED: StepOutcome = { state: 'changed', changes: [] }

/** How the steps so far are expected to end. */
class Expectations {
  readonly #outcomes: Map<string, StepOutcome>
  readonly #base: Scope

  constructor(base: Scope, outcomes: ReadonlyMap<string, StepOutcome>) {
    this.#base = base
    this.#outcomes = new Map(outcomes)
  }

  add(step: Step, outcome: StepOutcome): void {
    this.#outcomes.set(step.id, outcome)
  }

  hasValue(id: string): boolean {
    const outcome = this.#outcomes.get(id)
    return outcome !== undefined && outcome !== CHANGED
  }

  triggers(step: Step): boolean {
    return step.restart_on.some((id) => {
      const outcome = this.#outcomes.get(id)
      return outcome !== undefined && hasChanged(outcome)
    })
  }

  scope(): Scope {
    const steps = [...this.#outcomes].map(([id, outcome]) => [id, stepScope(outcome)] as const)
    return { ...this.#base, steps: Object.fromEntries(steps) }
  }
}

interface Foreseen {
  readonly outcome: StepOutcome
  /** Absent: the device is not asked about it. */
  readonly chained?: ChainedStep
}

function foreseen(
  step: Step,
  expected: Expectations,
  known: { readonly ahead: LookAhead; readonly around: Surroundings },
): Foreseen | undefined {
  const looksAt = [...step.params.steps, ...(step.when?.values ?? step.when?.steps ?? [])]
  if (!looksAt.every((id) => expected.hasValue(id))) return undefined
  const due = evaluateWhen(step, expected.scope())
  if (!due.ok) return undefined
  if (!due.value) return { outcome: { state: 'skipped' } }
  const look = known.ahead.looks.get(step.id)?.ended
  if (look?.kind !== 'seen') return undefined
  const { observation, channel } = look
  const comparison = observation.compare({ triggered: expected.triggers(step) })
  const { value } = observation
  if (known.around.modules.get(step.module)?.asksNothing) {
    return 'changes' in comparison && comparison.changes.length === 0 ? { outcome: { state: 'ok', value } } : undefined
  }
  const question = channel.only
  if (!question || !repeatable(question)) return undefined
  const chained = { step, look, question }
  if ('unknown' in comparison) return { outcome: { state: 'unknown', value }, chained }
  const { changes } = comparison
  if (changes.length === 0) return { outcome: { state: 'ok', value }, chained }
  const proof = proofOf(look, changes, known.around)
  return proof && { outcome: CHANGED, chained: { ...chained, change: { changes, proof } } }
}

function proofOf({ observation }: Seen, changes: readonly Change[], { shell }: Surroundings): Proof | undefined {
  const proof = observation.converge && observation.proof?.(changes)
  return proof && (proof.dialect ?? 'posix') === shell.dialect ? proof : undefined
}

/** Only an answer that was whole can be told to be the same. */
function repeatable({ answer }: Question): boolean {
  return !answer.truncated && answer.stderr.length === 0
}
