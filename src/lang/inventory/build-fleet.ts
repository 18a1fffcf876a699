import { createHash } from 'node:crypto'
import type { Device, Fleet, Region, Store } from '../../core/fleet.ts'
import type { SourceRange } from '../../core/source.ts'
import { didYouMean } from '../suggest.ts'
import {
  buildDevice,
  buildStore,
  type Effective,
  narrow,
  narrowShared,
  type SharedLevel,
  type StoreSource,
  WIDEST,
} from './build-store.ts'
import { type Catalogs, gatherCatalogs } from './catalogs.ts'
import { type BuiltDevice, checkDevices } from './check-devices.ts'
import { explainer } from './explain.ts'
import { devicePlace, Findings, inside, listed, type Place, shortPlace } from './findings.ts'
import { type InventoryFile, idsOf, type WrittenStore } from './inventory-file.ts'

/** Builds the fleet from all files and checks what they say of one another. Undiagnosed only if `findings` stays empty. */
export function buildFleet(files: readonly InventoryFile[], findings: Findings): Fleet {
  const catalogs = gatherCatalogs(files, findings)
  const build = new FleetBuild(catalogs, findings)
  for (const file of files) build.addFile(file)
  if (build.stores.size === 0 && files.every((file) => file.diagnostics.length === 0)) reportEmpty(files, findings)
  const { stores, places, deviceIds } = build
  checkDevices({ stores, places, deviceIds, devices: build.devices, complete: catalogs.complete }, findings)
  const devices = new Map<string, Device>()
  for (const [name, { device }] of build.devices) devices.set(name, device)
  return {
    name: catalogs.fleet?.value.name ?? 'fleet',
    regions: build.regions(),
    profiles: new Map([...catalogs.profiles].map(([id, { value }]) => [id, { id, kind: value?.kind ?? 'till' }])),
    stores: build.stores,
    devices,
    digest: digestOf(files),
    explain: explainer(catalogs, build),
  }
}

function reportEmpty(files: readonly InventoryFile[], findings: Findings): void {
  const [file] = files
  const detail =
    'Stores stand under `stores:` in any file of the inventory. `till inventory generate` writes an example.'
  const words = { summary: 'The inventory holds no stores', detail }
  if (file) findings.error('INV_EMPTY', { file, path: [] }, words)
  else findings.diagnostics.push({ code: 'INV_EMPTY', severity: 'error', ...words })
}

/** sha256 over names and contents, independent of where the folder is. */
function digestOf(files: readonly InventoryFile[]): string {
  const hash = createHash('sha256')
  for (const { name, digest } of files) hash.update(`${name}\0${digest}\n`)
  return hash.digest('hex')
}

class FleetBuild {
  readonly stores = new Map<string, Store>()
  readonly devices = new Map<string, BuiltDevice>()
  readonly places = new Map<string, Place>()
  readonly deviceIds = new Map<string, ReadonlySet<string>>()
  readonly written = new Map<string, WrittenStore>()
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

  addFile(file: InventoryFile): void {
    let at = 0
    let current: { readonly store: Store; readonly level: SharedLevel } | undefined
    for (const [storeId, deviceId] of idsOf(file.content)) {
      const source = placeRange(file, at)
      at += 3
      if (deviceId === undefined) current = this.#addStore(storeId, file, source)
      else if (current) this.#addDevice(deviceId, file, { ...current, source })
    }
  }

