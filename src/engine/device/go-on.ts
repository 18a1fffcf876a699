import { type Carried, type CarriedSteps, stepKey, withCarried } from '../../core/carried.ts'
import type { Change } from '../../core/change.ts'
import type { Failure } from '../../core/failure.ts'
import type { StepOutcome } from '../../core/outcome.ts'
import type { Runbook, Step } from '../../core/runbook.ts'
import { failedBy } from './verdict.ts'

/** How a step that an earlier attempt has worked on goes on. */
export type GoesOn =
  /** There is nothing to do; what was done is told as it was. */
  | { readonly kind: 'done'; readonly outcome: StepOutcome }
  /** These are made; they have no effect where they were made already. */
  | { readonly kind: 'change'; readonly changes: readonly Change[] }
  /** It is not repeated, and what is behind it goes on without knowing whether it came about. */
  | { readonly kind: 'aside'; readonly outcome: StepOutcome }
  /** It is not repeated, and nobody can tell whether it came about. */
  | { readonly kind: 'in-doubt'; readonly failure: Failure }

/**
 * Goes on from what an earlier attempt has left of a step, by what of it differs now. Actions (`once`) are never repeated:
 * one that was done is done, one that was under way is in doubt.
 */
export function goesOn(
  step: string,
  carried: Carried,
  now: {
    readonly changes: readonly Change[]
    readonly isChanging: boolean
    readonly isTriggeredAnew: boolean
  },
): GoesOn {
  const { changes } = now
  if (!now.isChanging) {
    return { kind: 'done', outcome: { state: 'drifted', changes: withCarried(carried.changes, changes) } }
  }
  const isAction = [...changes, ...carried.changes].some((change) => change.once)
  // Whatever is seen by now: somebody may have done it by hand, and where it reacts, nothing is left to react to.
  if (carried.state === 'aside' && isAction) return { kind: 'aside', outcome: putAside(carried) }
  const done = { kind: 'done', outcome: { state: 'changed', changes: carried.changes } } as const
  if (changes.length === 0) return done
  if (carried.state === 'changed') {
    const left = now.isTriggeredAnew ? changes : changes.filter((change) => !change.once)
    return left.length === 0 ? done : { kind: 'change', changes: left }
  }
  if (!isAction) return { kind: 'change', changes }
  return { kind: 'in-doubt', failure: notRepeated(step) }
}

/** A failure that an earlier attempt was told; what comes behind it goes on from there. */
export function failedBefore({ failure, changes }: Carried & { readonly state: 'failed' }): StepOutcome {
  return { state: 'failed', failure, changes }
}

/**
 * The step at which an earlier attempt had stopped, where it had begun to take its changes back by then; undefined: it had not, and
 * its steps are gone on with.
 */
export function stoppedAt({ name, steps }: Runbook, carried: CarriedSteps = {}): Step | undefined {
  const isCarried = ({ id }: Step): boolean => carried[stepKey({ runbook: name, step: id })] !== undefined
  const hasBegun = steps.some((step) => [...step.rollback, ...step.on_failure].some(isCarried))
  return hasBegun ? steps.find((step) => !step.continue_on_failure && hasStopped(name, step, carried)) : undefined
}

function hasStopped(runbook: string, { id }: Step, carried: CarriedSteps): boolean {
  const state = carried[stepKey({ runbook, step: id })]?.state
  return state === 'failed' || state === 'stopped'
}

/** How a step ended in the attempt that began to take it back; it is not looked at, since that is no longer how the device is. */
export function asItWas(carried: Carried): StepOutcome | undefined {
  switch (carried.state) {
    case 'changed':
      return { state: 'changed', changes: carried.changes }
    case 'failed':
      return failedBefore(carried)
    case 'stopped':
      return failedBy(carried.failure)
    case 'aside':
      return putAside(carried)
    case 'changing':
      return undefined
  }
}

/** Without changes: what reacts to it is not run, since nobody knows of anything that was changed. */
function putAside({ reason }: Carried & { readonly state: 'aside' }): StepOutcome {
  return { state: 'unknown', reason }
}

function notRepeated(step: string): Failure {
  const message =
    `Step "${step}" was being done when the run was lost. Whether it came about cannot be seen, ` +
    'and it is not repeated by itself.'
  return { code: 'RUN_LOST_CONVERGING', phase: 'verify', message }
}
