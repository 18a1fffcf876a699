import { inputError } from '../../core/diagnostic.ts'
import type { Episode } from '../../core/episode.ts'
import type { HookStore } from '../../core/hook-store.ts'

/** An episode by its id. Throws InputError where there is none. */
export async function findEpisode(store: HookStore, id: string): Promise<Episode> {
  const episode = await store.episode(id)
  if (episode) return episode
  const summary = `There is no episode "${id}"`
  throw inputError('HOOK_EPISODE_UNKNOWN', summary, 'See `till episodes list --all`.')
}
