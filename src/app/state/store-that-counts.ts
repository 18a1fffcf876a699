import { inputError } from '../../core/diagnostic.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Project } from '../project.ts'

/** Whether this store may change devices: it is the one that the repository names, or none is named. A sandbox has its own. */
export function counts({ settings, isSandbox }: Project, { leases }: Pick<RunStore, 'leases'>): boolean {
  return isSandbox || settings.stateId === undefined || settings.stateId === leases.id
}

/**
 * Refuses to change anything with a store that is not the one of the repository: its caps know nothing of what others have in
 * progress. Throws InputError with STATE_FOREIGN.
 */
export async function refuseForeignStore(project: Project, store: RunStore): Promise<void> {
  if (counts(project, store)) return
  const { where } = await store.facts()
  throw inputError(
    'STATE_FOREIGN',
    `tillwright.yaml counts on the state store ${project.settings.stateId}, and ${where} is another one (${store.leases.id})`,
    'With it devices may be looked at, and not changed: its caps and leases know nothing of what is in progress elsewhere. ' +
      'Run it where that store is. Where that one is to be given up: till state adopt --move OLD-FILE, here.',
  )
}
