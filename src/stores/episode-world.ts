import type { Episode } from '../core/episode.ts'
import type { EpisodeWorld } from '../core/hook-store.ts'
import { hookTables } from './hook-tables.ts'
import type { SqliteSession } from './sqlite-session.ts'

const HOUR_MS = 3_600_000
/** Attempts of a class that are looked back at: no rule gives up later. */
const MOST_LOOKED_AT = 100

/** What else is going on beside an episode. To be called inside a transaction. */
export function worldOf(
  session: SqliteSession,
  episode: Episode,
  options: { readonly now: Date; readonly breakerMs: number; readonly deviceClass: string },
): EpisodeWorld {
  const ago = (ms: number): string => new Date(options.now.getTime() - ms).toISOString()
  const device = episode.device ?? ''
  const attempts = hookTables.selectFrom('hook_attempts').where('result', '!=', 'held')
  const count = (rows: readonly { readonly n: number | bigint | string }[]): number => Number(rows[0]?.n ?? 0)
  const ofDevice = attempts.where('device', '=', device).where('started_at', '>', ago(24 * HOUR_MS))
  const ofRule = attempts.where('rule', '=', episode.rule).where('started_at', '>', ago(HOUR_MS))
  const opened = hookTables.selectFrom('episodes').where('opened_at', '>', ago(options.breakerMs))
  return {
    deviceAttempts: count(session.all(ofDevice.select(({ fn }) => fn.countAll().as('n')))),
    lastAttemptAt: lastAttemptAt(session, device),
    ruleAttempts: count(session.all(ofRule.select(({ fn }) => fn.countAll().as('n')))),
    useless: uselessInRow(session, episode.rule, options.deviceClass),
    busy: isBusy(session, device, episode.episode),
    cause: causeOf(session, episode),
    opened: count(session.all(opened.select(({ fn }) => fn.countAll().as('n')))),
  }
}

function lastAttemptAt(session: SqliteSession, device: string): number | null {
  const ended = hookTables.selectFrom('hook_attempts').select('finished_at').where('device', '=', device)
  const query = ended.where('result', '!=', 'held').where('finished_at', 'is not', null)
  const [row] = session.all(query.orderBy('finished_at', 'desc').limit(1))
  return row?.finished_at == null ? null : Date.parse(row.finished_at)
}

function uselessInRow(session: SqliteSession, rule: string, deviceClass: string): number {
  const of = hookTables.selectFrom('hook_attempts').select('result').where('rule', '=', rule)
  const ended = of.where('class', '=', deviceClass).where('result', 'not in', ['running', 'held'])
  const results = session.all(ended.orderBy('finished_at', 'desc').limit(MOST_LOOKED_AT))
  const helped = results.findIndex(({ result }) => result === 'helped')
  return helped < 0 ? results.length : helped
}

function isBusy(session: SqliteSession, device: string, episode: string): boolean {
  const at = hookTables.selectFrom('hook_attempts').select('episode').where('device', '=', device)
  return session.all(at.where('result', '=', 'running').where('episode', '!=', episode).limit(1)).length > 0
}

function causeOf(session: SqliteSession, episode: Episode): string | null {
  if (episode.about === 'store' || episode.store === null) return null
  const about = hookTables.selectFrom('episodes').select('episode').where('store', '=', episode.store)
  const firing = about.where('about', '=', 'store').where('firing', '=', 1).where('closed_at', 'is', null)
  return session.all(firing.orderBy('opened_at').limit(1))[0]?.episode ?? null
}
