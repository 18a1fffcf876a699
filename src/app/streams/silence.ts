import type { DeviceSilence, Heard, SilenceRule, SourceSettings } from '../../core/event-source.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { openSeconds } from '../../core/trading-hours.ts'
import { holds } from '../revision/selection.ts'

/** `never`: it is to speak and never did. `licence`: it said that it has none for events. */
export const SILENCE_KINDS = ['silent', 'never', 'licence'] as const
export type SilenceKind = (typeof SILENCE_KINDS)[number]

export interface Silent {
  readonly device: string
  readonly kind: SilenceKind
  /** When it was heard of last, by the clock of this machine; null: never. */
  readonly heardAt: number | null
}

/** What is known of the silence of the devices of a source. */
export interface SilenceLook {
  readonly silent: readonly Silent[]
  /** Nothing comes from anybody: the source is quiet, and that says nothing about any device. */
  readonly isQuiet: boolean
}

/** From so many devices on, silence of all of them is that of what is between. */
const FEWEST = 3

/**
 * Which devices have been silent for too long.
 * @param since from when on this process has listened: what it did not hear before says nothing
 * @param unlicensed devices that said that they have no licence for events
 */
export function lookForSilence(
  { silence }: Pick<SourceSettings, 'silence'>,
  of: {
    readonly heard: readonly Heard[]
    readonly fleet: Fleet
    readonly since: number
    readonly now: number
    readonly unlicensed?: ReadonlySet<string>
  },
): SilenceLook {
  if (!silence) return { silent: [], isQuiet: false }
  const { fleet, unlicensed = new Set() } = of
  const heard = new Map(of.heard.filter(({ heardAt }) => heardAt > 0).map((one) => [one.device, one.heardAt]))
  const watched = [...fleet.devices.values()].filter(
    (device) => heard.has(device.name) || (silence.expects !== undefined && holds(silence.expects, fleet, device)),
  )
  const silent = watched.flatMap((device): Silent[] => {
    const last = heard.get(device.name)
    if (!isTooLong(silence, device, { ...of, last })) return []
    const kind = unlicensed.has(device.name) ? 'licence' : last === undefined ? 'never' : 'silent'
    return [{ device: device.name, kind, heardAt: last ?? null }]
  })
  return { silent, isQuiet: isQuiet(silence, { watched, heard, silent, fleet, now: of.now }) }
}

/**
 * Nobody was heard for as long as the first of those that are silent may be. Devices of stores that are closed say nothing either
 * way, unless all that is silent is one store: then it is that store.
 */
function isQuiet(
  { rules }: DeviceSilence,
  of: {
    readonly watched: readonly Device[]
    readonly heard: ReadonlyMap<string, number>
    readonly silent: readonly Silent[]
    readonly fleet: Fleet
    readonly now: number
  },
): boolean {
  const names = new Set(of.silent.flatMap(({ kind, device }) => (kind === 'silent' ? [device] : [])))
  if (names.size < FEWEST) return false
  const fallen = of.watched.filter(({ name }) => names.has(name))
  const shortest = Math.min(...fallen.map((device) => ruleFor(rules, of.fleet, device)?.afterMs ?? 0))
  const others = of.watched.filter(({ name }) => of.heard.has(name) && !names.has(name))
  if (others.some(({ name }) => of.now - (of.heard.get(name) ?? 0) <= shortest)) return false
  return others.length === 0 || new Set(fallen.map(({ store }) => store)).size > 1
}

function ruleFor(rules: readonly SilenceRule[], fleet: Fleet, device: Device): SilenceRule | undefined {
  return rules.find(({ where }) => where === undefined || holds(where, fleet, device))
}

function isTooLong(
  { rules, tradingOnly }: DeviceSilence,
  device: Device,
  of: { readonly fleet: Fleet; readonly since: number; readonly now: number; readonly last: number | undefined },
): boolean {
  const rule = ruleFor(rules, of.fleet, device)
  const from = Math.max(of.last ?? 0, of.since)
  if (!rule || of.now - from <= rule.afterMs) return false
  const store = of.fleet.stores.get(device.store)
  if (!tradingOnly || !store) return true
  return openSeconds(store, { from, to: of.now }) * 1000 > rule.afterMs
}
