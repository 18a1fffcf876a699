import { type Episode, type EpisodeEvent, foldEpisode, isFiring } from '../../core/episode.ts'
import type { EpisodeWorld } from '../../core/hook-store.ts'
import { type Decision, decide, eventsOf } from '../../hooks/decide.ts'
import type { Hooks } from './open-hooks.ts'
import { type Repair, repairOf } from './repair.ts'
import { repairDevice } from './repair-device.ts'

/** What was decided about an episode, and how it is afterwards. */
export interface Advanced {
  readonly episode: Episode
  readonly decision: Decision
}

/**
 * Decides what is done about an episode now, and does it: a repair is a run of its own, which passes admission like any
 * other. Resolves when that is over. Undefined for one that is closed or unknown.
 */
export async function advanceEpisode(hooks: Hooks, id: string): Promise<Advanced | undefined> {
  const { store, settings, fleet } = hooks
  const now = new Date()
  let decision: Decision = { do: 'wait', until: null, why: '' }
  let repair: Repair = { params: {} }
  const step = (
    episode: Episode,
    world: EpisodeWorld,
  ): { readonly events: readonly EpisodeEvent[]; readonly due: Date | null } => {
    const rule = settings.rules.find(({ name }) => name === episode.rule)
    repair = rule && isFiring(episode) ? repairOf(hooks, rule, episode) : { params: {} }
    decision = rule
      ? decide({ episode, rule, world, breaker: settings.breaker, now: now.getTime(), paramProblem: repair.why })
      : withoutRule(episode)
    return eventsOf(decision, { episode, now: now.getTime(), params: repair.params })
  }
  const classOf = (device: string): string => fleet.devices.get(device)?.profile ?? ''
  const advanced = await store.advance(id, { now, breakerMs: settings.breaker.withinMs, classOf, step })
  if (!advanced) return undefined
  const { episode, started } = advanced
  if (started === null) return { episode, decision }
  const ended = await repairDevice(hooks, repair)
  const event: EpisodeEvent = { type: 'attempt.finished', at: new Date().toISOString(), attempt: started, ...ended }
  return { episode: (await store.note(id, event)) ?? foldEpisode(episode, event), decision }
}

/** Its rule was renamed or removed while it was open. */
function withoutRule(episode: Episode): Decision {
  if (!isFiring(episode)) return { do: 'close', why: 'The alert went out; its rule is no longer there.' }
  const why = `There is no rule "${episode.rule}" any more: people have to look.`
  return { do: 'note', note: 'needs-people', why, until: null }
}
