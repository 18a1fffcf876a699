import { type Episode, type EpisodeEvent, foldEpisode, isFiring, ruledEvent } from '../../core/episode.ts'
import type { HookRule } from '../../core/hook-rule.ts'
import type { EpisodeStep, EpisodeWorld } from '../../core/hook-store.ts'
import type { IncidentOpening } from '../../core/incident.ts'
import { askAgainMs, atWork, type Decision, decide, eventsOf, LOOK_AGAIN_MS, unseen } from '../../hooks/decide.ts'
import { peopleAt } from '../../hooks/held-back.ts'
import type { Hush } from '../../hooks/systems/system.ts'
import { storeOf } from '../incidents/duties.ts'
import { callOfEpisode, callOfStorm, incidentOpening } from '../incidents/incident-opening.ts'
import { knownOutages } from '../outages/known-outages.ts'
import type { Hooks } from './open-hooks.ts'
import { placeAlert } from './place-alerts.ts'
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
  /** Makes the repair that this process has taken; absent where there is none. */
  readonly repair?: () => Promise<Noting>
}

/** Notes what came of a repair; may be called again where that rejects. */
export type Noting = () => Promise<Episode>

/** How soon an episode is looked at again whose repair has to wait for those of others. */
const WAIT_FOR_OTHERS_MS = 1_000
/** When an episode is looked at again of which monitoring is still to be told: by then it may be told once more. */
const UNTOLD_MS = TELL_AGAIN_MS + 10_000

/**
 * Decides what is done about an episode now, and does it: a repair is a run of its own, which passes admission like any
 * other, and `begins` hears of it first. Resolves when that is over, and monitoring was told. Undefined for one that is closed or unknown.
 */
export async function advanceEpisode(
  hooks: Hooks,
  id: string,
  begins?: (episode: Episode) => void,
): Promise<Advanced | undefined> {
  const first = await decideEpisode(hooks, id)
  const hush = first?.asks ? await hooks.systems.hush(first.episode) : undefined
  const decided = hush ? await decideEpisode(hooks, id, { hush }) : first
  if (!decided) return undefined
  if (decided.repair) begins?.(decided.episode)
  const noting = await decided.repair?.()
  const episode = (await noting?.()) ?? decided.episode
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
    const ruled = rule ? undefined : ruledAnew(hooks, episode, now)
    if (ruled) {
      decision = { do: 'wait', until: now.getTime(), why: 'Another rule holds for it by now.' }
      return { events: [ruled], due: now }
    }
    repair = rule && isFiring(episode) ? repairOf(hooks, rule, episode) : { params: {} }
    const [known] = outages.of(episode)
    const outage = known && { why: `${outages.textOf(known)}.`, until: known.until }
    const judged = { episode, world, breaker: settings.breaker, now: now.getTime(), paramProblem: repair.why, outage }
    decision = rule ? decide({ ...judged, rule }) : withoutRule(episode, now.getTime())
    const isToAsk = decision.do === 'run' && hush === undefined && hooks.systems.knows(episode)
    asks = isToAsk && mayAsk()
    const openedAt = Date.parse(episode.opened_at)
    if (decision.do === 'run') decision = leave(now, { decision, isToAsk, asks, hush, mayRun, openedAt })
    return stepOf(hooks, { episode, rule, decision, now, params: repair.params })
  }
  const classOf = (device: string): string => fleet.devices.get(device)?.profile ?? ''
  const looksBackMs = (rule: string): number => settings.rules.find(({ name }) => name === rule)?.often?.withinMs ?? 0
  const advanced = await store.advance(id, { now, breaker: settings.breaker, classOf, looksBackMs, step })
  if (!advanced) return undefined
  const { episode, started } = advanced
  if (started === null) return { episode, decision, asks }
  return { episode, decision, asks, repair: () => makeRepair(hooks, repair, { episode, attempt: started }) }
}

