import { setTimeout as delay } from 'node:timers/promises'
import type { Attempt, Episode } from '../../core/episode.ts'
import type { Hooks } from './open-hooks.ts'

/** How long it is waited before monitoring is told once more. */
const PAUSES_MS = [1_000, 5_000]
/** Who cannot be told now is not told all the time. */
export const TELL_AGAIN_MS = 300_000

/** The last attempt of which monitoring was not told yet, if there is one that it should know of. */
export function untold({ attempts, told }: Episode): Attempt | undefined {
  const last = attempts.at(-1)
  if (!last || last.attempt <= told || last.result === 'running' || last.result === 'held') return undefined
  return last
}

/**
 * Says at the alerts of an episode what was done about them, and notes that, or why it could not be; then it is said when
 * the episode is looked at again. Gives the episode as it is afterwards, undefined where nobody was told.
 */
export async function tellMonitoring({ systems, store }: Hooks, episode: Episode): Promise<Episode | undefined> {
  const attempt = untold(episode)
  if (!attempt || !systems.knows(episode)) return undefined
  const what = { isRepaired: attempt.result === 'helped', message: messageOf(episode, attempt) }
  let told = await systems.tell(episode, what)
  for (const pause of PAUSES_MS) {
    if (!told || told.ok) break
    await delay(pause)
    told = await systems.tell(episode, what)
  }
  if (!told) return undefined
  const at = new Date().toISOString()
  const why = told.ok ? null : told.why
  return store.note(episode.episode, { type: 'told', at, attempt: attempt.attempt, why })
}

function messageOf({ episode, device, rule }: Episode, { attempt, result, state, run, why }: Attempt): string {
  const how: Readonly<Record<string, string>> = {
    helped: state === 'changed' ? 'repaired and looked at again' : 'found as it should be',
    looked: 'evidence was gathered, and nothing changed',
    doubtful: 'whoever made the repair is gone, so how it ended is not known',
  }
  const shown = run === null ? '' : ` till runs show ${run}.`
  const reason = why === null ? '' : ` ${why.replace(/\.?$/, '.')}`
  return `Tillwright, repair ${attempt} of ${device ?? ''} by rule ${rule}: ${how[result] ?? 'it did not help'}.${reason}${shown} till episodes show ${episode}`
}
