import {
  type CompiledFile,
  type InventoryFile,
  storesOf,
  type Ties,
  type WrittenFile,
  type WrittenStore,
} from './inventory-file.ts'

/**
 * Compiled files, in a form of which only what is asked for is ever parsed: a line of JSON that tells what there is, then
 * for each file a line of JSON with the addresses in it, and one for each store.
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
  readonly through: Ties['through']
  /** JSON, with its line end; read by `addressesOf`. */
  readonly addresses: Buffer
}

export interface PackedStore {
  readonly id: string
  readonly deviceIds: ReadonlySet<string>
  /** JSON, with its line end; read by `storeLine`. */
  readonly line: Buffer
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
    readonly through: readonly string[]
    /** Bytes of the line of addresses. */
    readonly addresses: number
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
  const next = (length: number): Buffer => {
    at += length
    return bytes.subarray(at - length, at)
  }
  for (const { digest, content, through, addresses, stores } of header.files) {
    const ties = { through, addresses: next(addresses) }
    const packed = stores.map(([id, ids, length]): PackedStore => {
      return { id, deviceIds: deviceIds[ids] ?? new Set(), line: next(length) }
    })
    files.set(digest, { content, stores: packed, ...ties })
  }
  return at === bytes.length ? { checkedAs: header.checkedAs ?? undefined, files } : undefined
}

/** A file without fault as the pack holds it. `ties`: where they are not known, all is checked again when something changes. */
export function packFile(
  file: InventoryFile,
  { through, addresses }: Ties = { through: [], addresses: [] },
): PackedFile {
  const { stores: _stores, ...content } = file.content
  const stores = [...storesOf(file)].map(([id, written, places]): PackedStore => {
    return { id, deviceIds: new Set(Object.keys(written?.devices ?? {})), line: lineOf([written, places]) }
  })
  return { content, stores, through, addresses: lineOf(addresses) }
}

/** Packs files that are without fault, by their digests. `checkedAs`: all are, together; undefined where that is not so. */
export function writePack(
  files: ReadonlyMap<string, PackedFile>,
  as: { readonly format: string; readonly checkedAs: string | undefined },
): Buffer {
  const lines: Buffer[] = []
  const lists = new Map<string, number>()
  const packed = [...files].map(([digest, { content, through, addresses, stores }]) => {
    lines.push(addresses)
    const rows = stores.map(({ id, deviceIds, line }) => {
      lines.push(line)
      return [id, indexIn(lists, JSON.stringify([...deviceIds])), line.length] as const
    })
    return { digest, content, through, addresses: addresses.length, stores: rows }
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

function lineOf(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}

/** A store of the pack. */
export function storeLine({ line }: PackedStore): StoreLine {
  return JSON.parse(line.toString('utf8')) as StoreLine
}

export function addressesOf({ addresses }: PackedFile): Ties['addresses'] {
  return JSON.parse(addresses.toString('utf8')) as readonly string[]
}

/** A packed file as it was compiled. */
export function unpack({ content, stores }: PackedFile): CompiledFile {
  const lines = stores.map((store) => [store.id, ...storeLine(store)] as const)
  return {
    content: { ...content, stores: Object.fromEntries(lines.map(([id, written]) => [id, written])) },
    places: lines.flatMap(([, , places]) => places),
  }
}
