import { setImmediate as turn } from 'node:timers/promises'
import type { AvailabilitySettings, Maintenance } from '../../core/availability-settings.ts'
import { isSoldWith, salesPoints } from '../../core/can-sell.ts'
import type { Bound } from '../../core/contract.ts'
import { counted } from '../../core/counted.ts'
import type { Device, Fleet, Store } from '../../core/fleet.ts'
import type { DeviceSpans, View } from '../../core/ledger.ts'
import type { Outage } from '../../core/outage.ts'
import { joined } from '../../core/periods.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Scoped } from '../../core/scoped.ts'
import { openPeriods, type Period } from '../../core/trading-hours.ts'
import { whenPeriods } from '../../engine/admission/when-periods.ts'
import { byBound, cutTo, sellingOf } from '../../ledger/bounds.ts'
import { DOUBT_MS, foldDevice, type Interval } from '../../ledger/fold-device.ts'
import { allOutages, coversIn } from '../outages/known-outages.ts'
import { aboutIn } from '../revision/about-devices.ts'
import { type LeftDevice, leftDevices } from './left-inventory.ts'
import { zoneOfMost } from './report-frame.ts'
import type { ReportPeriod } from './report-period.ts'

/** Stores that are folded before others have their turn: a server answers in between. */
const TURN_STORES = 50

export interface DeviceLedger {
  readonly device: Device
  /** As outages were seen; over the period of its store, without gaps. */
  readonly intervals: readonly Interval[]
  bounded(): Bounded
}

/** Intervals over the period of a store by each bound, from one fold. */
export interface Bounded {
  /** Out of order at some time in or just behind it; where not, all bounds say the same. */
  readonly isDown: boolean
  by(bound: Bound): readonly Interval[]
}

/** Whether somebody who is told of `store` is not told of all that it sells with: by a part of that nobody can tell. */
export function isSoldInPart(store: Store, whole: Fleet | undefined): boolean {
  const seen = new Set(store.devices.map(({ name }) => name))
  const all = whole?.stores.get(store.id)?.devices ?? []
  return all.some((device) => isSoldWith(device) && !seen.has(device.name))
}

/** How many stores are left out for that; nothing of none. */
export function leftOutNote(stores: number): string[] {
  if (stores === 0) return []
  const which = counted(stores, 'store is', 'stores are')
  return [`${which} left out: whether it can sell hangs on tills or fiscal printers that do not exist for who is told.`]
}

/** What is known of a store and its devices over a period. */
export interface StoreLedger {
  readonly store: Store
  readonly period: Period
  /** Trading hours within it. */
  readonly trading: readonly Period[]
  /** Those that were asked for, in the order of the inventory. */
  readonly devices: readonly DeviceLedger[]
  /** Whether the store could sell. */
  selling(counted?: Counted): Bounded
  /** What is known of a device of the store by its id; undefined where there is none. */
  boundedOf(device: string, counted?: Counted): Bounded | undefined
  /** Whether what is scoped as in a policy is about a device. */
  isAbout(scope: Scoped, device: Device): boolean
}

/** `planned: false`: maintenance does not count, and devices are told as they were found in it. */
export interface Counted {
  readonly planned: boolean
}

export interface LedgerQuestion {
  readonly fleet: Fleet
  /** The fleet that `fleet` is a part of, where it is. */
  readonly whole?: Fleet | undefined
  readonly store: RunStore
  readonly settings: AvailabilitySettings
  readonly period: ReportPeriod
  /** Devices that are asked for; stores without one of them are left out. */
  readonly devices: readonly Device[]
  /** Told of devices that were out of order and have left the inventory, where the whole fleet is seen. */
  readonly onLeft?: ((left: readonly LeftDevice[]) => void) | undefined
}

/**
 * The availability of devices and of their stores, store by store, from what runs have found until now. Takes in first what
 * no run has taken in yet. Long, and gives way to others every few stores: a server may await it as it is.
 */
export async function* foldFleet(question: LedgerQuestion): AsyncGenerator<StoreLedger> {
  const { fleet, whole = fleet, store, settings, devices } = question
  await store.availability.takeIn(settings.holdMs)
  const kept = await keptOf(question)
  if (whole === fleet && question.onLeft) {
    const within = question.period.of(zoneOfMost(fleet))
    question.onLeft(leftDevices(fleet, kept.values(), { within, holdMs: settings.holdMs }))
  }
  const closures = (await allOutages(store, fleet)).filter(({ closed }) => closed)
  const scopes = new Scopes(question, await store.availability.held(), closures)
  const wanted = new Map<string, Device[]>()
  for (const device of devices) {
    const own = wanted.get(device.store)
    if (own) own.push(device)
    else wanted.set(device.store, [device])
  }
  let count = 0
  for (const [id, own] of wanted) {
    const place = fleet.stores.get(id)
    if (place) yield storeLedger(place, own, { kept, scopes, settings })
    count += 1
    if (count % TURN_STORES === 0) await turn()
  }
}

async function keptOf({ fleet, store, settings, period }: LedgerQuestion): Promise<ReadonlyMap<string, DeviceSpans>> {
  const zones = [...new Set([...fleet.stores.values()].map(({ time_zone: zone }) => zone))].map((zone) =>
    period.of(zone),
  )
  const from = Math.min(...zones.map((one) => one.from)) - Math.max(settings.holdMs, DOUBT_MS)
  const to = Math.max(...zones.map((one) => one.to)) + settings.holdMs
  const kept = new Map<string, DeviceSpans>()
  for await (const one of store.availability.spans({ from, to })) kept.set(one.device, one)
  return kept
}

