import { InputError } from '../../core/diagnostic.ts'
import type { HookStore } from '../../core/hook-store.ts'
import { openHookStore } from '../history/open-store.ts'
import type { Project } from '../project.ts'
import { workingFleet } from '../revision/targets.ts'
import type { RunStarter } from '../run/run-request.ts'
import { checkHooks } from './check-hooks.ts'
import { openPlacing, type Placing } from './place-alerts.ts'

/** Everything that signals from monitoring need of a repository. */
export interface Hooks extends Placing {
  readonly project: Project
  readonly store: HookStore
  /** Starts the runs that repair. */
  readonly start: RunStarter
  close(): Promise<void>
}

/** Opens the hooks of a repository. Throws InputError with everything that is wrong with its rules. */
export async function openHooks(
  project: Project,
  flags: { readonly sandbox: boolean },
  start: RunStarter,
): Promise<Hooks> {
  const wrong = checkHooks(project)
  if (wrong.length > 0) throw new InputError(wrong)
  const fleet = await workingFleet(project, flags)
  const store = await openHookStore(project.paths.state)
  return {
    ...openPlacing(fleet, project.settings.hooks()),
    project,
    store,
    start,
    async close() {
      await store.close()
      await project.close()
    },
  }
}
