import { join } from 'node:path'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { Fleet } from '../core/fleet.ts'
import { cacheFormat, digest, readSealed, writeSealed } from './cache.ts'
import { buildFleet, digestOf } from './inventory/build-fleet.ts'
import { compileFile, sourceFile } from './inventory/compile-file.ts'
import { Findings } from './inventory/findings.ts'
import type { InventoryFile } from './inventory/inventory-file.ts'
import { type Pack, readPack, unpack, writePack } from './inventory/pack.ts'
import { type KnownFile, packedFleet } from './inventory/packed-fleet.ts'
import { type FolderFile, readYamlFolder } from './inventory/read-folder.ts'
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

type Digested = FolderFile & { readonly digest: string }

/**
 * Loads the folder of YAML files that is the inventory, and reports everything that is wrong with it at once.
 * Files that did not change since they were last found without fault come from the cache; what files say of one
 * another is checked again when one of them changed. Never throws for what the files hold.
 */
export async function loadInventory(
  folder: string,
  options: { readonly cacheFolder?: string } = {},
): Promise<LoadedInventory> {
  const cache = options.cacheFolder === undefined ? undefined : join(options.cacheFolder, 'inventory.pack')
  const read = readYamlFolder(folder)
  const sources = read.files.map((source): Digested => ({ ...source, digest: digest(source.bytes) }))
  const format = cacheFormat(INVENTORY_SCHEMA)
  const checkedAs = checkKey(sources)
  const sealed = cache === undefined ? undefined : readSealed(cache)
  const pack = sealed && readPack(sealed, format)
  const known = pack?.checkedAs === checkedAs && read.diagnostics.length === 0 ? knownFiles(sources, pack) : undefined
  const names = sources.map(({ file }) => file)
  if (known) return { fleet: packedFleet(known), diagnostics: [], files: names }
  const files = sources.map((source) => {
    const packed = pack?.files.get(source.digest)
    return compileFile(source, packed && unpack(packed))
  })
  const { fleet, diagnostics } = build(files, read.diagnostics)
  const flawless = files.filter((file) => file.diagnostics.length === 0)
  const found = diagnostics.length === 0 ? checkedAs : undefined
  const isNew = pack?.checkedAs !== found || flawless.some((file) => !pack?.files.has(file.digest))
  if (cache !== undefined && isNew) writeSealed(cache, writePack(flawless, { format, checkedAs: found }))
  return { fleet, diagnostics, files: names }
}

function build(
  files: readonly InventoryFile[],
  unread: readonly Diagnostic[],
): { readonly fleet: Fleet | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const findings = new Findings()
  const fleet = buildFleet(files, findings)
  const own = files.flatMap((file) => file.diagnostics)
  const hasOthers = unread.length > 0 || own.length > 0
  const across = findings.diagnostics.filter(({ code }) => code !== 'INV_EMPTY' || !hasOthers)
  const diagnostics = inOrder([...unread, ...own, ...across])
  return { fleet: diagnostics.some(({ severity }) => severity === 'error') ? undefined : fleet, diagnostics }
}

/** All files as the pack holds them; undefined when it does not hold one of them. */
function knownFiles(sources: readonly Digested[], pack: Pack): readonly KnownFile[] | undefined {
  const known: KnownFile[] = []
  for (const source of sources) {
    const packed = pack.files.get(source.digest)
    if (packed === undefined) return undefined
    known.push({ ...sourceFile(source), digest: source.digest, packed })
  }
  return known
}

/** Of all that the checks across files depend on: the files, and the time zones that this Node.js knows. */
function checkKey(sources: readonly Digested[]): string {
  const { tz, icu } = process.versions
  return digest(`${digestOf(sources)} ${tz} ${icu}`)
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted((a, b) => {
    const [fileA, fileB] = [a.source?.file ?? '', b.source?.file ?? '']
    if (fileA !== fileB) return fileA < fileB ? -1 : 1
    const lines = (a.source?.line ?? 0) - (b.source?.line ?? 0)
    return lines !== 0 ? lines : (a.source?.column ?? 0) - (b.source?.column ?? 0)
  })
}
