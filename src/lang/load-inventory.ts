import { join } from 'node:path'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { Fleet } from '../core/fleet.ts'
import { openCache } from './cache.ts'
import { buildFleet } from './inventory/build-fleet.ts'
import { cacheKey, compileFile } from './inventory/compile-file.ts'
import { Findings } from './inventory/findings.ts'
import type { InventoryFile } from './inventory/inventory-file.ts'
import { readYamlFolder } from './inventory/read-folder.ts'

/** An inventory, loaded. */
export interface LoadedInventory {
  /** Undefined when there are errors. */
  readonly fleet: Fleet | undefined
  /** Everything that is wrong, file by file in the order of their lines. */
  readonly diagnostics: readonly Diagnostic[]
  /** The texts that were read, for code frames. */
  readonly files: ReadonlyMap<string, string>
}

/**
 * Loads the folder of YAML files that is the inventory, and reports everything that is wrong with it at once.
 * Files that did not change since they were last found without fault come from the cache; what files say of one
 * another is checked each time. Never throws for what the files hold.
 */
export async function loadInventory(
  folder: string,
  options: { readonly cacheFolder?: string } = {},
): Promise<LoadedInventory> {
  const cache = options.cacheFolder === undefined ? undefined : openCache(join(options.cacheFolder, 'inventory'))
  const read = await readYamlFolder(folder)
  const files: InventoryFile[] = []
  for (const source of read.files) files.push(await compileFile(source, cache))
  const findings = new Findings()
  const fleet = buildFleet(files, findings)
  await cache?.prune(new Set(files.map((file) => cacheKey(file.digest))))
  const own = files.flatMap((file) => file.diagnostics)
  const hasOthers = read.diagnostics.length > 0 || own.length > 0
  const across = findings.diagnostics.filter(({ code }) => code !== 'INV_EMPTY' || !hasOthers)
  const diagnostics = inOrder([...read.diagnostics, ...own, ...across])
  return {
    fleet: diagnostics.some(({ severity }) => severity === 'error') ? undefined : fleet,
    diagnostics,
    files: new Map(files.map(({ file, text }) => [file, text])),
  }
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted((a, b) => {
    const [fileA, fileB] = [a.source?.file ?? '', b.source?.file ?? '']
    if (fileA !== fileB) return fileA < fileB ? -1 : 1
    const lines = (a.source?.line ?? 0) - (b.source?.line ?? 0)
    return lines !== 0 ? lines : (a.source?.column ?? 0) - (b.source?.column ?? 0)
  })
}
