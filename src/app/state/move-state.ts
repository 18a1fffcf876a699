import { type InputError, inputError } from '../../core/diagnostic.ts'
import { carryMemories } from '../gitops/assignment-memory.ts'
import { openStore } from '../history/open-store.ts'
import { addressOf, databasePlace } from '../history/state-place.ts'
import type { Project } from '../project.ts'

/** What was moved, and where. */
export interface MovedState {
  readonly from: string
  /** As people may see it. */
  readonly to: string
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly digest: string }[]
}

/**
 * Moves the state of a repository from its file to a database; `to` is an address or a reference to one, as in tillwright.yaml.
 * Throws InputError with STATE_UNUSABLE, and then the file is what it was.
 */
export async function moveState(project: Project, to: string): Promise<MovedState> {
  const from = project.paths.state
  const address = (await addressOf(databasePlace(to, project))).reveal()
  // Brings it to the present version, too.
  const store = await openStore({ file: from })
  const running = (await store.runs()).find(({ state }) => state === 'running')
  await store.close()
  if (running) throw inProgress(running.run)
  const { moveToPostgres } = await import('../../stores/postgres/move.ts')
  const { readAddress } = await import('../../stores/postgres/address.ts')
  const tables = await moveToPostgres(from, address)
  const moved = await openStore(databasePlace(to, project))
  await carryMemories(project, moved).finally(() => moved.close())
  return { from, to: readAddress(address).shown, tables }
}

function inProgress(run: string): InputError {
  const summary = `The run ${run} is in progress`
  const detail = 'Wait for it, and stop `till serve`: what is moved must not change meanwhile.'
  return inputError('STATE_UNUSABLE', summary, detail)
}