/** What a decision is for the store: events, when it is looked at again, and the incident that it opens. */
function stepOf(
  hooks: Hooks,
  of: {
    readonly episode: Episode
    readonly rule: HookRule | undefined
    readonly decision: Decision
    readonly now: Date
    readonly params: Repair['params']
  },
): EpisodeStep {
  const { episode, rule, decision, now, params } = of
  const events = eventsOf(decision, { episode, now: now.getTime(), params })
  const people = rule && isFiring(episode) ? toldAt(hooks, { episode, rule, decision, now }) : undefined
  const isHeld = people !== undefined && people <= now
  const next = events.due ?? againUntold(hooks, { episode, decision, now })
  const due = people && !isHeld && (next === null || people < next) ? people : next
  return { ...events, due, opens: openingOf(hooks, { episode, rule, decision, isHeld }) }
}

/** When people are told of a repair that is held back. */
function toldAt(
  { fleet }: Hooks,
  of: {
    readonly episode: Episode
    readonly rule: HookRule
    readonly decision: Decision
    readonly now: Date
  },
): Date | undefined {
  const trading = storeOf(fleet, of.episode)
  const at = peopleAt(of.episode, { ...of, trading, now: of.now.getTime() })
  return at === undefined ? undefined : new Date(at)
}

/** The incident that an episode is part of once this is decided; a rule that only watches what it could repair makes none. */
function openingOf(
  hooks: Hooks,
  of: {
    readonly episode: Episode
    readonly rule: HookRule | undefined
    readonly decision: Decision
    /** A repair is held back for longer than its rule allows. */
    readonly isHeld: boolean
  },
): IncidentOpening | undefined {
  const { episode, rule, decision, isHeld } = of
  if (decision.do === 'note' && decision.isStorm) return incidentOpening(hooks, callOfStorm(decision.why))
  if (!isForPeople(decision) && !isHeld) return undefined
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
  if (hush && hush.state !== 'open') {
    const again = now.getTime() + askAgainMs(now.getTime() - openedAt)
    const isWanted = hush.state === 'unknown' && { isWanted: true as const }
    return { do: 'note', note: 'held', why: hush.why, until: again, ...isWanted }
  }
  return mayRun() ? decision : waitForOthers(now)
}

function waitForOthers(now: Date): Decision {
  return { do: 'wait', until: now.getTime() + WAIT_FOR_OTHERS_MS, why: 'Other repairs are under way first.' }
}

async function makeRepair(
  hooks: Hooks,
  repair: Repair,
  { episode, attempt }: { readonly episode: Episode; readonly attempt: number },
): Promise<Noting> {
  const because = `alert ${episode.alert.name}, rule ${episode.rule}, ${episode.episode}, attempt ${attempt}`
  const ended = await repairDevice(hooks, repair, because)
  const event: EpisodeEvent = { type: 'attempt.finished', at: new Date().toISOString(), attempt, ...ended }
  return async () => (await hooks.store.note(episode.episode, event)) ?? foldEpisode(episode, event)
}

/** Its rule was renamed or removed: the one that holds for its alert now, about the same device or store. */
function ruledAnew(hooks: Hooks, episode: Episode, now: Date): EpisodeEvent | undefined {
  if (atWork(episode) || !isFiring(episode)) return undefined
  const { alert, about, device, store } = episode
  const { head } = placeAlert(hooks, alert)
  if (head?.about !== about || head.device !== device || head.store !== store) return undefined
  return ruledEvent({ alert, head, at: now.toISOString() })
}

/** No rule holds for it any more. */
function withoutRule(episode: Episode, now: number): Decision {
  const decision = atWork(episode) ?? unseen(episode, now)
  if (decision) return decision
  if (!isFiring(episode)) return { do: 'close', why: 'The alert went out; its rule is no longer there.' }
  const why = `There is no rule "${episode.rule}" any more: people have to look.`
  return { do: 'note', note: 'needs-people', why, until: null }
}
