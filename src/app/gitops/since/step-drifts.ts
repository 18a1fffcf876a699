import type { StepState } from '../../../core/outcome.ts'
import type { PastVisit } from '../../../core/run.ts'
import { runbookLabel } from '../../../core/run.ts'

/** A step that is not as desired by the newest look at it, and since when, as far as looks are kept. */
export interface StepDrift {
  readonly runbook: string
  readonly step: string
  readonly name: string
  readonly state: StepState
  /** When it was first found so: the run, and when that ended on the device. */
  readonly since: string
  readonly run: string
  /** How the device ended in that run. */
  readonly ended: PastVisit['state']
  /** The parameters without which the runbook has nothing to work on; empty where it needs none. */
  readonly about: string
  /** The run before, that found it as desired or made it so; null where none is kept. */
  readonly good: { readonly run: string; readonly at: string } | null
}

const BAD: ReadonlySet<StepState> = new Set(['drifted', 'unmet'])
/** Of a device that ended so, a step that is not told was as desired. */
const JUDGED: ReadonlySet<PastVisit['state']> = new Set(['in-sync', 'changed', 'drifted', 'unmet'])

/** What differs on a device by the newest look of each runbook. `visits`: newest first. */
export function stepDrifts(visits: readonly PastVisit[]): readonly StepDrift[] {
  const judged = visits.filter(({ state, previews }) => JUDGED.has(state) && previews === undefined)
  const labels = new Map<string, { readonly runbook: string; readonly about: string }>()
  for (const { runbooks, about } of judged)
    for (const [index, runbook] of runbooks.entries())
      labels.set(runbookLabel(runbook, about[index]), { runbook, about: about[index] ?? '' })
  return [...labels].flatMap(([label, of]) =>
    driftsOf(
      of,
      judged.filter((one) => hasLabel(one, label)),
    ),
  )
}

/** Of one runbook, by all looks at it. */
function driftsOf(
  { runbook, about }: Pick<StepDrift, 'runbook' | 'about'>,
  looks: readonly PastVisit[],
): readonly StepDrift[] {
  const bad = looks[0]?.steps.filter((step) => step.runbook === runbook && BAD.has(step.state)) ?? []
  return bad.map((step) => ({ ...step, about, ...beginning(looks, step) }))
}

function hasLabel({ runbooks, about }: PastVisit, label: string): boolean {
  return runbooks.some((runbook, index) => runbookLabel(runbook, about[index]) === label)
}

/** The oldest look of those, one after the other from the newest, that found it so; and the one before. */
function beginning(
  looks: readonly PastVisit[],
  { runbook, step }: PastVisit['steps'][number],
): Pick<StepDrift, 'since' | 'run' | 'ended' | 'good'> {
  let first = looks[0] as PastVisit
  for (const look of looks) {
    const told = look.steps.find((one) => one.runbook === runbook && one.step === step)
    if (told === undefined || told.state === 'changed')
      return { since: first.at, run: first.run, ended: first.state, good: { run: look.run, at: look.at } }
    if (BAD.has(told.state)) first = look
  }
  return { since: first.at, run: first.run, ended: first.state, good: null }
}
