import { MOST_AHEAD_MS } from '../core/clock-ahead.ts'
import { HOUR_MS } from '../core/duration.ts'
import { begunAt, type Episode, isSpent } from '../core/episode.ts'
import type { HookSettings } from '../core/hook-rule.ts'
import type { EpisodeWorld } from '../core/hook-store.ts'
import { episodeKey, UNSEEN } from './episode-rows.ts'
import { hookTables } from './hook-tables.ts'
import { stormOf } from './incident-rows.ts'
import { rowsOf, type Steps } from './steps.ts'

/** Attempts of a class that are looked back at: no rule gives up later. */
const MOST_LOOKED_AT = 100
/** They take no place in a cap: nothing was changed. */
const UNMADE = ['held', 'looked'] as const
/** They say nothing about the repair: nobody could make it, or saw how it ended. */
const NO_VERDICT = ['running', 'held', 'looked', 'doubtful', UNSEEN] as const

/** What else is going on beside an episode. */
export function* worldOf(
  episode: Episode,
  options: {
    readonly now: Date
    readonly breaker: HookSettings['breaker']
    readonly deviceClass: string
    readonly looksBackMs: number
  },
): Steps<EpisodeWorld> {
  const ago = (ms: number): string => new Date(options.now.getTime() - ms).toISOString()
  const device = episode.device ?? ''
  const ahead = ago(-MOST_AHEAD_MS)
  const attempts = hookTables
    .selectFrom('hook_attempts')
    .where('result', 'not in', UNMADE)
    .where('started_at', '<=', ahead)
  const count = (rows: readonly { readonly n: number | bigint | string }[]): number => Number(rows[0]?.n ?? 0)
  const ofDevice = attempts.where('device', '=', device).where('started_at', '>', ago(24 * HOUR_MS))
  const ofRule = attempts.where('rule', '=', episode.rule).where('started_at', '>', ago(HOUR_MS))
  const begun = hookTables.selectFrom('episodes').where('opened_at', '<=', ahead)
  const opened = begun.where('opened_at', '>', ago(options.breaker.withinMs))
  return {
    deviceAttempts: count(yield* rowsOf(ofDevice.select(({ fn }) => fn.countAll().as('n')))),
    lastAttemptAt: yield* lastAttemptAt(device, ahead),
    ruleAttempts: count(yield* rowsOf(ofRule.select(({ fn }) => fn.countAll().as('n')))),
    useless: yield* uselessInRow(episode.rule, { deviceClass: options.deviceClass, from: ago(24 * HOUR_MS), ahead }),
    busy: yield* isBusy(device, episode.episode),
    earlier: yield* earlierOf(episode, { now: options.now.getTime(), lookBackMs: options.looksBackMs }),
    cause: yield* causeOf(episode),
    storm: yield* stormOf(episode.episode),
    opened: count(yield* rowsOf(opened.select(({ fn }) => fn.countAll().as('n')))),
    calmAt: yield* calmAt(options.breaker, ahead),
  }
}

/** When the oldest of those that are one too many is out of the time of the breaker. */
function* calmAt({ episodes, withinMs }: HookSettings['breaker'], ahead: string): Steps<number | null> {
  const begun = hookTables.selectFrom('episodes').select('opened_at').where('opened_at', '<=', ahead)
  const [row] = yield* rowsOf(begun.orderBy('opened_at', 'desc').limit(1).offset(episodes))
  return row ? Date.parse(row.opened_at) + withinMs : null
}

function* lastAttemptAt(device: string, ahead: string): Steps<number | null> {
  const ended = hookTables.selectFrom('hook_attempts').select('finished_at').where('device', '=', device)
  const query = ended.where('result', 'not in', UNMADE).where('finished_at', '<=', ahead)
  const [row] = yield* rowsOf(query.orderBy('finished_at', 'desc').limit(1))
  return row?.finished_at == null ? null : Date.parse(row.finished_at)
}

/** What was useless yesterday may help today, so that no rule is switched off for good. */
function* uselessInRow(
  rule: string,
  { deviceClass, from, ahead }: { readonly deviceClass: string; readonly from: string; readonly ahead: string },
): Steps<number> {
  const of = hookTables.selectFrom('hook_attempts').select('result').where('rule', '=', rule)
  const seen = of.where('class', '=', deviceClass).where('result', 'not in', NO_VERDICT)
  const ended = seen.where('finished_at', '>', from).where('finished_at', '<=', ahead)
  const results = yield* rowsOf(ended.orderBy('finished_at', 'desc').limit(MOST_LOOKED_AT))
  const helped = results.findIndex(({ result }) => result === 'helped')
  return helped < 0 ? results.length : helped
}

function* isBusy(device: string, episode: string): Steps<boolean> {
  const at = hookTables.selectFrom('hook_attempts').select('episode').where('device', '=', device)
  return (yield* rowsOf(at.where('result', '=', 'running').where('episode', '!=', episode).limit(1))).length > 0
}

/** A fault that comes for a minute every quarter of an hour is a new episode each time, and one fault all the same. */
function* earlierOf(
  episode: Episode,
  { now, lookBackMs }: { readonly now: number; readonly lookBackMs: number },
): Steps<readonly number[]> {
  if (lookBackMs === 0) return []
  const since = now - lookBackMs
  const own = hookTables.selectFrom('episodes').select('json').where('key', '=', episodeKey(episode))
  const rows = yield* rowsOf(own.where('closed_at', '>', new Date(since).toISOString()))
  const closed = rows.map(({ json }) => JSON.parse(json) as Episode)
  const repairs = closed.flatMap(({ attempts }) =>
    attempts.filter(isSpent).map((each) => each.finished_at ?? each.started_at),
  )
  const from = Math.max(since, ...repairs.map((at) => Date.parse(at)))
  const begun = closed.flatMap((each) =>
    Object.values(each.alerts)
      .map(({ first_at }) => Date.parse(first_at))
      .filter((at) => at >= Date.parse(begunAt(each))),
  )
  return begun.filter((at) => at > from)
}

function* causeOf(episode: Episode): Steps<string | null> {
  if (episode.about === 'store' || episode.store === null) return null
  const about = hookTables.selectFrom('episodes').select('episode').where('store', '=', episode.store)
  const firing = about.where('about', '=', 'store').where('firing', '=', 1).where('closed_at', 'is', null)
  return (yield* rowsOf(firing.orderBy('opened_at').limit(1)))[0]?.episode ?? null
}
