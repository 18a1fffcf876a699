import type { Vacuumed } from '../../core/state-vacuum.ts'
import { openHookStore, vacuumStore } from '../history/open-store.ts'
import type { Project } from '../project.ts'

/** Gives back the room that is free in the state of a repository. Throws InputError with STATE_UNUSABLE. */
export async function vacuumState(project: Project, { full }: { readonly full: boolean }): Promise<Vacuumed> {
  const atWork = await whoIsAtWork(project)
  return vacuumStore(project.state, { full, atWork })
}

/** In words for people; undefined: nobody. */
async function whoIsAtWork(project: Project): Promise<string | undefined> {
  const store = await project.store()
  const running = (await store.runs({ limit: 200 })).find(({ state }) => state === 'running')
  if (running) return `the run ${running.run} is in progress`
  const hooks = await openHookStore(project.state)
  try {
    const server = await hooks.worker()
    return server && `till serve runs as process ${server.pid} on ${server.host}`
  } finally {
    await hooks.close()
  }
}
