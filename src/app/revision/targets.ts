import { type Diagnostic, InputError, inputError } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Expression } from '../../core/runbook.ts'
import { compileSelector, selectorScope } from '../../lang/expression.ts'
import { didYouMean } from '../../lang/suggest.ts'
import { namesAt } from '../../lang/value-path.ts'
import type { Project } from '../project.ts'
import { sandboxFleet } from '../sandbox/sandbox-overlay.ts'
import { type Selection, selectDevices } from './selection.ts'

const NO_MATCH = 'No device matches the selection'

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
  const nobodyHas = selection.where === undefined ? undefined : missingEverywhere(fleet, selection.where)
  if (nobodyHas) throw new InputError([nobodyHas])
  const detail = selection.targets
    ? `The runbook is meant for devices where ${selection.targets.text}; the selection must leave some of those.`
    : 'See `till inventory list` for what a selector hits.'
  throw inputError('SELECTOR_EMPTY', NO_MATCH, detail)
}

/** Where a selector names a value that no device of the fleet has: mostly a slip in the name. */
function missingEverywhere(fleet: Fleet, where: string): Diagnostic | undefined {
  const compiled = compileSelector(where)
  if (!compiled.ok) return undefined
  const near = new Set<string>()
  let nowhere: { readonly owner: string; readonly key: string } | undefined
  for (const device of fleet.devices.values()) {
    const scope = selectorScope(fleet, device)
    const answer = compiled.expression.evaluate(scope)
    if (answer.ok || !answer.missing) return undefined
    const { owner, key } = answer.missing
    nowhere ??= { owner, key }
    if (owner !== nowhere.owner || key !== nowhere.key) return undefined
    for (const name of namesAt(scope as unknown as JsonValue, owner.split('.'))) near.add(name)
  }
  if (!nowhere) return undefined
  const { owner, key } = nowhere
  const summary = `${NO_MATCH}: none has "${owner}.${key}"`
  return { code: 'SELECTOR_EMPTY', severity: 'error', summary, ...didYouMean(key, near) }
}
