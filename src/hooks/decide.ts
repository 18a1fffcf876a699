import { MOST_AHEAD_MS } from '../core/clock-ahead.ts'
import { counted } from '../core/counted.ts'
import { DAY_MS, HOUR_MS } from '../core/duration.ts'
import {
  type Attempt,
  begunAt,
  type Episode,
  type EpisodeEvent,
  type EpisodeNote,
  isFiring,
  isLost,
  isSpent,
} from '../core/episode.ts'
import type { HookRule, HookSettings } from '../core/hook-rule.ts'
import type { EpisodeWorld } from '../core/hook-store.ts'

/** What is to be done about an episode now. Times are milliseconds since 1970; without one, something has to happen first. */
export type Decision =
  | { readonly do: 'run'; readonly attempt: number }
  | {
      readonly do: 'wait'
      readonly until: number | null
      readonly why: string
      /** The outage that it was known by, or the fault that it was a symptom of, is over; or the clock that it began by was ahead. */
      readonly isReleased?: true
      /** It has fired on since for as long as its rule waits. */
      readonly isStill?: true
      readonly isWanted?: true
    }
  | {
      readonly do: 'note'
      readonly note: EpisodeNote
      readonly why: string
      readonly until: number | null
      /** More at once than the breaker lets through. */
      readonly isStorm?: true
      /** It is known to be out of order. */
      readonly isKnown?: true
      /** A repair would be made, were it not for this. */
      readonly isWanted?: true
    }
  | { readonly do: 'close'; readonly why: string }

interface Asked {
  readonly episode: Episode
  readonly rule: HookRule
  readonly world: EpisodeWorld
  readonly breaker: HookSettings['breaker']
  /** Milliseconds since 1970. */
  readonly now: number
  /** It is known to be out of order until then. */
  readonly outage?: { readonly why: string; readonly until: number } | undefined
  /** Why the parameters of the runbook cannot be filled in. */
  readonly paramProblem?: string | undefined
}

/** How soon to look again at what nothing here tells the end of. */
export const LOOK_AGAIN_MS = 30_000
/** What safety holds back is asked again after this at the latest: a freeze may be ended before its time. */
const LONGEST_HELD_MS = 900_000
/** How late the early end of a silence or an outage is noticed at most. */
export const LONGEST_SILENCE_MS = 600_000

const RELEASED_MS = 10_000
/** What monitoring lost sight of fires again by itself long before, if it still looks. */
const LOST_MS = DAY_MS

/** By then all that an outage or a cause held have been looked at, and it can be told whether they are too many at once. */
function releasedMs({ withinMs }: HookSettings['breaker']): number {
  return Math.min(RELEASED_MS, withinMs / 2)
}

/** What is to be left alone for long is asked about less and less often: after a tenth of the time that it lasts. */
export function askAgainMs(ageMs: number): number {
  return Math.min(LONGEST_SILENCE_MS, Math.max(LOOK_AGAIN_MS, ageMs / 10))
}

/** Pure: what is known of an episode, its rule and the clock say what is done. The first that has something to say decides. */
export function decide(asked: Asked): Decision {
  const working = atWork(asked.episode)
  if (working) return working
  for (const judge of [
    clearing,
    known,
    released,
    clockAhead,
    stillFires,
    storm,
    patience,
    afterRepair,
    ability,
    mode,
    limits,
  ]) {
    const decision = judge(asked)
    if (decision) return decision
  }
  return { do: 'run', attempt: (asked.episode.attempts.at(-1)?.attempt ?? 0) + 1 }
}

/** The decision as events of the episode, and when to look at it again. What was noted before is not noted again. */
export function eventsOf(
  decision: Decision,
  {
    episode,
    now,
    params,
  }: { readonly episode: Episode; readonly now: number; readonly params: Readonly<Record<string, string>> },
): { readonly events: readonly EpisodeEvent[]; readonly due: Date | null } {
  const at = new Date(now).toISOString()
  switch (decision.do) {
    case 'run':
      return { events: [{ type: 'attempt.started', at, attempt: decision.attempt, params }], due: null }
    case 'close':
      return { events: [{ type: 'closed', at, why: decision.why }], due: null }
    case 'wait':
      return { events: releaseOf(decision, at), due: dateOf(decision.until) }
    case 'note': {
      const { note, why, isKnown, isWanted } = decision
      const before = episode.note
      const isSame = before?.note === note && before.why === why && before.wanted === isWanted
      const noted: EpisodeEvent = {
        type: 'noted',
        at,
        note,
        why,
        ...(isKnown && { outage: true }),
        ...(isWanted && { wanted: true }),
      }
      return { events: isSame ? [] : [noted], due: dateOf(decision.until) }
    }
  }
}

function releaseOf({ isReleased, isStill }: Extract<Decision, { do: 'wait' }>, at: string): readonly EpisodeEvent[] {
  if (isReleased) return [{ type: 'released', at }]
  return isStill ? [{ type: 'released', at, still: true }] : []
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms)
}

