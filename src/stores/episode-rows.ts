import { createHash } from 'node:crypto'
import { alertKey } from '../core/alert.ts'
import { begunAt, type Episode, type EpisodeEvent, foldEpisode, isFiring, newEpisode } from '../core/episode.ts'
import type { Told, ToldAnswer } from '../core/hook-store.ts'
import { hookTables } from './hook-tables.ts'
import { thisProcess } from './process-identity.ts'
import { put, rowsOf, type Steps } from './steps.ts'

/**  */
export function* readEpisode(id: string): Steps<Episode | undefined> {
  const [row] = yield* rowsOf(hookTables.selectFrom('episodes').select('json').where('episode', '=', id))
  return row && (JSON.parse(row.json) as Episode)
}

/** Appends events to an episode, and gives it as it is then. */
export function* applyEvents(
  episode: Episode,
  options: { readonly events: readonly EpisodeEvent[]; readonly due: Date | null },
): Steps<Episode> {
  const seqs = hookTables.selectFrom('episode_events').select(({ fn }) => fn.max('seq').as('seq'))
  let seq = Number((yield* rowsOf(seqs.where('episode', '=', episode.episode)))[0]?.seq ?? 0)
  let now = episode
  for (const event of options.events) {
    seq += 1
    const row = { episode: episode.episode, seq, at: event.at, type: event.type, json: JSON.stringify(event) }
    yield* put(hookTables.insertInto('episode_events').values(row))
    now = foldEpisode(now, event)
  }
  const { closed_at } = now
  const due_at = closed_at === null ? (options.due?.toISOString() ?? null) : null
  const set = { opened_at: begunAt(now), closed_at, due_at, firing: isFiring(now) ? 1 : 0, json: JSON.stringify(now) }
  yield* put(hookTables.updateTable('episodes').set(set).where('episode', '=', now.episode))
  const isOver = isFiring(episode) && (closed_at !== null || !isFiring(now))
  if (now.about === 'store' && isOver) yield* wakeSymptoms(now.store)
  return now
}

/** The fault of a store is over: what waited for that in it is looked at. */
function* wakeSymptoms(store: string | null): Steps<void> {
  const at = new Date().toISOString()
  const waiting = hookTables.updateTable('episodes').set({ due_at: at }).where('store', '=', store)
  yield* put(waiting.where('about', '=', 'device').where('closed_at', 'is', null).where('due_at', 'is', null))
}

/** Takes one alert into its episode. */
export function* joinAlert(told: Told, now: Date): Steps<ToldAnswer> {
  const { alert, head } = told
  const { source, id, state, name } = alert
  const base = { source, alert: name, id, state, device: null, store: null, rule: null, episode: null } as const
  if (!head) return { ...base, device: alert.device ?? null, why: told.why }
  const key = JSON.stringify([head.rule, head.about === 'store' ? head.store : head.device])
  const { rule, device, store } = head
  const answer = (episode: string | null, why: string | null): ToldAnswer => {
    return { ...base, device, store, rule, episode, why }
  }
  const known = yield* occurrence(alertKey(alert), key)
  if (known && known.episode === null) return answer(null, 'It was resolved before it was told of.')
  const open = known?.episode ?? (yield* openEpisode(key))
  if (open === undefined && state === 'resolved') {
    yield* remember({ alert: alertKey(alert), key, episode: null, at: now.toISOString() })
    return answer(null, 'It is resolved, and nothing was known of it.')
  }
  const episode = open === undefined ? yield* create({ told, key, now }) : yield* readEpisode(open)
  if (!episode) return answer(null, 'Its episode was forgotten.')
  if (!known) yield* remember({ alert: alertKey(alert), key, episode: episode.episode, at: now.toISOString() })
  const before = episode.alerts[alertKey(alert)]?.state
  const isNews = before === undefined || (before === 'firing' && state === 'resolved')
  if (!isNews) return answer(episode.episode, 'It was told before.')
  if (episode.closed_at !== null) return answer(episode.episode, 'Its episode is closed.')
  yield* applyEvents(episode, { events: [{ type: 'alert', at: now.toISOString(), alert }], due: now })
  return answer(episode.episode, null)
}

/** Notes for the whole fleet that an attempt was taken by this process. Fails where somebody has taken it before. */
export function* recordAttempt(
  episode: Episode,
  of: { readonly attempt: number; readonly at: string; readonly deviceClass: string },
): Steps<void> {
  const { host, pid, process } = thisProcess()
  const row = {
    episode: episode.episode,
    attempt: of.attempt,
    rule: episode.rule,
    device: episode.device ?? '',
    class: of.deviceClass,
    started_at: of.at,
    finished_at: null,
    result: 'running',
    host,
    pid,
    process,
  }
  yield* put(hookTables.insertInto('hook_attempts').values(row))
}

export function* endAttempt(of: {
  readonly episode: string
  readonly attempt: number
  readonly result: string
  readonly at: string
}): Steps<void> {
  const set = { result: of.result, finished_at: of.at }
  const update = hookTables.updateTable('hook_attempts').set(set).where('episode', '=', of.episode)
  yield* put(update.where('attempt', '=', of.attempt).where('result', '=', 'running'))
}

/** A repair after which the alert did not go out is counted as one that did not help. */
export function* markUseless(episode: Episode): Steps<void> {
  const update = hookTables.updateTable('hook_attempts').set({ result: 'useless' })
  yield* put(update.where('episode', '=', episode.episode).where('result', '=', 'helped'))
}

function* occurrence(alert: string, key: string): Steps<{ readonly episode: string | null } | undefined> {
  const query = hookTables.selectFrom('hook_alerts').select('episode').where('alert', '=', alert)
  return (yield* rowsOf(query.where('key', '=', key)))[0]
}

function* remember(row: {
  readonly alert: string
  readonly key: string
  readonly episode: string | null
  readonly at: string
}): Steps<void> {
  yield* put(hookTables.insertInto('hook_alerts').values(row))
}

function* openEpisode(key: string): Steps<string | undefined> {
  const query = hookTables.selectFrom('episodes').select('episode').where('key', '=', key)
  return (yield* rowsOf(query.where('closed_at', 'is', null)))[0]?.episode
}

/** Named by its key and how many there were before it, so that it is the same whoever makes it. */
function* create({
  told,
  key,
  now,
}: {
  readonly told: Told
  readonly key: string
  readonly now: Date
}): Steps<Episode | undefined> {
  if (!told.head) return undefined
  const before = hookTables
    .selectFrom('episodes')
    .select(({ fn }) => fn.countAll().as('n'))
    .where('key', '=', key)
  const number = Number((yield* rowsOf(before))[0]?.n ?? 0) + 1
  const at = now.toISOString()
  const id = `E${createHash('sha256').update(`${key} ${number} ${at}`).digest('hex').slice(0, 12)}`
  const episode = newEpisode({ ...told.head, episode: id }, told.alert, at)
  const { rule, about, device, store } = episode
  const row = { episode: id, key, rule, about, device, store, opened_at: at, closed_at: null, firing: 0 }
  yield* put(hookTables.insertInto('episodes').values({ ...row, due_at: at, json: JSON.stringify(episode) }))
  return episode
}
