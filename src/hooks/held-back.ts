import { DAY_MS } from '../core/duration.ts'
import { begunAt, type Episode } from '../core/episode.ts'
import type { HookRule } from '../core/hook-rule.ts'
import { whenReached } from '../core/periods.ts'
import { openPeriods, type Trading } from '../core/trading-hours.ts'
import type { Decision } from './decide.ts'

/** A store that does not open within so long never does, as far as anybody waits for it. */
const NEVER_OPENS_MS = 14 * DAY_MS

/**
 * Pure: when people are told of a repair that is wanted and held back, in milliseconds since 1970; undefined where none is. Planned works,
 * silences and causes hold nothing back that is wanted. By night a till that is closed calls nobody: it is the trading hours that count.
 */
export function peopleAt(
  episode: Episode,
  of: {
    readonly decision: Decision
    readonly rule: Pick<HookRule, 'heldForMs'>
    readonly trading: Trading | undefined
    readonly now: number
  },
): number | undefined {
  const { decision, rule, trading, now } = of
  if (!('isWanted' in decision) || !decision.isWanted) return undefined
  const from = heldSince(episode, now)
  const isTrading = trading && openPeriods(trading, { from, to: from + NEVER_OPENS_MS }).length > 0
  if (!isTrading) return from + rule.heldForMs
  return whenReached((within) => openPeriods(trading, within), { from, ms: rule.heldForMs })
}

/** Since when it is held back without a break, while the alert fires. */
function heldSince(episode: Episode, now: number): number {
  const { attempts, note, firing_since } = episode
  const last = attempts.at(-1)
  const attempted = last?.result === 'held' ? (last.held?.since ?? last.started_at) : undefined
  const noted = note?.wanted ? (note.since ?? note.at) : undefined
  const since = [attempted, noted].flatMap((at) => (at === undefined ? [] : [Date.parse(at)]))
  return Math.max(Math.min(now, ...since), Date.parse(firing_since ?? begunAt(episode)), Date.parse(begunAt(episode)))
}
