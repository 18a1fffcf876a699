import { createHash } from 'node:crypto'
import type { Device, Fleet, Store } from '../../core/fleet.ts'
import { didYouMean } from '../suggest.ts'
import { type Catalogs, gatherCatalogs } from './catalogs.ts'
import { checkDevices } from './check-devices.ts'
import { explainer, type Found } from './explain.ts'
import { Findings, inside, listed, type Place, shortPlace } from './findings.ts'
import { type InventoryFile, type SourceFile, storesOf, type Ties, type WrittenStore } from './inventory-file.ts'
import { type BuiltDevice, StoreBuilder } from './store-builder.ts'

type AllTies = ReadonlyMap<SourceFile, Ties>

/** Builds the fleet from all files and checks what they say of one another. Undiagnosed only if `findings` stays empty. */
export function buildFleet(
  files: readonly InventoryFile[],
  findings: Findings,
): { readonly fleet: Fleet; readonly ties: AllTies } {
  const catalogs = gatherCatalogs(files, findings)
  const builder = new StoreBuilder(catalogs, findings)
  const { build, ties } = builtOf(files, { catalogs, builder, findings })
  const { stores } = build
  if (stores.size === 0 && files.every((file) => file.diagnostics.length === 0)) reportEmpty(files, findings)
  const devices = new Map<string, Device>()
  for (const [name, { device }] of build.devices) devices.set(name, device)
  const reaches = files.map((file) => {
    return { stores: Object.keys(file.content.stores ?? {}), through: ties.get(file)?.through ?? [] }
  })
  return {
    fleet: fleetOf({ files, catalogs, builder, stores, devices, reaches, find: (name) => build.find(name) }),
    ties,
  }
}

/** Checks some files as if they were all that there are, with what is described in others. */
export function checkFiles(files: readonly InventoryFile[], catalogs: Catalogs, findings: Findings): AllTies {
  return builtOf(files, { catalogs, builder: new StoreBuilder(catalogs, findings), findings }).ties
}

function builtOf(
  files: readonly InventoryFile[],
  of: { readonly catalogs: Catalogs; readonly builder: StoreBuilder; readonly findings: Findings },
): { readonly build: FleetBuild; readonly ties: AllTies } {
  const { catalogs, builder, findings } = of
  const build = new FleetBuild(catalogs, builder, findings)
  for (const file of files) build.addFile(file)
  const { stores, places, deviceIds, devices } = build
  return { build, ties: checkDevices({ stores, places, deviceIds, devices, complete: catalogs.complete }, findings) }
}

/** The fleet of stores and devices that are built, or will be. */
export function fleetOf(parts: {
  readonly files: readonly Pick<InventoryFile, 'name' | 'digest'>[]
  readonly catalogs: Catalogs
  readonly builder: StoreBuilder
  readonly stores: Fleet['stores']
  readonly devices: Fleet['devices']
  /** Of each file its stores, and the others through whose devices some of these are reached. */
  readonly reaches: readonly { readonly stores: readonly string[]; readonly through: readonly string[] }[]
  readonly find: (name: string) => Found | undefined
}): Fleet {
  const { catalogs, stores, devices } = parts
  return {
    name: catalogs.fleet?.value.name ?? 'fleet',
    regions: parts.builder.regions(),
    profiles: new Map([...catalogs.profiles].map(([id, { value }]) => [id, { id, kind: value?.kind ?? 'till' }])),
    stores,
    devices,
    digest: digestOf(parts.files),
    storesBehind: (store) =>
      new Set([store, ...parts.reaches.flatMap(({ stores, through }) => (through.includes(store) ? stores : []))]),
    explain: explainer(catalogs, parts.find),
  }
}

/** sha256 over names and contents, in hexadecimal; independent of where the folder is. */
export function digestOf(files: readonly Pick<InventoryFile, 'name' | 'digest'>[]): string {
  const hash = createHash('sha256')
  for (const { name, digest } of files) hash.update(`${name}\0${digest}\n`)
  return hash.digest('hex')
}

