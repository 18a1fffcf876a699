import { usageError } from '../../core/diagnostic.ts'
import type { Episode } from '../../core/episode.ts'
import type { HookWorker } from '../../core/hook-store.ts'
import { accountName } from '../run/account.ts'
import { advanceEpisode } from './advance-episode.ts'
import { findEpisode } from './find-episode.ts'
import type { Hooks } from './open-hooks.ts'

/** Approves one repair, and makes it where no server does. Throws InputError where nothing is asked for. */
export async function approveEpisode(
  hooks: Hooks,
  id: string,
): Promise<{ readonly episode: Episode; readonly worker: HookWorker | undefined; readonly why: string | null }> {
  const { store } = hooks
  const asked = await findEpisode(store, id)
  if (asked.note?.note !== 'asks' || asked.closed_at !== null) {
    const summary = `The episode "${id}" asks for nothing`
    const detail = 'See `till episodes show` for what is being done about it.'
    throw usageError(summary, detail)
  }
  const approved = await store.note(id, { type: 'approved', at: new Date().toISOString(), by: accountName() })
  const worker = await store.worker()
  if (worker) return { episode: approved ?? asked, worker, why: null }
  const advanced = await advanceEpisode(hooks, id)
  const why = advanced && 'why' in advanced.decision ? advanced.decision.why : null
  return { episode: advanced?.episode ?? approved ?? asked, worker, why }
}