interface Known {
  readonly kept: ReadonlyMap<string, DeviceSpans>
  readonly scopes: Scopes
  readonly settings: AvailabilitySettings
}

function storeLedger(store: Store, devices: readonly Device[], { kept, scopes, settings }: Known): StoreLedger {
  const period = scopes.period(store)
  // An outage that is found soon after the end may have begun before it: bounds are applied first, and the period is cut out then.
  const within = scopes.beyond(store)
  const fold = (device: Device, view: View, { planned = true }: Partial<Counted> = {}): Interval[] =>
    foldDevice(kept.get(device.name) ?? { spans: [], seen_at: null }, {
      within,
      holdMs: settings.holdMs,
      maintenance: planned ? scopes.maintenance(store, device) : [],
      view,
    })
  const bounded = (device: Device, counted?: Counted): Bounded => {
    const intervals = fold(device, 'works', counted)
    return { isDown: isDown(intervals), by: (bound) => cutTo(byBound(intervals, bound), period) }
  }
  return {
    store,
    period,
    trading: scopes.trading(store),
    devices: devices.map((device) => ({
      device,
      // Of stores that are asked whether they sell, most devices are not.
      get intervals() {
        return cutTo(fold(device, 'works'), period)
      },
      bounded: () => bounded(device),
    })),
    selling(counted) {
      const points = pointsOf(store, (device) => fold(device, 'sells', counted))
      const by = (bound: Bound) => (intervals: readonly Interval[]) => cutTo(byBound(intervals, bound), period)
      return {
        isDown: points.some(({ till, printers }) => [till, ...printers].some(isDown)),
        by: (bound) =>
          sellingOf(
            points.map(({ till, printers }) => ({ till: by(bound)(till), printers: printers.map(by(bound)) })),
            period,
          ),
      }
    },
    boundedOf(id, counted) {
      const device = store.devices.find((one) => one.id === id)
      return device && bounded(device, counted)
    },
    isAbout: (scope, device) => scopes.isAbout(scope, device),
  }
}

function isDown(intervals: readonly Interval[]): boolean {
  return intervals.some(({ state }) => state === 'down')
}

/** What each sale of a store is made with, each device folded once. */
function pointsOf({ devices }: Store, fold: (device: Device) => readonly Interval[]) {
  const folded = new Map<Device, readonly Interval[]>()
  const intervals = (device: Device): readonly Interval[] => {
    const known = folded.get(device) ?? fold(device)
    folded.set(device, known)
    return known
  }
  return salesPoints(devices).map(({ till, printers }) => ({
    till: intervals(till),
    printers: printers.map(intervals),
  }))
}

type Held = Awaited<ReturnType<RunStore['availability']['held']>>

/** Times by store and device, each worked out once. */
class Scopes {
  readonly #question: LedgerQuestion
  readonly #held: ReadonlyMap<string, readonly Period[]>
  readonly #abouts = new Map<Scoped, (device: Device) => boolean>()
  readonly #periods = new Map<string, Period>()
  readonly #trading = new Map<object, Map<string, readonly Period[]>>()
  readonly #closures: readonly { readonly period: Period; readonly isAbout: (device: Device) => boolean }[]
  readonly #planned: readonly { readonly entry: Maintenance; readonly isAbout: (device: Device) => boolean }[]

  constructor(question: LedgerQuestion, held: Held, closures: readonly Outage[]) {
    this.#question = question
    const byPlace = new Map<string, Period[]>()
    for (const { on, from, to } of held) byPlace.set(on, [...(byPlace.get(on) ?? []), { from, to }])
    this.#held = byPlace
    const { fleet, settings } = question
    this.#closures = closures.map(({ scope, from, until }) => ({
      period: { from, to: until },
      isAbout: coversIn(fleet, scope),
    }))
    this.#planned = settings.maintenance.map((entry) => ({ entry, isAbout: aboutIn(fleet, entry) }))
  }

  isAbout(scope: Scoped, device: Device): boolean {
    const about = this.#abouts.get(scope) ?? aboutIn(this.#question.fleet, scope)
    this.#abouts.set(scope, about)
    return about(device)
  }

  period({ time_zone: zone }: Store): Period {
    const known = this.#periods.get(zone) ?? this.#question.period.of(zone)
    this.#periods.set(zone, known)
    return known
  }

  /** The period with the time behind it in which a look of before still holds. */
  beyond(store: Store): Period {
    const { from, to } = this.period(store)
    return { from, to: to + this.#question.settings.holdMs }
  }

  /** Many stores have the same hours, as one object. */
  trading(store: Store): readonly Period[] {
    const byZone = this.#trading.get(store.hours) ?? new Map<string, readonly Period[]>()
    this.#trading.set(store.hours, byZone)
    const known = byZone.get(store.time_zone) ?? openPeriods(store, this.period(store))
    byZone.set(store.time_zone, known)
    return known
  }

  maintenance(store: Store, device: Device): readonly Period[] {
    const within = this.beyond(store)
    const planned = this.#planned
      .filter(({ isAbout }) => isAbout(device))
      .flatMap(({ entry }) => [
        ...whenPeriods(entry.when, { trading: store, calendar: () => undefined }, { within, reading: 'wide' }),
      ])
    const held = [...(this.#held.get(store.id) ?? []), ...(this.#held.get(device.name) ?? [])]
    const closed = this.#closures.filter(({ isAbout }) => isAbout(device)).map(({ period }) => period)
    return planned.length + held.length + closed.length === 0 ? [] : joined([...planned, ...held, ...closed])
  }
}
