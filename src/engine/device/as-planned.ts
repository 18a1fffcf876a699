import type { Change } from '../../core/change.ts'
import type { DeviceOutcome, StepState } from '../../core/outcome.ts'
import type { PlannedDevice } from '../../core/plan.ts'
import { deviceFlag, paramFlags, shellWord } from '../../core/remedy.ts'
import type { Runbook } from '../../core/runbook.ts'
import { outcomeOf } from './device-outcome.ts'
import type { Looks } from './look-ahead.ts'
import type { WalkOptions } from './step-walk.ts'
import { RunbookWalk } from './walk-runbook.ts'

/**
 * Walks without changing anything and compares with what was reviewed; a device that has moved is left alone. From
 * there the same runbook leads to the same changes, and to those that only show once an earlier one was made. One on which there is
 * nothing to do any more has not moved away from the plan: it was applied before, as by a job that is repeated.
 */
export async function asPlanned(
  options: WalkOptions,
  planned: PlannedDevice,
  mask: <T>(value: T) => Promise<T>,
): Promise<{ readonly refused: DeviceOutcome } | { readonly looks: Looks }> {
  const walk = new RunbookWalk({ ...options, isChanging: false, emit: async () => undefined })
  const end = await walk.run()
  if (end.lost || end.cancelled)
    return { refused: outcomeOf(end, options.runbook, { scope: options.scope, mode: 'plan' }) }
  if (end.steps.every(({ outcome }) => SETTLED.has(outcome.state))) return { looks: walk.looks }
  const seen = await mask(end.steps.map(({ outcome }) => outcome.changes ?? []))
  const now = end.steps.map(({ step, outcome }, index) => fingerprint(step.id, outcome.state, seen[index] ?? []))
  const then = planned.steps.map((step) => fingerprint(step.step, step.state, step.changes))
  const isBegun = options.carried !== undefined
  const different = end.steps.find(({ outcome }, index) => {
    if (now[index] === then[index]) return false
    // What an earlier attempt has done may have settled what comes behind it, or have shown that more is to be done.
    return !isBegun || (outcome.state === 'drifted' && HAD_A_WORD.has(planned.steps[index]?.state ?? 'ok'))
  })
  if (!different && now.length === then.length) return { looks: walk.looks }
  const message = different
    ? `Step "${different.step.id}" would now make another change than the one that was reviewed. Nothing was changed.`
    : 'The steps are no longer those that were reviewed. Nothing was changed.'
  const hint = planAgain(options.runbook, options.around.device.name)
  return { refused: { state: 'failed', failure: { code: 'PLAN_MOVED', phase: 'observe', message, hint } } }
}

function planAgain(runbook: Runbook, device: string): string {
  const command = `till plan ${shellWord(runbook.name)}${paramFlags(runbook)} ${deviceFlag(device)} --output plan.json`
  return `Plan again and have the new plan reviewed: ${command}`
}

/** A reviewed step that was to be changed in another way, or not at all. */
const HAD_A_WORD: ReadonlySet<StepState> = new Set(['drifted', 'ok'])

/** Of a step that wants nothing of the device. */
const SETTLED: ReadonlySet<StepState> = new Set(['ok', 'skipped'])

/** By values alone: plans of older versions have no lines that differ. */
function fingerprint(step: string, state: string, changes: readonly Change[]): string {
  return JSON.stringify([step, state, changes.map(({ texts: _texts, diff: _diff, ...values }) => values)])
}
