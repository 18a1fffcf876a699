import type { Episode } from '../../core/episode.ts'
import { openHookStore } from '../history/open-store.ts'
import type { Project } from '../project.ts'
import type { Silencer } from './silencers.ts'

/** Full names of devices whose silence is over, and since when each was silenced. */
export type SilencedDevices = ReadonlyMap<string, Date>

/**
 * Tells episodes of devices that were silenced of alerts that went out meanwhile: a system that sends nothing while it is
 * silenced never tells of these ends, and a repair that helped would look as if it had not.
 */
export async function catchUpAllClears(
  project: Project,
  silencers: readonly Silencer[],
  silenced: SilencedDevices,
): Promise<void> {
  const asking = silencers.filter(({ silencing }) => silencing.gone !== undefined)
  if (asking.length === 0 || silenced.size === 0) return
  const store = await openHookStore(project.state)
  try {
    const episodes = await store.episodes()
    for (const { source, silencing } of asking) {
      const firing = episodes.flatMap((episode) => {
        const since = silenced.get(episode.device ?? '')
        return since ? firingOf(episode, source).map((id) => ({ id, since, episode })) : []
      })
      const gone = new Set(firing.length === 0 ? [] : await silencing.gone?.(firing))
      for (const { id, episode } of firing.filter((one) => gone.has(one.id))) {
        const alert = { ...episode.alert, source, id, state: 'resolved' as const }
        await store.note(episode.episode, { type: 'alert', at: new Date().toISOString(), alert })
      }
    }
  } finally {
    await store.close()
  }
}

function firingOf(episode: Episode, source: string): readonly string[] {
  return Object.entries(episode.alerts).flatMap(([key, { state }]) => {
    const [by, id = ''] = JSON.parse(key) as string[]
    return by === source && state === 'firing' ? [id] : []
  })
}
