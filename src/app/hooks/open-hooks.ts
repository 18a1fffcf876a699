import { InputError } from '../../core/diagnostic.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { HookStore } from '../../core/hook-store.ts'
import type { RunStore } from '../../core/run-store.ts'
import { openHookStore } from '../history/open-store.ts'
import { openDuties } from '../incidents/check-duties.ts'
import type { Duties } from '../incidents/duties.ts'
import type { Project } from '../project.ts'
import { holds } from '../revision/selection.ts'
import { workingFleet } from '../revision/targets.ts'
import type { RunStarter } from '../run/run-request.ts'
import { unknownRegions } from '../safety/check-policies.ts'
import { checkHooks } from './check-hooks.ts'
import { openSystems, type Systems } from './open-systems.ts'
import { openPlacing, type Placing, type Reach } from './place-alerts.ts'
import { type RunbookShelf, runbookShelf } from './runbook-shelf.ts'

/** Everything that signals from monitoring need of a revision of the repository. */
export interface Hooks extends Placing {
  readonly project: Project
  readonly store: HookStore
  /** Where the events of repairs are. */
  readonly runs: () => Promise<RunStore>
  /** Starts the runs that repair. */
  readonly start: RunStarter
  readonly runbook: RunbookShelf
  /** The APIs of monitoring that the repository names. */
  readonly systems: Systems
  /** Whose a fault is; undefined: the repository does not say. */
  readonly duties: Duties | undefined
  /** Files besides those of the repository's own folders that this was read from. */
  readonly files: readonly string[]
  /** What somebody may tell of; nothing for a sender that is not known any more. */
  readonly reachOf: (sender: string) => Reach
}

/** Who brings a payload by `till hook fire`: whoever may run it may tell of everything. */
export const COMMAND_LINE = 'command line'

/** The source of alerts that devices are silent. */
export const STREAMS = 'streams'
/** Who tells of them: this server itself. No sender of `server` can be called so. */
export const OWN_SENDER = '(streams)'

/** Opens the hooks of a repository, and its state. Throws InputError with everything that is wrong with its rules. */
export async function openHooks(
  project: Project,
  flags: { readonly sandbox: boolean },
  start: RunStarter,
): Promise<Hooks & { close(): Promise<void> }> {
  const hooks = await hooksOf(project, flags)
  const store = await openHookStore(project.state)
  return {
    ...hooks,
    store,
    start,
    runs: () => project.store(),
    async close() {
      await store.close()
      await project.close()
    },
  }
}

/** What a repository says of hooks, without a state. Throws InputError with everything that is wrong with its rules. */
export async function hooksOf(
  project: Project,
  flags: { readonly sandbox: boolean },
): Promise<Omit<Hooks, 'store' | 'start' | 'runs'>> {
  const runbook = runbookShelf(project)
  const wrong = checkHooks(project, runbook)
  if (wrong.length > 0) throw new InputError(wrong)
  const fleet = await workingFleet(project, flags)
  const regions = unknownRegions(project, fleet)
  if (regions.length > 0) throw new InputError(regions)
  const { duties, files, diagnostics } = openDuties(project, fleet)
  if (diagnostics.length > 0) throw new InputError(diagnostics)
  return {
    ...openPlacing(fleet, project.settings.hooks()),
    project,
    runbook,
    systems: openSystems(project),
    duties,
    files,
    reachOf: reaches(project, fleet),
  }
}

function reaches(project: Project, fleet: Fleet): Hooks['reachOf'] {
  const senders = new Map(project.settings.server().senders.map((sender) => [sender.name, sender]))
  return (name) => {
    if (name === COMMAND_LINE || name === OWN_SENDER) return undefined
    const sender = senders.get(name)
    if (!sender) return () => false
    const { devices } = sender
    return devices && ((device) => holds(devices, fleet, device))
  }
}
