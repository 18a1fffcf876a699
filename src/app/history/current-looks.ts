import { WORST_STATES_FIRST } from '../../core/outcome.ts'
import type { DeviceStatus, RunbookStatus } from '../../core/run.ts'

/** So long the last word of a runbook counts that is not assigned to the device. */
const UNASSIGNED_MS = 7 * 86_400_000

/** What a set of runbooks said of a device last, and whether that still counts. */
export interface KnownLook extends RunbookStatus {
  /** Not counted: too old, and none of its runbooks is assigned to the device; or it was out of reach then, and answered since. */
  readonly counts: boolean
}

/**
 * The looks at a device that no later one has replaced, newest first. `assigned`: names of the runbooks that
 * `assignments` give the device. The latest look always counts.
 */
export function currentLooks(status: DeviceStatus, assigned: ReadonlySet<string>, now: Date): readonly KnownLook[] {
  const covered = new Set<string>()
  const current: KnownLook[] = []
  for (const look of status.looks) {
    if (current.length > 0 && look.runbooks.every((name) => covered.has(name))) continue
    for (const name of look.runbooks) covered.add(name)
    const isOld =
      now.getTime() - Date.parse(look.at) > UNASSIGNED_MS && !look.runbooks.some((name) => assigned.has(name))
    const cameBack = look.state === 'unreachable' && status.seen_at !== null && status.seen_at > look.at
    current.push({ ...look, counts: current.length === 0 || !(isOld || cameBack) })
  }
  return current
}

/** The worst of the looks that count; of equal ones the latest. */
export function worstLook(looks: readonly KnownLook[]): KnownLook | undefined {
  const rank = (look: KnownLook): number => WORST_STATES_FIRST.indexOf(look.state)
  const counted = looks.filter(({ counts }) => counts)
  return counted.reduce((worst, look) => (rank(look) < rank(worst) ? look : worst), counted[0] as KnownLook)
}
