import { soldWith } from '../../core/can-sell.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { DeviceStatus } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'
import { knownState } from '../history/device-status.ts'
import type { Project } from '../project.ts'
import { assignedNames } from '../revision/assignments.ts'
import { type DevicePicture, type FleetPicture, wholePicture } from './fleet-picture.ts'
import { HeardLooks } from './heard-looks.ts'

/** After so long everything is read anew: looks grow too old to count, and devices get other serial numbers. */
const WHOLE_MS = 60_000
/** Clocks of processes that write to one store differ a little, and what was written last may be seen late. */
const SLACK_MS = 10_000
/** Marks by which a person knows a device. */
const KNOWN_BY: ReadonlySet<string> = new Set(['serial', 'unique_number', 'machine_id', 'hostname'])

/** What a picture is made of. */
export interface PictureOf {
  readonly project: Project
  readonly fleet: Fleet
  readonly store: RunStore
}

/** A picture with the fleet that it is of; another number with each. */
export interface Shown {
  readonly picture: FleetPicture
  readonly fleet: Fleet
  readonly version: number
}

/** Holds the picture of the fleet, so that nobody waits until thousands of states are read. */
export class PictureKeeper {
  readonly #of: () => Promise<PictureOf>
  #statuses = new Map<string, DeviceStatus>()
  readonly #heard = new HeardLooks()
  #serials = new Map<string, readonly string[]>()
  #assigned: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  #shown: Shown | undefined
  #made: { readonly fleet: Fleet; readonly mark: string; readonly wholeAt: number } | undefined
  #refreshing: Promise<Shown> | undefined

  /** `of`: the revision in force, and the store. */
  constructor(of: () => Promise<PictureOf>) {
    this.#of = of
  }

  /** Another number with each picture. */
  get version(): number {
    return this.#shown?.version ?? 0
  }

  /** The picture that there is of the fleet in force; the first of each is waited for. */
  async currentOf(fleet: Fleet): Promise<Shown> {
    if (this.#shown?.fleet === fleet) return this.#shown
    const shown = await this.#refreshed()
    // One that was under way may be of the fleet before.
    return shown.fleet === fleet ? shown : this.#refreshed()
  }

  /** Sees to it that the picture has what the store had at this call. */
  async refresh(): Promise<FleetPicture> {
    return (await this.#refreshed()).picture
  }

  #refreshed(): Promise<Shown> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #refresh(): Promise<Shown> {
    const { project, fleet, store } = await this.#of()
    const mark = await store.statusMark()
    const now = Date.now()
    const before = this.#made
    const isWhole = before === undefined || before.fleet !== fleet || now - before.wholeAt > WHOLE_MS
    if (!isWhole && before.mark === mark && this.#shown) return this.#shown
    if (isWhole) await this.#readWhole({ project, fleet, store })
    else await this.#readNew(store)
    const picture = wholePicture(now, fleet, await this.#devices(fleet, store, new Date(now)))
    this.#made = { fleet, mark, wholeAt: isWhole ? now : before.wholeAt }
    this.#shown = { picture, fleet, version: this.version + 1 }
    return this.#shown
  }

  async #readWhole({ project, fleet, store }: PictureOf): Promise<void> {
    const statuses = new Map<string, DeviceStatus>()
    for await (const status of store.status()) statuses.set(status.device, status)
    const serials = new Map<string, string[]>()
    for await (const { device, name, value } of store.marks())
      if (KNOWN_BY.has(name)) serials.set(device, [...(serials.get(device) ?? []), value])
    this.#assigned = await assignedNames(project, fleet)
    this.#statuses = statuses
    this.#serials = serials
  }

  async #readNew(store: RunStore): Promise<void> {
    for await (const status of store.status({ since: this.#since() })) this.#statuses.set(status.device, status)
  }

  #since(): string {
    let latest = ''
    for (const { at } of this.#statuses.values()) if (at > latest) latest = at
    return latest === '' ? '' : new Date(Date.parse(latest) - SLACK_MS).toISOString()
  }

  async #devices(fleet: Fleet, store: RunStore, now: Date): Promise<readonly DevicePicture[]> {
    const all = [...fleet.devices.values()].map((device) => {
      const assigned = this.#assigned.get(device.name) ?? new Set()
      const known = knownState(device.name, this.#statuses.get(device.name), { now, assigned })
      const counted = known.looks.filter(({ counts }) => counts).map((look) => ({ device: device.name, look }))
      return { device, known, counted }
    })
    await this.#heard.read(
      store,
      all.flatMap(({ counted }) => counted),
    )
    return all.map(({ device, known, counted }) => {
      const looks = counted.flatMap((one) => this.#heard.of(one) ?? [])
      const hasAnswered = known.seen_at !== null && known.last_at !== null && known.seen_at > known.last_at
      const sold = soldWith({ looks, hasAnswered })
      return { device, known, sold, serials: this.#serials.get(device.name) ?? [] }
    })
  }
}
