import type { Alert } from '../../core/alert.ts'
import type { Episode } from '../../core/episode.ts'
import { openHookStore } from '../history/open-store.ts'
import type { Project } from '../project.ts'
import type { Silencer } from './silencers.ts'

/**
 * Tells episodes of devices that were silenced since `since` of alerts that went out meanwhile: a system that sends nothing
 * while it is silenced never tells of these ends, and a repair that helped would look as if it had not.
 */
export async function catchUpAllClears(
  project: Project,
  silencers: readonly Silencer[],
  of: { readonly devices: readonly string[]; readonly since: Date },
): Promise<void> {
  const asking = silencers.filter(({ silencing }) => silencing.gone !== undefined)
  if (asking.length === 0) return
  const devices = new Set(of.devices)
  const store = await openHookStore(project.state)
  try {
    const episodes = (await store.episodes()).filter(({ device }) => devices.has(device ?? ''))
    for (const episode of episodes)
      for (const silencer of asking) {
        for (const alert of await goneOf(episode, silencer, of.since))
          await store.note(episode.episode, { type: 'alert', at: new Date().toISOString(), alert })
      }
  } finally {
    await store.close()
  }
}

async function goneOf(
  episode: Episode,
  { source, silencing }: Silencer,
  since: Date,
): Promise<readonly (Alert & { readonly state: 'resolved' })[]> {
  const firing = Object.entries(episode.alerts).flatMap(([key, { state }]) => {
    const [by, id = ''] = JSON.parse(key) as string[]
    return by === source && state === 'firing' ? [id] : []
  })
  const gone = firing.length === 0 ? [] : ((await silencing.gone?.(firing, since)) ?? [])
  return gone.map((id) => ({ ...episode.alert, source, id, state: 'resolved' as const }))
}