type Judge = (asked: Asked) => Decision | undefined

const wait = (until: number | null, why: string) => ({ do: 'wait', until, why }) as const
const note = (kind: EpisodeNote, why: string, until: number | null) => ({ do: 'note', note: kind, why, until }) as const

/** Nothing is decided about what is closed, or is being repaired. */
export function atWork(episode: Episode): Decision | undefined {
  if (episode.closed_at !== null) return wait(null, 'It is closed.')
  const last = episode.attempts.at(-1)
  return last?.result === 'running' ? wait(null, `Attempt ${last.attempt} is under way.`) : undefined
}

const clearing: Judge = ({ episode, rule, now }) => {
  if (isFiring(episode)) return undefined
  const lost = unseen(episode, now)
  if (lost) return lost
  const until = Date.parse(episode.clear_since ?? episode.opened_at) + rule.quietMs
  if (now < until) return wait(until, 'Nothing fires any more; it is closed when that stays so.')
  const helped = episode.attempts.some(({ result }) => result === 'helped')
  return { do: 'close', why: helped ? 'Repaired, and the alert went out.' : 'The alert went out by itself.' }
}

/** Monitoring does not see it any more: nothing is repaired by that, and nothing is over. */
export function unseen(episode: Episode, now: number): Decision | undefined {
  if (!isLost(episode)) return undefined
  const until = Date.parse(episode.clear_since ?? episode.opened_at) + LOST_MS
  const why = 'Monitoring does not see it any more: whether the fault is over is not known.'
  return now < until ? wait(until, why) : { do: 'close', why }
}

/** Before a storm, too: what is known is nobody's news. Asked again less and less often, since it may be ended before its time. */
const known: Judge = ({ episode, outage, now }) => {
  if (!outage) return undefined
  const age = now - Date.parse(episode.opened_at)
  return {
    do: 'note',
    note: 'held',
    why: outage.why,
    until: Math.min(outage.until, now + askAgainMs(age)),
    isKnown: true,
  }
}

/** What a dead line held fires for a moment longer: all-clears take their time. */
const released: Judge = (asked) => {
  const { episode, world, breaker, now } = asked
  const isNoSymptom = episode.note?.note === 'symptom' && world.cause === null
  if (!episode.note?.outage && !isNoSymptom) return undefined
  const { counted_at: _, ...rest } = episode
  const { settled, since } = patienceOf({ ...asked, episode: { ...rest, released_at: new Date(now).toISOString() } })
  const counts = Math.max(settled, since) - releasedMs(breaker)
  return { ...wait(counts, 'It may still clear by itself.'), isReleased: true }
}

/**
 * All that a line held is released with it, and most of that clears by itself a moment later: it is one of many faults that begin at
 * once only where it fires on for as long as its rule waits.
 */
const stillFires: Judge = (asked) => {
  const { episode, world, breaker, now } = asked
  if (episode.released_at === undefined || episode.counted_at !== undefined || world.cause !== null) return undefined
  const { settled, since } = patienceOf(asked)
  const counts = Math.max(settled, since) - releasedMs(breaker)
  if (now < counts) return wait(counts, 'It may still clear by itself.')
  return { ...wait(now + releasedMs(breaker), 'Others may fire on with it.'), isStill: true }
}

const storm: Judge = ({ episode, world, breaker, now }) => {
  const why = `More than ${breaker.episodes} faults began at once. That is one outage, not so many repairs: nothing is done by itself until its incident is closed.`
  // Time does not end it: all of it may still fire.
  if (world.storm !== null) return note('held', why, null)
  if (world.opened > breaker.episodes) {
    // Nothing changes about it before; thousands that look again and again would be a load of their own.
    return { do: 'note', note: 'held', why, until: Math.max(world.calmAt ?? 0, now + LOOK_AGAIN_MS), isStorm: true }
  }
  if (world.cause === null) return undefined
  return note('symptom', `It belongs to episode ${world.cause}, about the store ${episode.store}.`, null)
}

/** Until when a cause may show up, and until when it has to fire. Since when it fires counts only where no clock was ahead. */
function patienceOf({ episode, rule, breaker, now }: Pick<Asked, 'episode' | 'rule' | 'breaker' | 'now'>) {
  const begun = Date.parse(begunAt(episode))
  const counted = Date.parse(episode.counted_at ?? begunAt(episode))
  const settled = Math.max(begun + rule.settleMs, episode.released_at === undefined ? 0 : counted + releasedMs(breaker))
  const firing = Date.parse(episode.firing_since ?? episode.opened_at)
  const since = Math.max(begun, firing - now > MOST_AHEAD_MS ? begun : firing) + rule.forMs
  return { begun, settled, since }
}