  #addStore(
    id: string,
    file: InventoryFile,
    source: SourceRange,
  ): { readonly store: Store; readonly level: SharedLevel } | undefined {
    const place: Place = { file, path: ['stores', id] }
    const first = this.places.get(id)
    if (first) {
      const detail = `The first one stands in ${shortPlace(first)}. Give one of them another id.`
      this.#findings.error('INV_STORE_DUPLICATE', place, {
        part: 'key',
        summary: `Two stores have the id "${id}"`,
        detail,
      })
      return undefined
    }
    this.places.set(id, place)
    const written = file.content.stores?.[id]
    if (written === undefined) return undefined
    if (written.devices !== undefined || !('devices' in written)) {
      this.deviceIds.set(id, new Set(Object.keys(written.devices ?? {})))
    }
    this.written.set(id, written)
    const region = this.#regionOf(id, written, place)
    const from: StoreSource = { id, region, written, place, source }
    const level = narrowShared(this.#regionLevel(region), written)
    const store = buildStore(from, level, this.#catalogs, this.#findings)
    this.stores.set(id, store)
    return { store, level }
  }

  #regionOf(id: string, written: WrittenStore, place: Place): string {
    const { content } = place.file
    const region = written.region ?? content.region
    if (region === undefined) {
      if ('region' in written || 'region' in content) return ''
      const detail = 'Write `region: ID` in the store, or once at the top of the file for all its stores.'
      const summary = `The store "${id}" has no "region"`
      this.#findings.error('SCHEMA_KEY_MISSING', place, { part: 'key', summary, detail })
      return ''
    }
    if (!this.#catalogs.regions.has(region) && this.#catalogs.complete) this.#unknownRegion(region, written, place)
    return region
  }

  #unknownRegion(region: string, written: WrittenStore, place: Place): void {
    const { file } = place
    const isOfFile = written.region === undefined
    if (isOfFile && this.#reportedRegions.has(file)) return
    if (isOfFile) this.#reportedRegions.add(file)
    const names = [...this.#catalogs.regions.keys()]
    const detail = names.length === 0 ? 'Regions are described under `regions:`.' : `There are: ${listed(names)}.`
    const words = { summary: `There is no region "${region}"`, detail, ...didYouMean(region, names) }
    this.#findings.error(
      'INV_REFERENCE_UNKNOWN',
      isOfFile ? { file, path: ['region'] } : inside(place, 'region'),
      words,
    )
  }

  /** Files whose own `region` was reported; once is enough for all their stores. */
  readonly #reportedRegions = new Set<InventoryFile>()

  #regionLevel(id: string): SharedLevel {
    let level = this.#regionLevels.get(id)
    if (level === undefined) {
      level = { ...narrow(this.#fleetLevel, this.#catalogs.regions.get(id)?.value), profiles: new Map() }
      this.#regionLevels.set(id, level)
    }
    return level
  }

  #addDevice(
    id: string,
    file: InventoryFile,
    at: { readonly store: Store; readonly level: SharedLevel; readonly source: SourceRange },
  ): void {
    const { store, level, source } = at
    const written = file.content.stores?.[store.id]?.devices?.[id]
    if (written?.profile === undefined) return
    const profile = this.#catalogs.profiles.get(written.profile)
    if (profile === undefined) this.#unknownProfile(written.profile, devicePlace(file, store.id, id))
    if (profile?.value === undefined) return
    const from = { id, store, written, profileId: written.profile, profile: profile.value, source }
    const device = buildDevice(from, level)
    this.devices.set(device.name, { device, written, file })
    // The store was made a moment ago and is nobody else's yet.
    ;(store.devices as Device[]).push(device)
  }

  #unknownProfile(name: string, place: Place): void {
    if (!this.#catalogs.complete) return
    const names = [...this.#catalogs.profiles.keys()]
    const detail = names.length === 0 ? 'Profiles are described under `profiles:`.' : `There are: ${listed(names)}.`
    const words = { summary: `Unknown profile "${name}"`, detail, ...didYouMean(name, names) }
    this.#findings.error('INV_PROFILE_UNKNOWN', inside(place, 'profile'), words)
  }
}

function placeRange(file: InventoryFile, at: number): SourceRange {
  const line = file.places[at] ?? 1
  return { file: file.file, line, column: file.places[at + 1] ?? 1, endLine: line, endColumn: file.places[at + 2] ?? 1 }
}
