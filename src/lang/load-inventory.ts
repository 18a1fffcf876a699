import { join } from 'node:path'
import { type Diagnostic, inOrder } from '../core/diagnostic.ts'
import type { Fleet } from '../core/fleet.ts'
import { cacheFormat, digest, readSealed, writeSealed } from './cache.ts'
import { buildFleet, digestOf } from './inventory/build-fleet.ts'
import { compileFile, type DigestedFile, knownFile, sourceFile } from './inventory/compile-file.ts'
import { Findings } from './inventory/findings.ts'
import type { InventoryFile } from './inventory/inventory-file.ts'
import { type Pack, type PackedFile, packFile, readPack, unpack, writePack } from './inventory/pack.ts'
import { type KnownFile, packedFleet } from './inventory/packed-fleet.ts'
import { type FolderFile, readYamlFolder } from './inventory/read-folder.ts'
import { recheck } from './inventory/recheck.ts'
import { INVENTORY_SCHEMA } from './schema/inventory.ts'

/** An inventory, loaded. */
export interface LoadedInventory {
  /** Undefined when there are errors. */
  readonly fleet: Fleet | undefined
  /** Everything that is wrong, file by file in the order of their lines. */
  readonly diagnostics: readonly Diagnostic[]
  /** The files that were read. */
  readonly files: readonly string[]
}

/**
 * Loads the folder of YAML files that is the inventory, and reports everything that is wrong with it at once.
 * Files that did not change since they were last found without fault come from the cache; where others did, they are checked
 * beside these, or all are if that does not do. Never throws for what the files hold.
 * @param options.draft a file of the folder that is not written yet, or is to be another one
 */
export async function loadInventory(
  folder: string,
  options: { readonly cacheFolder?: string; readonly draft?: { readonly name: string; readonly text: string } } = {},
): Promise<LoadedInventory> {
  const cache = options.cacheFolder === undefined ? undefined : join(options.cacheFolder, 'inventory.pack')
  const read = readYamlFolder(folder)
  const sources = withDraft(read.files, folder, options.draft).map(
    (source): DigestedFile => ({ ...source, digest: digest(source.bytes) }),
  )
  const format = `${cacheFormat(INVENTORY_SCHEMA)} ${ZONES}`
  const checkedAs = digestOf(sources)
  const sealed = cache === undefined ? undefined : readSealed(cache)
  const pack = sealed && readPack(sealed, format)
  const known = pack?.checkedAs === checkedAs && read.diagnostics.length === 0 ? knownFiles(sources, pack) : undefined
  const names = sources.map(({ file }) => file)
  if (known) return { fleet: packedFleet(known), diagnostics: [], files: names }
  const fresh = new Map<string, InventoryFile>()
  for (const source of sources) if (!pack?.files.has(source.digest)) fresh.set(source.digest, compileFile(source))
  const keep = (packed: ReadonlyMap<string, PackedFile>, found: string | undefined): void => {
    if (cache !== undefined) writeSealed(cache, writePack(packed, { format, checkedAs: found }))
  }
  const rechecked = pack && read.diagnostics.length === 0 ? recheck(sources, fresh, pack) : undefined
  if (rechecked) {
    keep(new Map(rechecked.map((file) => [file.digest, file.packed])), checkedAs)
    return { fleet: packedFleet(rechecked), diagnostics: [], files: names }
  }
  const files = sources.map((source) => {
    const packed = pack?.files.get(source.digest)
    if (packed) return knownFile(source, unpack(packed))
    const compiled = fresh.get(source.digest)
    return compiled?.name === source.name ? compiled : compileFile(source)
  })
  const { fleet, ties, diagnostics } = build(files, read.diagnostics)
  const flawless = files.filter((file) => file.diagnostics.length === 0)
  const found = diagnostics.length === 0 ? checkedAs : undefined
  if (pack?.checkedAs !== found || flawless.some((file) => !pack?.files.has(file.digest)))
    keep(new Map(flawless.map((file) => [file.digest, packFile(file, ties.get(file))])), found)
  return { fleet, diagnostics, files: names }
}

function withDraft(
  files: readonly FolderFile[],
  folder: string,
  draft: { readonly name: string; readonly text: string } | undefined,
): readonly FolderFile[] {
  if (draft === undefined) return files
  const { name, text } = draft
  return [...files.filter((file) => file.name !== name), { name, file: join(folder, name), bytes: Buffer.from(text) }]
}

/** The time zones that this Node.js knows: what is checked depends on them. */
const ZONES = `${process.versions['tz']} ${process.versions['icu']}`

function build(
  files: readonly InventoryFile[],
  unread: readonly Diagnostic[],
): {
  readonly fleet: Fleet | undefined
  readonly ties: ReturnType<typeof buildFleet>['ties']
  readonly diagnostics: readonly Diagnostic[]
} {
  const findings = new Findings()
  const { fleet, ties } = buildFleet(files, findings)
  const own = files.flatMap((file) => file.diagnostics)
  const hasOthers = unread.length > 0 || own.length > 0
  const across = findings.diagnostics.filter(({ code }) => code !== 'INV_EMPTY' || !hasOthers)
  const diagnostics = inOrder([...unread, ...own, ...across])
  return { fleet: diagnostics.some(({ severity }) => severity === 'error') ? undefined : fleet, ties, diagnostics }
}

/** All files as the pack holds them; undefined when it does not hold one of them. */
function knownFiles(sources: readonly DigestedFile[], pack: Pack): readonly KnownFile[] | undefined {
  const known: KnownFile[] = []
  for (const source of sources) {
    const packed = pack.files.get(source.digest)
    if (packed === undefined) return undefined
    known.push({ ...sourceFile(source), digest: source.digest, packed })
  }
  return known
}