/** What began while the clock was ahead is seen to as if it had begun now: it would wait for as long as that was ahead. */
const clockAhead: Judge = ({ episode, rule, now }) => {
  if (Date.parse(begunAt(episode)) - now <= MOST_AHEAD_MS) return undefined
  return { ...wait(now + rule.settleMs, 'It began by a clock that was ahead.'), isReleased: true }
}

const patience: Judge = (asked) => {
  const { episode, rule, world, now } = asked
  const { begun, settled, since } = patienceOf(asked)
  if (now < settled) return wait(settled, 'A cause may still show up (`settle` of its rule).')
  if (now < since) return wait(since, 'It has not been firing for long enough (`for` of its rule).')
  if (!rule.often) return undefined
  const { times, withinMs } = rule.often
  // What still fired when an outage was over began then; what had come and gone did not.
  const fired = Object.values(episode.alerts).map(({ state, first_at }) =>
    state === 'firing' ? Math.max(begun, Date.parse(first_at)) : Date.parse(first_at),
  )
  const lately = fired.filter((at) => at >= begun && at > now - withinMs).length
  // Those that are no longer known one by one came before: where all that are known came lately, most of these did, too.
  const own = lately === fired.length ? lately + (episode.more_alerts ?? 0) : lately
  const recent = own + world.earlier.filter((at) => at > now - withinMs).length
  return recent < times ? wait(null, `It fired ${recent} of ${times} times.`) : undefined
}

/** The proof of a repair was its run; then the alert has to go out by itself. */
const afterRepair: Judge = ({ episode, rule, now }) => {
  const last = episode.attempts.at(-1)
  if (!last) return undefined
  const ended = Date.parse(last.finished_at ?? last.started_at)
  if (last.result === 'helped' && now < ended + rule.clearWithinMs)
    return wait(ended + rule.clearWithinMs, 'It is repaired; the alert has to go out yet.')
  const again = last.result === 'held' ? againAfter(last, ended) : ended
  return now < again ? { ...wait(again, 'The repair was held back; it is asked again.'), isWanted: true } : undefined
}

/** When to ask again what safety held back: when it said so, within bounds, and otherwise less and less often. */
function againAfter({ not_before, held, started_at }: Attempt, ended: number): number {
  const since = Date.parse(held?.since ?? started_at)
  const pause = not_before === undefined ? askAgainMs(ended - since) : Date.parse(not_before) - ended
  return ended + Math.min(LONGEST_HELD_MS, Math.max(LOOK_AGAIN_MS, pause))
}

const ability: Judge = ({ episode, rule, world, paramProblem }) => {
  const people = (why: string): Decision => note('needs-people', why, null)
  if (rule.runbook === undefined) return people('The rule names no runbook: people have to look.')
  if (episode.device === null) return people('It is about a store, and a runbook needs a device: people have to look.')
  if (paramProblem !== undefined) return people(paramProblem)
  if (episode.attempts.at(-1)?.result === 'looked')
    return people('Evidence was gathered; the rule repairs nothing: people have to look.')
  const spent = episode.attempts.filter(isSpent)
  if (spent.length >= rule.attempts.episode) return people(afterAttempts(spent))
  if (world.useless >= rule.attempts.useless) {
    const why = `The last ${counted(world.useless, 'repair')} by this rule did not help on devices of this profile: the rest is left alone.`
    return people(why)
  }
  if (world.deviceAttempts >= rule.attempts.day)
    return people(
      `The device had ${counted(world.deviceAttempts, 'repair')} within a day: more would hide what is wrong with it.`,
    )
  return undefined
}

const mode: Judge = ({ episode, rule }) => {
  const what = `apply ${rule.runbook} to ${episode.device}`
  if (rule.mode === 'shadow') return note('would-run', `Would ${what}; the rule only watches (mode: shadow).`, null)
  if (rule.mode === 'ask' && episode.approvals.length <= episode.attempts.filter(isSpent).length)
    return { ...note('asks', `Asks to ${what}: till episodes approve ${episode.episode}`, null), isWanted: true }
  return undefined
}

const limits: Judge = ({ rule, world, now }) => {
  if (world.busy) return wait(now + 1_000, 'Another repair is under way at the device.')
  const rested = (world.lastAttemptAt ?? Number.NEGATIVE_INFINITY) + rule.cooldownMs
  if (now < rested) return wait(rested, 'A repair of the device was tried a moment ago.')
  if (world.ruleAttempts < rule.perHour) return undefined
  const why = `The rule made ${counted(world.ruleAttempts, 'repair')} within an hour, which is its cap.`
  return { ...note('held', why, now + HOUR_MS / 60), isWanted: true }
}

function afterAttempts(spent: readonly Attempt[]): string {
  const last = spent.at(-1)
  const times = counted(spent.length, 'repair')
  const why = last?.result === 'doubtful' ? 'how the last one ended is not known' : 'the fault is still there'
  return `${times}, and ${why}${last?.why ? `: ${last.why}` : '.'}`
}
