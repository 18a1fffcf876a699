import type { Device, Fleet, Store } from '../../core/fleet.ts'
import { fleetOf } from './build-fleet.ts'
import { type Catalogs, gatherCatalogs } from './catalogs.ts'
import type { Found } from './explain.ts'
import { Findings } from './findings.ts'
import type { InventoryFile, SourceFile } from './inventory-file.ts'
import { LazyMap, type LazySource } from './lazy-map.ts'
import { type PackedFile, type PackedStore, storeLine } from './pack.ts'
import { type BuiltStore, StoreBuilder } from './store-builder.ts'

/** A file of which the pack holds all. */
export interface KnownFile extends Pick<InventoryFile, keyof SourceFile | 'digest'> {
  readonly packed: PackedFile
}

/** The fleet of files that were found without fault together; stores and devices are built when they are asked for. */
export function packedFleet(files: readonly KnownFile[]): Fleet {
  const findings = new Findings({ wanted: false })
  const catalogs = knownCatalogs(files, findings)
  const builder = new StoreBuilder(catalogs, findings)
  const stores = new PackedStores(files, builder)
  return fleetOf({
    files,
    catalogs,
    builder,
    stores: new LazyMap(stores),
    devices: new LazyMap(new PackedDevices(stores)),
    reaches: files.map(({ packed: { stores, through } }) => ({ stores: stores.map(({ id }) => id), through })),
    find: (name) => stores.find(name),
  })
}

/** What stores and devices refer to. */
export function knownCatalogs(files: readonly KnownFile[], findings: Findings): Catalogs {
  const withoutStores = files.map((file): InventoryFile => {
    return { ...file, content: file.packed.content, places: [], diagnostics: [], readable: true }
  })
  return gatherCatalogs(withoutStores, findings)
}

class PackedStores implements LazySource<Store> {
  readonly #stores = new Map<string, { readonly file: KnownFile; readonly packed: PackedStore }>()
  readonly #built = new Map<string, BuiltStore>()
  readonly #builder: StoreBuilder

  constructor(files: readonly KnownFile[], builder: StoreBuilder) {
    this.#builder = builder
    for (const file of files) for (const packed of file.packed.stores) this.#stores.set(packed.id, { file, packed })
  }

  get size(): number {
    return this.#stores.size
  }

  get(id: string): Store | undefined {
    return this.built(id)?.store
  }

  has(id: string): boolean {
    return this.#stores.has(id)
  }

  *keys(): Generator<string, undefined> {
    yield* this.#stores.keys()
    return undefined
  }

  *entries(): Generator<[string, Store], undefined> {
    for (const id of this.#stores.keys()) yield [id, this.#build(id).store]
    return undefined
  }

  deviceIds(id: string): ReadonlySet<string> | undefined {
    return this.#stores.get(id)?.packed.deviceIds
  }

  built(id: string): BuiltStore | undefined {
    return this.has(id) ? this.#build(id) : undefined
  }

  find(name: string): Found | undefined {
    const [id = name, deviceId] = split(name)
    const known = this.#stores.get(id)
    const built = this.built(id)
    if (!known || !built) return undefined
    const device = deviceId === undefined ? undefined : built.devices.get(deviceId)
    if (deviceId !== undefined && !device) return undefined
    const [written] = storeLine(known.packed)
    return { store: built.store, written, place: { file: known.file, path: ['stores', id] }, device }
  }

  /** Always the same object for the same store. */
  #build(id: string): BuiltStore {
    const known = this.#built.get(id)
    if (known) return known
    const { file, packed } = this.#stores.get(id) as { file: KnownFile; packed: PackedStore }
    const [written, places] = storeLine(packed)
    const region = written.region ?? file.packed.content.region ?? ''
    const built = this.#builder.build({ id, region, file, written, places })
    this.#built.set(id, built)
    return built
  }
}

class PackedDevices implements LazySource<Device> {
  readonly #stores: PackedStores
  readonly size: number

  constructor(stores: PackedStores) {
    this.#stores = stores
    let size = 0
    for (const id of stores.keys()) size += stores.deviceIds(id)?.size ?? 0
    this.size = size
  }

  get(name: string): Device | undefined {
    const [store = '', id = ''] = split(name)
    return this.has(name) ? this.#stores.built(store)?.devices.get(id)?.device : undefined
  }

  has(name: string): boolean {
    const [store = '', id = ''] = split(name)
    return this.#stores.deviceIds(store)?.has(id) ?? false
  }

  *keys(): Generator<string, undefined> {
    for (const store of this.#stores.keys()) {
      for (const id of this.#stores.deviceIds(store) ?? []) yield `${store}/${id}`
    }
    return undefined
  }

  *entries(): Generator<[string, Device], undefined> {
    for (const [, store] of this.#stores.entries()) {
      for (const device of store.devices) yield [device.name, device]
    }
    return undefined
  }
}

/** Ids hold no slash. */
function split(name: string): readonly string[] {
  const slash = name.indexOf('/')
  return slash < 0 ? [] : [name.slice(0, slash), name.slice(slash + 1)]
}
