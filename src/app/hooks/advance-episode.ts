import { type Episode, type EpisodeEvent, foldEpisode, isFiring } from '../../core/episode.ts'
import type { HookRule } from '../../core/hook-rule.ts'
import type { EpisodeStep, EpisodeWorld } from '../../core/hook-store.ts'
import type { IncidentOpening } from '../../core/incident.ts'
import { askAgainMs, type Decision, decide, eventsOf, LOOK_AGAIN_MS } from '../../hooks/decide.ts'
import type { Hush } from '../../hooks/systems/system.ts'
import { callOfEpisode, callOfStorm, incidentOpening } from '../incidents/incident-opening.ts'
import { knownOutages, outageText } from '../outages/known-outages.ts'
import type { Hooks } from './open-hooks.ts'
import { type Repair, repairOf } from './repair.ts'
import { repairDevice } from './repair-device.ts'
import { TELL_AGAIN_MS, tellMonitoring, untold } from './tell-monitoring.ts'

/** What was decided about an episode, and how it is afterwards. */
export interface Advanced {
  readonly episode: Episode
  readonly decision: Decision
}

/** What was decided, and on disk; what is to be done by this process is not done yet. */
export interface Decided extends Advanced {
  /** Whoever told of the fault has to be asked first whether it is to be left alone; then it is decided anew with the answer. */
  readonly asks: boolean
  /** Makes the repair that this process has taken, and notes what came of it; absent where there is none. */
  readonly repair?: () => Promise<Episode>
}

/** How soon an episode is looked at again whose repair has to wait for those of others. */
const WAIT_FOR_OTHERS_MS = 1_000
/** When an episode is looked at again of which monitoring is still to be told: by then it may be told once more. */
const UNTOLD_MS = TELL_AGAIN_MS + 10_000

/**
 * Decides what is done about an episode now, and does it: a repair is a run of its own, which passes admission like any
 * other. Resolves when that is over, and monitoring was told. Undefined for one that is closed or unknown.
 */
export async function advanceEpisode(hooks: Hooks, id: string): Promise<Advanced | undefined> {
  const first = await decideEpisode(hooks, id)
  const hush = first?.asks ? await hooks.systems.hush(first.episode) : undefined
  const decided = hush ? await decideEpisode(hooks, id, { hush }) : first
  if (!decided) return undefined
  const episode = (await decided.repair?.()) ?? decided.episode
  return { episode: (await tellMonitoring(hooks, episode)) ?? episode, decision: decided.decision }
}

/**
 * Decides what is done about an episode now. An attempt that is decided upon is this process's own from then on. `hush`: what whoever
 * told of the fault answered. Where `mayRun` says no, other repairs come first; where `mayAsk` does, others are asked first. Both
 * may be called twice.
 */
export async function decideEpisode(
  hooks: Hooks,
  id: string,
  of: { readonly mayRun?: () => boolean; readonly mayAsk?: () => boolean; readonly hush?: Hush } = {},
): Promise<Decided | undefined> {
  const { mayRun = () => true, mayAsk = () => true, hush } = of
  const { store, settings, fleet } = hooks
  const outages = await knownOutages(await hooks.runs(), fleet)
  const now = new Date()
  let decision: Decision = { do: 'wait', until: null, why: '' }
  let repair: Repair = { params: {} }
  let asks = false
  const step = (episode: Episode, world: EpisodeWorld): EpisodeStep => {
    const rule = settings.rules.find(({ name }) => name === episode.rule)
    repair = rule && isFiring(episode) ? repairOf(hooks, rule, episode) : { params: {} }
    const [known] = outages.of(episode)
    const outage = known && { why: `${outageText(known)}.`, until: known.until }
    const of = { episode, world, breaker: settings.breaker, now: now.getTime(), paramProblem: repair.why, outage }
    decision = rule ? decide({ ...of, rule }) : withoutRule(episode)
    const isToAsk = decision.do === 'run' && hush === undefined && hooks.systems.knows(episode)
    asks = isToAsk && mayAsk()
    const openedAt = Date.parse(episode.opened_at)
    if (decision.do === 'run') decision = leave(now, { decision, isToAsk, asks, hush, mayRun, openedAt })
    const events = eventsOf(decision, { episode, now: now.getTime(), params: repair.params })
    const due = events.due ?? againUntold(hooks, { episode, decision, now })
    return { ...events, due, opens: openingOf(hooks, { episode, rule, decision }) }
  }
  const classOf = (device: string): string => fleet.devices.get(device)?.profile ?? ''
  const advanced = await store.advance(id, { now, breaker: settings.breaker, classOf, step })
  if (!advanced) return undefined
  const { episode, started } = advanced
  if (started === null) return { episode, decision, asks }
  return { episode, decision, asks, repair: () => makeRepair(hooks, repair, { episode, attempt: started }) }
}

