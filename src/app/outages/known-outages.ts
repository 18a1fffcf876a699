import type { Device, Fleet } from '../../core/fleet.ts'
import { type Outage, type OutageScope, outageState } from '../../core/outage.ts'
import type { RunStore } from '../../core/run-store.ts'
import { shownTime } from '../../engine/admission/shown-time.ts'
import { aboutIn } from '../revision/about-devices.ts'

/** What a fault is about: a device, a whole store, or neither. */
export interface OutagePlace {
  readonly device: string | null
  readonly store: string | null
}

/** Whether a known outage is about a device. */
export function coversIn(fleet: Fleet, scope: OutageScope): (device: Device) => boolean {
  const { stores, devices } = scope
  const isAbout = aboutIn(fleet, scope)
  return (device) =>
    (stores === undefined || stores.includes(device.store)) &&
    (devices === undefined || devices.includes(device.name)) &&
    isAbout(device)
}

/** Outages that go on, over a fleet. */
export class KnownOutages {
  readonly #fleet: Fleet
  readonly #current: readonly { readonly outage: Outage; readonly covers: (device: Device) => boolean }[]

  constructor(fleet: Fleet, outages: readonly Outage[], now: number) {
    this.#fleet = fleet
    this.#current = outages
      .filter((outage) => outageState(outage, now) === 'current')
      .map((outage) => ({ outage, covers: coversIn(fleet, outage.scope) }))
  }

  get areNone(): boolean {
    return this.#current.length === 0
  }

  /**
   * Those that cover a place, the one that lasts longest first. A whole store is covered where all of its devices are; what
   * is about no place, such as a storm, never is.
   */
  of({ device, store }: OutagePlace): readonly Outage[] {
    if (this.areNone) return []
    const one = this.#fleet.devices.get(device ?? '')
    const concerned = one ? [one] : (this.#fleet.stores.get(store ?? '')?.devices ?? [])
    if (concerned.length === 0 || (device !== null && !one)) return []
    return this.#current
      .filter(({ covers }) => concerned.every(covers))
      .map(({ outage }) => outage)
      .sort((a, b) => b.until - a.until)
  }

  /** One of them in a sentence for people. */
  textOf({ outage, why, by, until, closed, scope }: Outage): string {
    const what = closed ? 'Closed' : 'Known outage'
    return `${what} until ${shownTime(until, outageZone(this.#fleet, scope))} (${outage}), says ${by}: ${why}`
  }

  /** Those with a device among these. */
  among(devices: readonly Device[]): readonly Outage[] {
    return this.#current.filter(({ covers }) => devices.some(covers)).map(({ outage }) => outage)
  }
}

/** What is known to be out of order now. */
export async function knownOutages(store: OutagesIn, fleet: Fleet): Promise<KnownOutages> {
  return new KnownOutages(fleet, await allOutages(store, fleet), Date.now())
}

/** What is known to be, to have been, or to come out of order. */
export async function allOutages(store: OutagesIn, fleet: Fleet): Promise<readonly Outage[]> {
  return store.outages.list(await store.fleets.keyOf(fleet))
}

type OutagesIn = Pick<RunStore, 'outages' | 'fleets'>

/** A known outage as it stands in answers about what it covers. */
export interface OutageNote {
  readonly outage: string
  readonly why: string
  readonly by: string
  readonly until: string
  readonly closed: boolean
}

export function outageNote({ outage, why, by, until, closed }: Outage): OutageNote {
  return { outage, why, by, until: new Date(until).toISOString(), closed }
}

/** By whose clocks people say when an outage ends: those of its stores where they agree, UTC otherwise. */
export function outageZone(fleet: Fleet, scope: OutageScope): string {
  return commonZone(fleet, [...fleet.devices.values()].filter(coversIn(fleet, scope))) ?? 'UTC'
}

/** The time zone that the stores of all these devices have; undefined where there is no such one. */
export function commonZone(fleet: Fleet, devices: readonly Device[]): string | undefined {
  const zones = new Set(devices.map(({ store }) => fleet.stores.get(store)?.time_zone))
  return zones.size === 1 ? [...zones][0] : undefined
}
