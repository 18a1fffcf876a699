import { type Carried, type CarriedSteps, stepKey } from '../../core/carried.ts'
import type { StepOutcome } from '../../core/outcome.ts'
import type { Runbook, Step } from '../../core/runbook.ts'
import { asItWas } from './go-on.ts'
import type { StepDone } from './steps-done.ts'

/**
 * What takes back those steps of a runbook that another run has changed: their `rollback` steps, the last changed first. Those that
 * were made already, by that run or another, are over: `rm` would find nothing, and a counter would count twice. One that
 * fails does not keep the others from being taken back. `earlier`: what their expressions see of the steps.
 */
export function undoing(
  runbook: Runbook,
  changed: CarriedSteps,
): { readonly runbook: Runbook; readonly earlier: readonly StepDone[] } {
  const earlier = runbook.steps.map((step): StepDone => {
    const carried = changed[stepKey({ runbook: runbook.name, step: step.id })]
    const outcome = carried
      ? asItEnded(carried)
      : ({ state: 'skipped', reason: 'the run that is taken back did not change it' } as const)
    return { step, outcome }
  })
  const all = rollbackSteps(runbook, changed)
  const made = all.flatMap((step): StepDone[] => {
    const carried = changed[stepKey({ runbook: runbook.name, step: step.id })]
    return carried?.state === 'changed' ? [{ step, outcome: { state: 'changed', changes: carried.changes } }] : []
  })
  const left = all.filter((step) => !made.some((done) => done.step === step))
  const steps = left.map((step): Step => ({ ...step, continue_on_failure: true }))
  return { runbook: { ...runbook, steps }, earlier: [...earlier, ...made] }
}

/** What is in doubt may have been changed, whether or not somebody went on past it. */
function asItEnded(carried: Carried): StepOutcome {
  const known = carried.state === 'aside' ? undefined : asItWas(carried)
  return known ?? { state: 'unknown', changes: carried.changes }
}

/** The `rollback` steps of what was changed, in the order in which they are made. */
export function rollbackSteps(runbook: Runbook, changed: CarriedSteps): readonly Step[] {
  const touched = runbook.steps.filter((step) => changed[stepKey({ runbook: runbook.name, step: step.id })])
  return touched.reverse().flatMap(({ rollback }) => rollback)
}