/** The incident that an episode is part of once this is decided; a rule that only watches what it could repair makes none. */
function openingOf(
  hooks: Hooks,
  of: { readonly episode: Episode; readonly rule: HookRule | undefined; readonly decision: Decision },
): IncidentOpening | undefined {
  const { episode, rule, decision } = of
  if (decision.do === 'note' && decision.isStorm) return incidentOpening(hooks, callOfStorm(decision.why))
  if (!isForPeople(decision)) return undefined
  if (rule?.runbook !== undefined && rule.mode === 'shadow') return undefined
  return incidentOpening(hooks, callOfEpisode(episode, rule))
}

/** When people see to it, monitoring still has to be told of the last repair. */
function againUntold(
  hooks: Hooks,
  of: { readonly episode: Episode; readonly decision: Decision; readonly now: Date },
): Date | null {
  const { episode, decision, now } = of
  const isUntold = isForPeople(decision) && untold(episode) !== undefined && hooks.systems.hears(episode)
  return isUntold ? new Date(now.getTime() + UNTOLD_MS) : null
}

function isForPeople(decision: Decision): boolean {
  return decision.do === 'note' && decision.note === 'needs-people'
}

/** Whether a repair that is decided upon may begin now. */
function leave(
  now: Date,
  of: {
    readonly decision: Decision
    readonly isToAsk: boolean
    readonly asks: boolean
    readonly hush: Hush | undefined
    readonly mayRun: () => boolean
    readonly openedAt: number
  },
): Decision {
  const { decision, isToAsk, asks, hush, mayRun, openedAt } = of
  const until = now.getTime() + LOOK_AGAIN_MS
  // Whoever asks may be gone before the answer comes: then it is asked again.
  if (asks) return { do: 'wait', until, why: 'Monitoring is asked whether it is to be left alone.' }
  if (isToAsk) return waitForOthers(now)
  if (hush && hush.state !== 'open')
    return { do: 'note', note: 'held', why: hush.why, until: now.getTime() + askAgainMs(now.getTime() - openedAt) }
  return mayRun() ? decision : waitForOthers(now)
}

function waitForOthers(now: Date): Decision {
  return { do: 'wait', until: now.getTime() + WAIT_FOR_OTHERS_MS, why: 'Other repairs are under way first.' }
}

async function makeRepair(
  hooks: Hooks,
  repair: Repair,
  { episode, attempt }: { readonly episode: Episode; readonly attempt: number },
): Promise<Episode> {
  const because = `alert ${episode.alert.name}, rule ${episode.rule}, ${episode.episode}, attempt ${attempt}`
  const ended = await repairDevice(hooks, repair, because)
  const event: EpisodeEvent = { type: 'attempt.finished', at: new Date().toISOString(), attempt, ...ended }
  return (await hooks.store.note(episode.episode, event)) ?? foldEpisode(episode, event)
}

/** Its rule was renamed or removed while it was open. */
function withoutRule(episode: Episode): Decision {
  if (!isFiring(episode)) return { do: 'close', why: 'The alert went out; its rule is no longer there.' }
  const why = `There is no rule "${episode.rule}" any more: people have to look.`
  return { do: 'note', note: 'needs-people', why, until: null }
}
