import { type Diagnostic, InputError, inputError } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { runbookLabel } from '../../core/run.ts'
import type { Expression, Runbook } from '../../core/runbook.ts'
import type { DeviceWork } from '../../engine/device/perform-device.ts'
import type { Project } from '../project.ts'
import { distinct } from './distinct.ts'
import { openOwnRunbook } from './runbooks.ts'
import { holds, type Selection, selectDevices } from './selection.ts'

/**
 * What the assignments of the project file ask of the selected devices: each device once, with all of its runbooks.
 * Throws InputError when there are none, or when nothing that is assigned is selected.
 */
export async function assignedWork(
  project: Project,
  fleet: Fleet,
  selection: Selection,
): Promise<{
  readonly work: readonly DeviceWork[]
  readonly runbooks: readonly Runbook[]
  /** Assignments that mean no device of the fleet, and what is most likely not meant in their runbooks. */
  readonly warnings: readonly Diagnostic[]
}> {
  const selected = new Set(await selectDevices(fleet, selection, { store: () => project.store() }))
  const runbooksOf = new Map<Device, Runbook[]>()
  const runbooks: Runbook[] = []
  const wrong: Diagnostic[] = []
  const warnings: Diagnostic[] = []
  const warn = (told: readonly Diagnostic[]): void => void warnings.push(...told)
  const devicesOf = devicesByCondition(project, fleet)
  for (const assignment of project.settings.assignments) {
    const runbook = opened(project, assignment, { wrong, warn })
    if (!runbook) continue
    runbooks.push(runbook)
    const assigned = await devicesOf(assignment.where, runbook.targets)
    if (assigned.length === 0) warnings.push(meansNobody(assignment))
    for (const device of assigned) {
      if (selected.has(device)) runbooksOf.set(device, [...(runbooksOf.get(device) ?? []), runbook])
    }
  }
  if (wrong.length > 0) throw new InputError(wrong)
  const work = [...runbooksOf].map(([device, assigned]) => ({ device, runbooks: assigned }))
  if (work.length > 0) return { work, runbooks, warnings: distinct(warnings) }
  const none = project.settings.assignments.length === 0
  const summary = none
    ? 'tillwright.yaml assigns no runbook to any device'
    : 'No selected device has a runbook assigned'
  const detail = 'Assignments look like: `assignments: [{ runbook: till-health, where: "device.kind == \'till\'" }]`.'
  throw inputError('SELECTOR_EMPTY', summary, detail)
}

/** A warning: an assignment means no device. */
export function meansNobody({ runbook, source }: Project['settings']['assignments'][number]): Diagnostic {
  const summary = `No device of the inventory is assigned "${runbook}" here`
  const detail = 'Neither `where` of the assignment nor `targets` of the runbook may leave out all of them.'
  return { code: 'SELECTOR_EMPTY', severity: 'warning', summary, detail, source }
}

/** Several assignments often have one condition: it is asked of the fleet once. */
function devicesByCondition(
  { store }: Project,
  fleet: Fleet,
): (where: string | undefined, targets: Expression | undefined) => Promise<readonly Device[]> {
  const known = new Map<string | undefined, Promise<readonly Device[]>>()
  return async (where, targets) => {
    const devices = known.get(where) ?? selectDevices(fleet, { where }, { store })
    known.set(where, devices)
    return targets ? (await devices).filter((device) => holds(targets, fleet, device)) : devices
  }
}

function opened(
  project: Project,
  { runbook, params }: Project['settings']['assignments'][number],
  { wrong, warn }: { readonly wrong: Diagnostic[]; readonly warn: (told: readonly Diagnostic[]) => void },
): Runbook | undefined {
  try {
    return openOwnRunbook(project, runbook, params, { warn })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    wrong.push(...error.diagnostics)
    return undefined
  }
}

/** The runbooks that assignments give devices, each with what it is about, by device; what cannot be read gives nothing. */
export async function assignedNames(project: Project, fleet: Fleet): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const names = new Map<string, Set<string>>()
  const devicesOf = devicesByCondition(project, fleet)
  for (const { runbook: reference, params, where } of project.settings.assignments) {
    try {
      const runbook = openOwnRunbook(project, reference, params)
      for (const { name } of await devicesOf(where, runbook.targets))
        names.set(name, (names.get(name) ?? new Set()).add(runbookLabel(runbook.name, runbook.about)))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
    }
  }
  return names
}