function reportEmpty(files: readonly InventoryFile[], findings: Findings): void {
  const [file] = files
  const detail =
    'Stores stand under `stores:` in any file of the inventory. `till inventory generate` writes an example.'
  const words = { summary: 'The inventory holds no stores', detail }
  if (file) findings.error('INV_EMPTY', { file, path: [] }, words)
  else findings.diagnostics.push({ code: 'INV_EMPTY', severity: 'error', ...words })
}

class FleetBuild {
  readonly stores = new Map<string, Store>()
  readonly devices = new Map<string, BuiltDevice>()
  readonly places = new Map<string, Place>()
  readonly deviceIds = new Map<string, ReadonlySet<string>>()
  readonly #written = new Map<string, WrittenStore>()
  readonly #catalogs: Catalogs
  readonly #builder: StoreBuilder
  readonly #findings: Findings
  /** Files whose own `region` was reported; once is enough for all their stores. */
  readonly #reportedRegions = new Set<InventoryFile>()

  constructor(catalogs: Catalogs, builder: StoreBuilder, findings: Findings) {
    this.#catalogs = catalogs
    this.#builder = builder
    this.#findings = findings
  }

  addFile(file: InventoryFile): void {
    for (const [id, written, places] of storesOf(file)) {
      const place: Place = { file, path: ['stores', id] }
      const first = this.places.get(id)
      if (first) this.#duplicate(id, place, first)
      else {
        this.places.set(id, place)
        if (written) this.#add(id, written, { file, places })
      }
    }
  }

  find(name: string): Found | undefined {
    const device = this.devices.get(name)
    const id = device?.device.store ?? name
    const [store, written, place] = [this.stores.get(id), this.#written.get(id), this.places.get(id)]
    return store && written && place && { store, written, place, device }
  }

  #add(
    id: string,
    written: WrittenStore,
    at: { readonly file: InventoryFile; readonly places: readonly number[] },
  ): void {
    const { file, places } = at
    if (written.devices !== undefined || !('devices' in written)) {
      this.deviceIds.set(id, new Set(Object.keys(written.devices ?? {})))
    }
    this.#written.set(id, written)
    const region = this.#regionOf(id, written, file)
    const { store, devices } = this.#builder.build({ id, region, written, file, places })
    this.stores.set(id, store)
    for (const built of devices.values()) this.devices.set(built.device.name, built)
  }

  #duplicate(id: string, place: Place, first: Place): void {
    const detail = `The first one stands in ${shortPlace(first)}. Give one of them another id.`
    const summary = `Two stores have the id "${id}"`
    this.#findings.error('INV_STORE_DUPLICATE', place, { part: 'key', summary, detail })
  }

  #regionOf(id: string, written: WrittenStore, file: InventoryFile): string {
    const { content } = file
    const region = written.region ?? content.region
    const place: Place = { file, path: ['stores', id] }
    if (region === undefined) {
      if ('region' in written || 'region' in content) return ''
      const detail = 'Write `region: ID` in the store, or once at the top of the file for all its stores.'
      const summary = `The store "${id}" has no "region"`
      this.#findings.error('SCHEMA_KEY_MISSING', place, { part: 'key', summary, detail })
      return ''
    }
    if (!this.#catalogs.regions.has(region) && this.#catalogs.complete) {
      if (written.region !== undefined) this.#unknownRegion(region, inside(place, 'region'))
      else if (!this.#reportedRegions.has(file)) {
        this.#reportedRegions.add(file)
        this.#unknownRegion(region, { file, path: ['region'] })
      }
    }
    return region
  }

  #unknownRegion(region: string, place: Place): void {
    const names = [...this.#catalogs.regions.keys()]
    const detail = names.length === 0 ? 'Regions are described under `regions:`.' : `There are: ${listed(names)}.`
    const words = { summary: `There is no region "${region}"`, detail, ...didYouMean(region, names) }
    this.#findings.error('INV_REFERENCE_UNKNOWN', place, words)
  }
}
