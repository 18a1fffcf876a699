import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import type { Episode } from '../../core/episode.ts'
import type { HookWorker, InboxEntry, Told, ToldAnswer } from '../../core/hook-store.ts'
import { advanceEpisode } from './advance-episode.ts'
import { type EpisodeView, episodeView } from './episode-view.ts'
import { COMMAND_LINE, type Hooks } from './open-hooks.ts'
import { placeAlert, reaches, readBody } from './place-alerts.ts'

/** Alerts that are placed in one turn of the event loop. */
const ALERTS_A_TURN = 200

/** What became of one payload. */
export interface Fired {
  readonly entry: string
  /** The server that works the inbox off; null: this process did its own part. */
  readonly worker: HookWorker | null
  readonly alerts: readonly ToldAnswer[]
  readonly episodes: readonly EpisodeView[]
  /** Alerts that the payload says were left out of it. */
  readonly left_out: number
  /** What is still to be decided once this process has ended: nobody does so without a server. */
  readonly waiting: readonly { readonly episode: string; readonly until: string; readonly why: string }[]
}

/** Is told, while they are seen through, which episodes wait anew, and which repairs begin. */
export interface FireProgress {
  readonly waits: (
    waiting: readonly { readonly episode: Episode; readonly until: number; readonly why: string }[],
  ) => void
  readonly begins: (episode: Episode) => void
}

/**
 * Takes one payload in, and sees its episodes through as long as `waitMs` allows; what a server does is left to it.
 * Throws InputError for what is no payload of that source: then nothing was taken in.
 */
export async function fire(
  hooks: Hooks,
  {
    source,
    body,
    waitMs,
    progress,
  }: { readonly source: string; readonly body: string; readonly waitMs: number; readonly progress?: FireProgress },
): Promise<Fired> {
  const { store } = hooks
  const { leftOut: left_out } = readBody(hooks, source, body)
  const [entry = ''] = await store.receive([{ source, sender: COMMAND_LINE, body }])
  const worker = await store.worker()
  if (worker) return { entry, worker, alerts: [], episodes: [], left_out, waiting: [] }
  await store.settleDoubt(new Date(), () => false)
  const kept = await store.entry(entry)
  const alerts = kept ? await takeEntry(hooks, kept) : []
  const ids = [...new Set(alerts.flatMap(({ episode }) => (episode === null ? [] : [episode])))]
  const waiting = await seeThrough(hooks, ids, { deadline: Date.now() + waitMs, progress })
  const found = await Promise.all(ids.map((id) => store.episode(id)))
  const episodes = found.filter((each) => each !== undefined).map(episodeView)
  return { entry, worker: null, alerts, waiting, left_out, episodes }
}

/** Places the alerts of an entry of the inbox, and takes them into their episodes. */
export async function takeEntry(hooks: Hooks, entry: InboxEntry): Promise<readonly ToldAnswer[]> {
  if (entry.done) return hooks.store.answers(entry.entry)
  const reach = hooks.reachOf(entry.sender)
  const told: Told[] = []
  for (const alert of readBody(hooks, entry.source, entry.body).alerts) {
    const { ruleOf: _, ...placed } = placeAlert(hooks, alert, reach)
    told.push(placed)
    // What comes in meanwhile is answered between two.
    if (told.length % ALERTS_A_TURN === 0) await setImmediate()
  }
  return hooks.store.join(entry.entry, told, (place) => reaches(hooks.fleet, place, reach))
}

/** When an episode is to be looked at again, and why; at once where something was just done about it. */
interface Waiting {
  readonly episode: Episode
  readonly until: number
  readonly why: string
  /** It waits for what this process is not told: that the alert goes out. */
  readonly isRepaired: boolean
}

async function seeThrough(
  hooks: Hooks,
  ids: readonly string[],
  { deadline, progress }: { readonly deadline: number; readonly progress: FireProgress | undefined },
): Promise<Fired['waiting']> {
  const left: Waiting[] = []
  const toldWhy = new Map<string, string>()
  for (let open = ids; open.length > 0; ) {
    const waiting: Waiting[] = []
    for (const id of open) waiting.push(...(await step(hooks, id, progress?.begins)))
    const next = waiting.filter(({ until, isRepaired }) => until <= deadline && !isRepaired)
    left.push(...waiting.filter((each) => !next.includes(each)))
    const news = next.filter(({ episode, until, why }) => until > 0 && toldWhy.get(episode.episode) !== why)
    for (const { episode, why } of news) toldWhy.set(episode.episode, why)
    if (news.length > 0) progress?.waits(news)
    if (next.length > 0) await delay(Math.max(0, Math.min(...next.map(({ until }) => until)) - Date.now()))
    open = next.map(({ episode }) => episode.episode)
  }
  return left.map(({ episode, until, why }) => ({
    episode: episode.episode,
    until: new Date(until).toISOString(),
    why,
  }))
}

async function step(hooks: Hooks, id: string, begins: FireProgress['begins'] | undefined): Promise<readonly Waiting[]> {
  const advanced = await advanceEpisode(hooks, id, begins)
  if (!advanced) return []
  const { decision, episode } = advanced
  const isRepaired = episode.attempts.at(-1)?.result === 'helped'
  if (decision.do === 'run') return [{ episode, until: 0, why: '', isRepaired: false }]
  if (decision.do !== 'wait' || decision.until === null) return []
  return [{ episode, until: decision.until, why: decision.why, isRepaired }]
}
