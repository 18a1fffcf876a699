import { WORST_STATES_FIRST } from '../../core/outcome.ts'
import { type DeviceStatus, type RunbookStatus, runbookLabel } from '../../core/run.ts'

/** So long the last word of a runbook counts that is not assigned to the device. */
const UNASSIGNED_MS = 7 * 86_400_000

/** What a set of runbooks said of a device last, and whether that still counts. */
export interface KnownLook extends RunbookStatus {
  /** Not counted: too old, and none of its runbooks is assigned to the device; or it was out of reach then, and answered since. */
  readonly counts: boolean
}

/**
 * The looks at a device that no later one has replaced, newest first. `assigned`: the runbooks that `assignments`
 * give the device, each with what it is about (`runbookLabel`). The latest look always counts.
 */
export function currentLooks(status: DeviceStatus, assigned: ReadonlySet<string>, now: Date): readonly KnownLook[] {
  const covered = new Set<string>()
  const current: KnownLook[] = []
  for (const look of status.looks) {
    const labels = labelsOf(look)
    if (current.length > 0 && labels.every((label) => covered.has(label))) continue
    for (const label of labels) covered.add(label)
    const isOld = now.getTime() - Date.parse(look.at) > UNASSIGNED_MS && !labels.some((label) => assigned.has(label))
    const cameBack = look.state === 'unreachable' && status.seen_at !== null && status.seen_at > look.at
    current.push({ ...look, counts: current.length === 0 || !(isOld || cameBack) })
  }
  return current
}

/** The runbooks of a look, each with what it is about. */
function labelsOf({ runbooks, about }: Pick<RunbookStatus, 'runbooks' | 'about'>): string[] {
  return runbooks.map((name, at) => runbookLabel(name, about[at]))
}

/** The worst of the looks that count; of equal ones the latest. */
export function worstLook(looks: readonly KnownLook[]): KnownLook | undefined {
  const rank = (look: KnownLook): number => WORST_STATES_FIRST.indexOf(look.state)
  const counted = looks.filter(({ counts }) => counts)
  return counted.reduce((worst, look) => (rank(look) < rank(worst) ? look : worst), counted[0] as KnownLook)
}
