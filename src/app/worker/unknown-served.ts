import { InputError } from '../../core/diagnostic.ts'
import { serves } from '../../core/served.ts'
import type { Project } from '../project.ts'

/**
 * What a worker serves of which its inventory has no device: a slip in a name would have it wait for ever. It is told and not refused,
 * since devices come from the inventory of whoever starts a run, which may be ahead.
 */
export async function unknownServed(project: Project, serve: string): Promise<readonly string[]> {
  const devices = await devicesOf(project)
  if (devices === undefined) return []
  return serve
    .split(',')
    .filter((term) => !devices.some((device) => serves(term, device)))
    .map((term) => `The inventory of this worker has no device of ${term}: is the name right? See: till inventory list`)
}

/** A worker needs no inventory: one that cannot be read stops nobody. */
async function devicesOf(project: Project) {
  try {
    return [...(await project.fleet()).devices.values()]
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
