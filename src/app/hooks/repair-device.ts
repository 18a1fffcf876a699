import { COLLECT } from '../../core/collected.ts'
import { firstSummary, InputError, RunBroken } from '../../core/diagnostic.ts'
import { foldRun } from '../../core/fold-run.ts'
import { type DeviceState, wasNeverReached } from '../../core/outcome.ts'
import type { DeviceRecord } from '../../core/run.ts'
import type { Runbook, Step } from '../../core/runbook.ts'
import type { Project } from '../project.ts'
import { referenceTo } from '../revision/runbooks.ts'
import type { Hooks } from './open-hooks.ts'
import type { Repair } from './repair.ts'

/** What came of one attempt. */
interface Repaired {
  readonly run: string | null
  readonly state: DeviceState | null
  readonly why: string | null
  /** Fault class by the runbook's own table. */
  readonly fault?: string
  /** Nothing could be changed by it. */
  readonly looked?: true
  /** Nothing was sent to the device. */
  readonly unmade?: true
  /** When safety lets it be made, where it said so. */
  readonly not_before?: string
}

/**
 * Applies a runbook to a device, in an ordinary run; one that only gathers evidence is looked at, and takes no place from those that
 * change something. `because`: of which alert. Never rejects: what went wrong is in `why`.
 */
export async function repairDevice(
  { project, fleet, start, runs }: Hooks,
  { device, runbook }: Repair,
  because: string,
): Promise<Repaired> {
  if (!device || !runbook) return { run: null, state: null, why: 'There is nothing to apply.' }
  let hasBegun = false
  try {
    const work = [{ device, runbooks: [runbook] }]
    const runbooks = [referenceTo(runbook)]
    const looks = onlyGathers(runbook, project)
    const mode = looks ? 'drift' : 'apply'
    const { run } = await start({ mode, origin: 'hook', because, project, fleet, work, runbooks })
    hasBegun = true
    const record = await foldRun((await runs()).events(run), { ended: true })
    const [outcome] = record.devices.values()
    const failure = outcome?.failure
    const fault = outcome?.classification?.fault
    const why = failure ? `${failure.code}: ${failure.message}` : null
    return {
      run,
      state: outcome?.state ?? null,
      why,
      ...(fault !== undefined && { fault }),
      ...(looks && { looked: true as const }),
      ...(wasMade(outcome) ? {} : { unmade: true as const }),
      ...(outcome?.not_before !== undefined && { not_before: outcome.not_before }),
    }
  } catch (error) {
    return brokenOff(error, hasBegun)
  }
}

/** A run that broke off may have changed something. */
function brokenOff(error: unknown, hasBegun: boolean): Repaired {
  const nothing = { run: null, state: null } as const
  if (error instanceof InputError) {
    const unmade = !hasBegun && !(error instanceof RunBroken) && { unmade: true as const }
    return { ...nothing, why: firstSummary(error), ...unmade }
  }
  const stack = error instanceof Error ? error.stack : String(error)
  process.stderr.write(`This is a fault of Tillwright itself: ${stack}\n`)
  return { ...nothing, why: 'A fault of Tillwright itself; its messages say more.' }
}

/** Whether anything was done at the device, or it was seen that it cannot be reached; otherwise the repair says nothing about it. */
function wasMade(outcome: DeviceRecord | undefined): boolean {
  if (!outcome) return false
  const { state, steps } = outcome
  if (state === 'cancelled') return steps.some((step) => step.state === 'changed')
  return state === 'unreachable' || !wasNeverReached(outcome)
}

/** Whether it gathers evidence, and none of its steps can change anything, those of `on_failure` and `rollback` among them. */
function onlyGathers(runbook: Runbook, project: Project): boolean {
  const mending = new Set(project.modules().all.flatMap(({ name, converges }) => (converges === true ? [name] : [])))
  const steps = allSteps(runbook.steps)
  return steps.some(({ module }) => module === COLLECT) && !steps.some(({ module }) => mending.has(module))
}

function allSteps(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step) => [step, ...allSteps(step.on_failure), ...allSteps(step.rollback)])
}
