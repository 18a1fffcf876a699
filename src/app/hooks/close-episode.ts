import { usageError } from '../../core/diagnostic.ts'
import type { Episode } from '../../core/episode.ts'
import type { HookStore } from '../../core/hook-store.ts'
import { accountName } from '../run/account.ts'
import { findEpisode } from './find-episode.ts'

/**
 * Closes an episode whose all-clear will never come, for a reason; what was a symptom of it is seen to again. Throws InputError where
 * it is closed, or a repair of it is under way.
 */
export async function closeEpisode(store: HookStore, id: string, because: string): Promise<Episode> {
  const { closed_at, attempts } = await findEpisode(store, id)
  if (closed_at !== null) throw usageError(`The episode "${id}" is closed`, 'See `till episodes show`.')
  if (attempts.at(-1)?.result === 'running')
    throw usageError(`A repair of the episode "${id}" is under way`, 'Wait for its end.')
  const why = `Closed by ${accountName()}: ${because}`
  const closed = await store.note(id, { type: 'closed', at: new Date().toISOString(), why })
  return closed ?? (await findEpisode(store, id))
}
