import type { Device, Region, Store } from '../../core/fleet.ts'
import type { SourceRange } from '../../core/source.ts'
import { didYouMean } from '../suggest.ts'
import {
  buildDevice,
  buildStore,
  type Effective,
  narrow,
  narrowShared,
  type SharedLevel,
  WIDEST,
} from './build-store.ts'
import type { Catalogs } from './catalogs.ts'
import { devicePlace, type Findings, inside, listed, type Place } from './findings.ts'
import type { SourceFile, StoreEntry, WrittenDevice } from './inventory-file.ts'

/** A device as built, as written, and the file in which it is. */
export interface BuiltDevice {
  readonly device: Device
  readonly written: WrittenDevice
  readonly file: SourceFile
}

/** A store with its devices by id. */
export interface BuiltStore {
  readonly store: Store
  readonly devices: ReadonlyMap<string, BuiltDevice>
}

/** Builds stores from what is written of them, each by itself; what they do not change they share. */
export class StoreBuilder {
  readonly #catalogs: Catalogs
  readonly #findings: Findings
  readonly #fleetLevel: Effective
  readonly #regionLevels = new Map<string, SharedLevel>()

  constructor(catalogs: Catalogs, findings: Findings) {
    this.#catalogs = catalogs
    this.#findings = findings
    this.#fleetLevel = narrow(WIDEST, catalogs.fleet?.value)
  }

  regions(): ReadonlyMap<string, Region> {
    const regions = new Map<string, Region>()
    for (const [id, { value }] of this.#catalogs.regions) {
      regions.set(id, { id, name: value?.name ?? id, vars: this.#regionLevel(id).vars })
    }
    return regions
  }

  build(entry: StoreEntry): BuiltStore {
    const { id, region, written, file } = entry
    const place: Place = { file, path: ['stores', id] }
    const level = narrowShared(this.#regionLevel(region), written)
    const from = { id, region, written, place, source: placeRange(entry, 0) }
    const store = buildStore(from, level, this.#catalogs, this.#findings)
    const devices = new Map<string, BuiltDevice>()
    let index = 0
    for (const [deviceId, device] of Object.entries(written.devices ?? {})) {
      index++
      const built = device && this.#device(deviceId, device, { store, level, entry, index })
      if (!built) continue
      devices.set(deviceId, built)
      // The store was made a moment ago and is nobody else's yet.
      ;(store.devices as Device[]).push(built.device)
    }
    return { store, devices }
  }

  #device(
    id: string,
    written: WrittenDevice,
    at: { readonly store: Store; readonly level: SharedLevel; readonly entry: StoreEntry; readonly index: number },
  ): BuiltDevice | undefined {
    const { store, level, entry } = at
    if (written.profile === undefined) return undefined
    const profile = this.#catalogs.profiles.get(written.profile)
    if (profile === undefined) this.#unknownProfile(written.profile, devicePlace(entry.file, store.id, id))
    if (profile?.value === undefined) return undefined
    const source = placeRange(entry, at.index)
    const from = { id, store, written, profileId: written.profile, profile: profile.value, source }
    return { device: buildDevice(from, level), written, file: entry.file }
  }

  #regionLevel(id: string): SharedLevel {
    let level = this.#regionLevels.get(id)
    if (level === undefined) {
      level = { ...narrow(this.#fleetLevel, this.#catalogs.regions.get(id)?.value), profiles: new Map() }
      this.#regionLevels.set(id, level)
    }
    return level
  }

  #unknownProfile(name: string, place: Place): void {
    if (!this.#catalogs.complete) return
    const names = [...this.#catalogs.profiles.keys()]
    const detail = names.length === 0 ? 'Profiles are described under `profiles:`.' : `There are: ${listed(names)}.`
    const words = { summary: `Unknown profile "${name}"`, detail, ...didYouMean(name, names) }
    this.#findings.error('INV_PROFILE_UNKNOWN', inside(place, 'profile'), words)
  }
}

function placeRange({ file, places }: StoreEntry, index: number): SourceRange {
  const at = 3 * index
  const line = places[at] ?? 1
  return { file: file.file, line, column: places[at + 1] ?? 1, endLine: line, endColumn: places[at + 2] ?? 1 }
}
