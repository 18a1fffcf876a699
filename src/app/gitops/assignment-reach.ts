import { counted, formatCount } from '../../core/counted.ts'
import type { Device } from '../../core/fleet.ts'
import type { Runbook } from '../../core/runbook.ts'
import type { AssignmentReach } from '../../gitops/trust-folder.ts'
import type { Project } from '../project.ts'
import { openOwnRunbook } from '../revision/runbooks.ts'
import { selectDevices } from '../revision/selection.ts'
import type { Reach } from './kept-reach.ts'

/** An assignment with the devices that it means. */
interface Meaning {
  readonly name: string
  readonly runbook: Runbook
  readonly devices: readonly Device[]
}

/** What each assignment of a repository means. Throws InputError. */
export async function meaningsOf(project: Project): Promise<readonly Meaning[]> {
  const fleet = await project.fleet()
  const store = (): ReturnType<Project['store']> => project.store()
  const found: Meaning[] = []
  for (const { name, runbook: reference, params, where } of project.settings.assignments) {
    const runbook = openOwnRunbook(project, reference, params)
    const devices = await selectDevices(fleet, { where }, { store, targets: runbook.targets })
    found.push({ name, runbook, devices })
  }
  return found
}

/** The same by names, as it is kept. */
export function reachOf(meanings: readonly Meaning[]): Reach {
  return new Map(meanings.map(({ name, devices }) => [name, devices.map((device) => device.name)]))
}

/** What becomes of assignments between two revisions, by name. */
export function reachBetween(before: Reach, after: Reach): readonly AssignmentReach[] {
  const old = new Map([...before].map(([name, devices]) => [name, new Set(devices)]))
  const now = new Map([...after].map(([name, devices]) => [name, new Set(devices)]))
  const names = [...new Set([...old.keys(), ...now.keys()])].sort()
  return names.map((assignment) => {
    const [had, has] = [old.get(assignment), now.get(assignment)]
    const is = had === undefined ? 'new' : has === undefined ? 'gone' : undefined
    return {
      assignment,
      devices: has?.size ?? 0,
      gained: [...(has ?? [])].filter((name) => !had?.has(name)).length,
      lost: [...(had ?? [])].filter((name) => !has?.has(name)).length,
      ...(is && { is }),
    }
  })
}

/** A line for each assignment that means other devices than before. */
export function reachLines(assignments: readonly AssignmentReach[] = []): readonly string[] {
  return assignments.flatMap((reach) => {
    const { assignment, is, lost } = reach
    const means = reach.devices === 0 ? 'NO DEVICE' : counted(reach.devices, 'device')
    if (is === 'gone') return [`  ${assignment} is assigned no more: ${counted(lost, 'device')} fewer`]
    if (is === 'new') return [`  ${assignment} is new, and means ${means}`]
    if (reach.gained + lost === 0) return []
    const moved = [reach.gained > 0 && `${formatCount(reach.gained)} more`, lost > 0 && `${formatCount(lost)} fewer`]
    return [`  ${assignment} means ${means}: ${moved.filter(Boolean).join(', ')} than before`]
  })
}
