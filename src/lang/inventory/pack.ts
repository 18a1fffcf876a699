import {
  type CompiledFile,
  type InventoryFile,
  storesOf,
  type WrittenFile,
  type WrittenStore,
} from './inventory-file.ts'

/**
 * Compiled files, in a form of which only what is asked for is ever parsed: a line of JSON that tells what there is, then
 * a line of JSON for each store.
 */
export interface Pack {
  /** What the files were found without fault as; undefined when they were not. */
  readonly checkedAs: string | undefined
  /** By the digest of what they were compiled from. */
  readonly files: ReadonlyMap<string, PackedFile>
}

export interface PackedFile {
  /** The file without its stores. */
  readonly content: WrittenFile
  readonly stores: readonly PackedStore[]
}

export interface PackedStore {
  readonly id: string
  readonly deviceIds: ReadonlySet<string>
  read(): StoreLine
}

/** A store as written, and its part of the places. */
type StoreLine = readonly [written: WrittenStore, places: readonly number[]]

interface Header {
  readonly format: string
  readonly checkedAs: string | null
  /** Ids of devices. Many stores have the same ones, so they are told once. */
  readonly deviceIds: readonly (readonly string[])[]
  readonly files: readonly {
    readonly digest: string
    readonly content: WrittenFile
    /** Id, index in `deviceIds`, bytes of its line. */
    readonly stores: readonly (readonly [string, number, number])[]
  }[]
}

const NEWLINE = 0x0a

/** Undefined for what is of another format, or no pack at all. `bytes` must not be written to from then on. */
export function readPack(bytes: Buffer, format: string): Pack | undefined {
  const end = bytes.indexOf(NEWLINE)
  try {
    const header = JSON.parse(bytes.toString('utf8', 0, Math.max(0, end))) as Header
    return header.format === format ? packOf(header, bytes, end + 1) : undefined
  } catch {
    return undefined
  }
}

/** Ids of stores with those of their devices, and of regions. */
export interface PackNames {
  readonly stores: ReadonlyMap<string, readonly string[]>
  readonly regions: ReadonlySet<string>
}

/**
 * The names in a sealed pack, for completion: whatever build wrote it, and without a look at the rest of it. Undefined for
 * what is no pack.
 */
export function namesOfPack(sealed: Buffer): PackNames | undefined {
  const begin = sealed.indexOf(NEWLINE) + 1
  try {
    const header = JSON.parse(sealed.toString('utf8', begin, sealed.indexOf(NEWLINE, begin))) as Header
    const stores = new Map<string, readonly string[]>()
    const regions = new Set<string>()
    for (const file of header.files) {
      for (const [id, ids] of file.stores) stores.set(id, header.deviceIds[ids] ?? [])
      for (const region of Object.keys(file.content.regions ?? {})) regions.add(region)
    }
    return { stores, regions }
  } catch {
    return undefined
  }
}

function packOf(header: Header, bytes: Buffer, begin: number): Pack | undefined {
  const deviceIds = header.deviceIds.map((ids) => new Set(ids))
  const files = new Map<string, PackedFile>()
  let at = begin
  for (const { digest, content, stores } of header.files) {
    const packed = stores.map(([id, ids, length]): PackedStore => {
      const start = at
      at += length
      const line = (): StoreLine => JSON.parse(bytes.toString('utf8', start, start + length)) as StoreLine
      return { id, deviceIds: deviceIds[ids] ?? new Set(), read: line }
    })
    files.set(digest, { content, stores: packed })
  }
  return at === bytes.length ? { checkedAs: header.checkedAs ?? undefined, files } : undefined
}

/** Packs the files that are without fault. */
export function writePack(
  files: readonly InventoryFile[],
  as: { readonly format: string; readonly checkedAs: string | undefined },
): Buffer {
  const lines: Buffer[] = []
  const lists = new Map<string, number>()
  const packed = files.map((file) => {
    const { stores: _stores, ...content } = file.content
    const stores = [...storesOf(file)].map(([id, written, places]) => {
      const line = Buffer.from(`${JSON.stringify([written, places])}\n`)
      lines.push(line)
      return [id, indexIn(lists, JSON.stringify(Object.keys(written?.devices ?? {}))), line.length] as const
    })
    return { digest: file.digest, content, stores }
  })
  const deviceIds = [...lists.keys()].map((list) => JSON.parse(list) as readonly string[])
  const header: Header = { format: as.format, checkedAs: as.checkedAs ?? null, deviceIds, files: packed }
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...lines])
}

function indexIn(lists: Map<string, number>, list: string): number {
  const index = lists.get(list) ?? lists.size
  lists.set(list, index)
  return index
}

/** A packed file as it was compiled. */
export function unpack({ content, stores }: PackedFile): CompiledFile {
  const lines = stores.map((store) => [store.id, ...store.read()] as const)
  return {
    content: { ...content, stores: Object.fromEntries(lines.map(([id, written]) => [id, written])) },
    places: lines.flatMap(([, , places]) => places),
  }
}
