import type { RunMode } from '../../core/events.ts'
import { type Failure, OWN_FAULTS, PHASES_BEFORE_ANY_STEP } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import { type Classification, type DeviceOutcome, type StepOutcome, WORST_STATES_FIRST } from '../../core/outcome.ts'
import { aimed, deviceFlag } from '../../core/remedy.ts'
import type { Runbook, Scope } from '../../core/runbook.ts'
import { severityRank } from '../../core/severity.ts'
import { hasChanged, stepScope } from './observe-step.ts'
import type { WalkEnd } from './walk-end.ts'

/** The state of a device after one runbook. */
export function outcomeOf(
  end: WalkEnd,
  runbook: Runbook,
  run: { readonly scope: Omit<Scope, 'steps'>; readonly mode: RunMode },
): DeviceOutcome {
  const outcomes = end.steps.map((done) => done.outcome)
  const unknown = outcomes.some((outcome) => outcome.state === 'unknown')
  const classification = classify(end, runbook, run.scope)
  const answered = hasSpoken(end, run.scope)
  const common = {
    ...(unknown && { unknown }),
    ...(answered && { answered }),
    ...(classification && { classification }),
  }
  if (end.lost) {
    // A command of `till exec` may change whatever it likes: to run it is to be under way.
    const changing = end.lost.changing || run.mode === 'exec'
    return { ...lostOutcome({ ...end.lost, changing }), ...common }
  }
  const failed = outcomes.find((outcome) => outcome.state === 'failed')
  if (failed?.failure) return { state: 'failed', failure: failed.failure, ...common }
  if (end.deferred) return { ...end.deferred, ...common }
  if (end.cancelled) return { ...cancelled(), ...common }
  const unmet = outcomes.find((outcome) => outcome.state === 'unmet' && !outcome.may_be_mended)
  if (unmet?.failure) return { state: 'unmet', failure: unmet.failure, ...common }
  return { state: stateWithoutFailure(outcomes), ...common }
}

/** Devices without a shell speak through what was read of them; the others, through their shell, which counts by itself. */
function hasSpoken({ steps }: WalkEnd, scope: Omit<Scope, 'steps'>): boolean {
  const { family } = (scope.device['os'] ?? {}) as { readonly family?: string }
  return family === 'none' && steps.some(({ outcome }) => outcome.state === 'ok' && (outcome.value ?? null) !== null)
}

/** What is known not to be as desired comes before what is not known, and that before anything good. */
function stateWithoutFailure(outcomes: readonly StepOutcome[]): 'changed' | 'drifted' | 'unknown' | 'in-sync' {
  if (outcomes.some((outcome) => outcome.state === 'drifted')) return 'drifted'
  if (outcomes.some((outcome) => outcome.state === 'unknown')) return 'unknown'
  return outcomes.some(hasChanged) ? 'changed' : 'in-sync'
}

function lostOutcome(lost: NonNullable<WalkEnd['lost']>): DeviceOutcome {
  const { failure } = lost
  if (failure.code === 'RUN_LOST_CONVERGING') return { state: 'indeterminate', failure }
  if (failure.code === 'DEVICE_BUSY' || failure.code === 'LEASE_LOST') return { state: 'deferred', failure }
  if (failure.code === 'RUN_CANCELLED' && !lost.changing) return { state: 'cancelled', failure }
  if (!lost.changing && OWN_FAULTS.has(failure.code)) return { state: 'failed', failure }
  if (!lost.changing || (!lost.answered && PHASES_BEFORE_ANY_STEP.has(failure.phase)))
    return { state: 'unreachable', failure }
  return lostWhileChanging(failure)
}

/** How a device ends that was lost, for this reason, while something of it was being changed. */
export function lostWhileChanging(failure: Pick<Failure, 'message'> & Partial<Failure>): DeviceOutcome {
  const message = `Contact was lost while a change was under way; whether it took effect is not known. ${failure.message}`
  return { state: 'indeterminate', failure: { ...failure, code: 'CONVERGE_LOST', phase: 'converge', message } }
}

/** How a device ends that the run did not get to, or not to its end. */
export function cancelled(): DeviceOutcome {
  const message = 'The run was stopped before this device was done.'
  return { state: 'cancelled', failure: { code: 'RUN_CANCELLED', phase: 'resolve', message } }
}

/** How a device ends that safety has put off. */
export function deferred({ failure, until }: { readonly failure: Failure; readonly until?: number }): DeviceOutcome {
  return { state: 'deferred', failure, ...(until !== undefined && { not_before: new Date(until).toISOString() }) }
}

/** The first row of the truth table that holds; a row whose values are missing does not. */
function classify(end: WalkEnd, runbook: Runbook, scope: Omit<Scope, 'steps'>): Classification | undefined {
  if (runbook.classify.length === 0 || end.cancelled) return undefined
  const steps = Object.fromEntries(end.steps.map(({ step, outcome }) => [step.id, stepScope(outcome)])) as JsonObject
  for (const row of runbook.classify) {
    const answer = row.when.evaluate({ ...scope, steps })
    if (!answer.ok || answer.value !== true) continue
    const said = row.says.render({ ...scope, steps })
    if (said.ok) return classificationOf(said.value, String(scope.device['name']))
  }
  return undefined
}

/** A remedy that is a command of ours is for this device, and no other. */
function classificationOf({ fault, severity, ...more }: JsonObject, device: string): Classification {
  const texts = Object.entries(more).filter(([, text]) => text !== null && text !== '')
  const others = Object.fromEntries(texts.map(([name, text]) => [name, String(text)]))
  const { remedy } = others
  const aim = remedy !== undefined && { remedy: aimed(remedy, deviceFlag(device)) }
  return { fault: String(fault), severity: String(severity), ...others, ...aim }
}

/** Several runbooks on one device: the worst of their ends and of their verdicts, and unknown if any was. */
export function worstOf(outcomes: readonly DeviceOutcome[]): DeviceOutcome {
  const worstFirst = [...outcomes].sort(
    (a, b) => WORST_STATES_FIRST.indexOf(a.state) - WORST_STATES_FIRST.indexOf(b.state),
  )
  // Of verdicts that are equally bad the one of the worse end, since sorting keeps the order.
  const [classification] = worstFirst
    .flatMap((outcome) => outcome.classification ?? [])
    .sort((a, b) => severityRank(a.severity) - severityRank(b.severity))
  const unknown = outcomes.some((outcome) => outcome.unknown)
  const worst: DeviceOutcome = worstFirst[0] ?? { state: 'in-sync' }
  return { ...worst, ...(unknown && { unknown }), ...(classification && { classification }) }
}
