import { inputError } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { Expression } from '../../core/runbook.ts'
import type { Project } from '../project.ts'
import { sandboxFleet } from '../sandbox/sandbox-overlay.ts'
import { type Selection, selectDevices } from './selection.ts'

/** The fleet that a command works on: the inventory, or what the sandbox serves of it. */
export async function workingFleet(project: Project, flags: { readonly sandbox: boolean }): Promise<Fleet> {
  const fleet = await project.fleet()
  return flags.sandbox ? sandboxFleet(fleet, project.paths.sandbox) : fleet
}

/** The devices of a selection; an empty one is an error, since a run over nothing would pass for a success. */
export async function someDevices(
  project: Project,
  fleet: Fleet,
  selection: Selection & { readonly targets?: Expression | undefined },
): Promise<readonly Device[]> {
  const devices = await selectDevices(fleet, selection, { store: () => project.store(), targets: selection.targets })
  if (devices.length > 0) return devices
  const detail = selection.targets
    ? `The runbook is meant for devices where ${selection.targets.text}; the selection must leave some of those.`
    : 'See `till inventory list` for what a selector hits.'
  throw inputError('SELECTOR_EMPTY', 'No device matches the selection', detail)
}
