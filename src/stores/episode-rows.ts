import type { CompiledQuery } from 'kysely'
import {
  type Attempt,
  countsFrom,
  type Episode,
  type EpisodeEvent,
  type EpisodeHead,
  faultOf,
  foldEpisodeEvents,
  isFiring,
} from '../core/episode.ts'
import type { DeviceState } from '../core/outcome.ts'
import { compiledLater } from './compiled-later.ts'
import { hookTables } from './hook-tables.ts'
import { thisProcess } from './process-identity.ts'
import { put, rowsOf, type Steps } from './steps.ts'

/**  */
export function* readEpisode(id: string): Steps<Episode | undefined> {
  const [row] = yield* rowsOf(hookTables.selectFrom('episodes').select('json').where('episode', '=', id))
  return row && (JSON.parse(row.json) as Episode)
}

const INSERT_EVENT = compiledLater(
  () =>
    hookTables
      .insertInto('episode_events')
      .values({ episode: '', seq: 0, at: '', type: '', json: '' })
      .compile() as CompiledQuery<unknown>,
)

/** Appends events to an episode, and gives it as it is then. */
export function* applyEvents(
  episode: Episode,
  options: { readonly events: readonly EpisodeEvent[]; readonly due: Date | null },
): Steps<Episode> {
  const seqs = hookTables.selectFrom('episode_events').select(({ fn }) => fn.max('seq').as('seq'))
  let seq = Number((yield* rowsOf(seqs.where('episode', '=', episode.episode)))[0]?.seq ?? 0)
  for (const event of options.events) {
    seq += 1
    yield* put(INSERT_EVENT, [episode.episode, seq, event.at, event.type, JSON.stringify(event)])
  }
  const now = foldEpisodeEvents(episode, options.events)
  const { closed_at } = now
  const due_at = closed_at === null ? (options.due?.toISOString() ?? null) : null
  const set = {
    opened_at: countsFrom(now),
    closed_at,
    due_at,
    firing: isFiring(now) ? 1 : 0,
    json: JSON.stringify(now),
  }
  yield* put(hookTables.updateTable('episodes').set(set).where('episode', '=', now.episode))
  if (episodeKey(now) !== episodeKey(episode)) yield* findByKey(now)
  const isOver = isFiring(episode) && (closed_at !== null || !isFiring(now))
  if (now.about === 'store' && isOver) yield* wakeSymptoms(now.store)
  return now
}

/** What an open episode is found by. */
export function episodeKey(head: Omit<EpisodeHead, 'episode'>): string {
  return JSON.stringify(faultOf(head))
}

/** Notes which episode an occurrence is part of, by the key under which it was told. */
export const REMEMBER = compiledLater(
  () =>
    hookTables
      .insertInto('hook_alerts')
      .values({ alert: '', key: '', episode: null, at: '' })
      .onConflict((conflict) =>
        conflict
          .columns(['alert', 'key'])
          .doUpdateSet(({ ref }) => ({ episode: ref('excluded.episode'), at: ref('excluded.at') })),
      )
      .compile() as CompiledQuery<unknown>,
)

/** It goes by another rule by now: so do its occurrences, and late copies of them. */
function* findByKey(episode: Episode): Steps<void> {
  const key = episodeKey(episode)
  const set = { key, rule: episode.rule }
  yield* put(hookTables.updateTable('episodes').set(set).where('episode', '=', episode.episode))
  for (const [alert, { at }] of Object.entries(episode.alerts)) yield* put(REMEMBER, [alert, key, episode.episode, at])
}

/** The fault of a store is over: what waited for that in it is looked at. */
function* wakeSymptoms(store: string | null): Steps<void> {
  const at = new Date().toISOString()
  const waiting = hookTables.updateTable('episodes').set({ due_at: at }).where('store', '=', store)
  yield* put(waiting.where('about', '=', 'device').where('closed_at', 'is', null).where('due_at', 'is', null))
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

/** In the table of attempts, the result of one that failed at a device that nobody reached. */
export const UNSEEN = 'unseen'
const NOT_REACHED: ReadonlySet<DeviceState | null> = new Set(['unreachable', 'cancelled', null])

/** The result of an attempt as the table of attempts has it. */
export function verdictOf(attempt: Attempt | undefined): string {
  if (attempt?.result === 'failed' && NOT_REACHED.has(attempt.state)) return UNSEEN
  return attempt?.result ?? 'failed'
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
