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
  await findEpisode(store, id)
  const why = `Closed by ${accountName()}: ${because}`
  const closed = await store.note(id, { type: 'closed', at: new Date().toISOString(), why })
  if (closed) return closed
  const { closed_at } = await findEpisode(store, id)
  throw closed_at === null
    ? usageError(`A repair of the episode "${id}" is under way`, 'Wait for its end.')
    : usageError(`The episode "${id}" is closed`, 'See `till episodes show`.')
}
